/**
 * How long a Job waits before it replaces failed pods: 10 s, doubled with every failure
 * since the last success, ten minutes at most.
 */
import type { Job } from '../objects.ts';
import { endedMs, type JobPods } from './job-pods.ts';

const FIRST_MS = 10_000;
const MOST_MS = 600_000;

interface Failures {
  count: number;
  lastMs: number;
}

/** Kept in memory only, as in the real controller: after a restart the first replacement comes at once. */
export class JobBackOff {
  readonly #failures = new Map<string, Failures>();

  /** Takes in pods that have just ended. A success later than the failures wipes them out. */
  note(job: Job, { newlySucceeded, newlyFailed }: JobPods, nowMs: number): void {
    const { uid } = job.metadata;
    const ends = [
      ...newlySucceeded.map((pod) => ({ failed: false, atMs: endedMs(pod, nowMs) })),
      ...newlyFailed.map((pod) => ({ failed: true, atMs: endedMs(pod, nowMs) })),
    ].sort((a, b) => a.atMs - b.atMs);
    for (const { failed, atMs } of ends) {
      if (failed) this.#failures.set(uid, { count: (this.#failures.get(uid)?.count ?? 0) + 1, lastMs: atMs });
      else this.#failures.delete(uid);
    }
  }

  /** Time left before new pods may be made; 0 when they may. */
  remainingMs(job: Job, nowMs: number): number {
    const failures = this.#failures.get(job.metadata.uid);
    if (!failures) return 0;
    const pause = Math.min(FIRST_MS * 2 ** (failures.count - 1), MOST_MS);
    return Math.max(0, failures.lastMs + pause - nowMs);
  }

  forget(job: Job): void {
    this.#failures.delete(job.metadata.uid);
  }
}
