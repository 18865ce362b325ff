/**
 * When a container or image pull may be tried again: 10 s, 20 s, 40 s ... 5 min, forgotten after
 * twice the maximum without a retry. Pure.
 */
import * as z from 'zod';

export const backOffSchema = z.object({
  delayMs: z.number(),
  /** When the last try began. */
  sinceMs: z.number(),
});
export type BackOff = z.infer<typeof backOffSchema>;

export interface BackOffLimits {
  initialMs: number;
  maxMs: number;
}

/** The moment from which a retry is allowed after a failure at `failedMs`; the first one is free. */
export function retryAtMs(backOff: BackOff | undefined, failedMs: number, limits: BackOffLimits): number {
  if (backOff === undefined || isForgotten(backOff, failedMs, limits)) return failedMs;
  return failedMs + backOff.delayMs;
}

/** The back-off to remember when a try begins at `nowMs` after a failure at `failedMs`. */
export function nextBackOff(
  backOff: BackOff | undefined,
  failedMs: number,
  nowMs: number,
  limits: BackOffLimits,
): BackOff {
  if (backOff === undefined || isForgotten(backOff, failedMs, limits))
    return { delayMs: limits.initialMs, sinceMs: nowMs };
  return { delayMs: Math.min(backOff.delayMs * 2, limits.maxMs), sinceMs: nowMs };
}

function isForgotten(backOff: BackOff, failedMs: number, limits: BackOffLimits): boolean {
  return failedMs - backOff.sinceMs > 2 * limits.maxMs;
}
