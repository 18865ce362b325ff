/**
 * Follows a job until it ends: the status object is read whenever it may have
 * changed. How it is shown is in live-view.ts.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { JobStatus } from '../functions/job/job-status.ts';
import { EXIT } from './exit-codes.ts';
import { afterEnd } from './next-attempt.ts';
import { readStatus, type Session } from './session.ts';

const LOOK_MS = 500;
/**
 * How long an ended job may take to begin again after it was asked to: longer than the
 * tick, which sees what no event announced.
 */
const BEGIN_AGAIN_MS = 90_000;

export interface FollowOptions {
  /** Attempts up to this one have already ended and are not what is being waited for. */
  afterAttempt?: number;
  onChange(status: JobStatus): void;
}

/** Answers the final status. A job that was asked to begin again has not ended. */
export async function follow(session: Session, job: string, options: FollowOptions): Promise<JobStatus> {
  const patient = Date.now() + BEGIN_AGAIN_MS;
  let last = '';
  for (;;) {
    const status = await readStatus(session, job);
    if (status && status.attempt > (options.afterAttempt ?? 0) && !(await beginsAgain(session, status, patient))) {
      const shown = JSON.stringify({ ...status, updatedAt: '' });
      if (shown !== last) options.onChange(status);
      last = shown;
      if (status.ended) return status;
    }
    await delay(LOOK_MS);
  }
}

async function beginsAgain(session: Session, status: JobStatus, untilMs: number): Promise<boolean> {
  return status.ended && Date.now() < untilMs && (await afterEnd(session, status)) === 'begins';
}

/** What a followed job's end means for the exit code. */
export function exitCodeOf(status: JobStatus): number {
  if (status.phase === 'succeeded') return EXIT.ok;
  return status.phase === 'failed' ? EXIT.jobFailed : EXIT.jobEndedEarly;
}
