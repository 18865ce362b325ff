/**
 * Visits jobs side by side until a deadline. Those that were not reached are the first of the next round, because each
 * round begins at another place of the list.
 */
import { inParallel } from '../in-parallel.ts';
import type { Clock } from '../ports/clock.ts';

interface Round {
  atOnce: number;
  untilMs: number;
  /** Counts up from round to round. */
  number: number;
}

/** Answers how many were not reached. */
export async function visitJobs(
  jobs: readonly string[],
  { atOnce, untilMs, number }: Round,
  clock: Pick<Clock, 'nowMs'>,
  visit: (job: string) => Promise<void>,
): Promise<number> {
  // A step that has no divisor in common with most lengths, so that every job comes first in some round.
  const from = jobs.length === 0 ? 0 : (number * STEP) % jobs.length;
  let left = 0;
  await inParallel(atOnce, [...jobs.slice(from), ...jobs.slice(0, from)], async (job) => {
    if (clock.nowMs() < untilMs) await visit(job);
    else left += 1;
  });
  return left;
}

const STEP = 61;
