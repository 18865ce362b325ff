/** Waiting for a condition instead of sleeping: the only helper of its kind for tests and benchmarks. */
import { setTimeout as delay } from 'node:timers/promises';

/** Short waits end at once; long ones leave the processor to what they wait for. */
const firstPauseMs = 5;
const longestPauseMs = 250;

/**
 * The first answer of `probe` that is neither false, undefined nor null. `seconds` is a limit against hanging, never
 * against slowness: a shared machine may be many times slower than usual.
 */
export async function waitFor<T>(
  what: string,
  probe: () => T | Promise<T>,
  seconds = 120,
): Promise<NonNullable<Exclude<T, false>>> {
  const deadline = Date.now() + seconds * 1000;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(1.2 * pauseMs, longestPauseMs)) {
    const answer = await probe();
    if (answer !== false && answer !== undefined && answer !== null) return answer as NonNullable<Exclude<T, false>>;
    if (Date.now() > deadline) throw new Error(`waited ${seconds} s for: ${what}`);
    await delay(pauseMs);
  }
}
