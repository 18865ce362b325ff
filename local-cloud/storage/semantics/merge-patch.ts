/** JSON merge patch, which the service's `patch` methods follow: null removes, objects merge, all else replaces. */
import { isPlain } from '../../is-plain.ts';

export type Json = Record<string, unknown>;

export function mergePatch(before: unknown, patch: Json): Json {
  const merged: Json = isPlain(before) ? { ...before } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = isPlain(value) ? mergePatch(merged[key], value) : value;
  }
  return merged;
}
