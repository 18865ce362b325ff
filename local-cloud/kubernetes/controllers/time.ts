/** Reading the times that Kubernetes objects carry (written by timestamp() of metadata.ts). */

/** Milliseconds since 1970; undefined for an absent or unreadable time. */
export function toMs(time: string | null | undefined): number | undefined {
  if (!time) return undefined;
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? undefined : ms;
}
