/** Follows a job until it ends: the status object is read whenever it may have changed, and every decision is shown once. */
import { setTimeout as delay } from 'node:timers/promises';
import type { JobStatus } from '../functions/job/job-status.ts';
import { EXIT } from './exit-codes.ts';
import { paint, say } from './output.ts';
import { summaryLine } from './render-status.ts';
import { readStatus, type Session } from './session.ts';

const LOOK_MS = 500;
/** Decisions that only say that all goes on are not news for a terminal. */
const QUIET = new Set(['keep', 'wait']);

export interface FollowOptions {
  /** Attempts up to this one have already ended and are not what is being waited for. */
  afterAttempt?: number;
  onChange(status: JobStatus): void;
}

/** Answers the final status. */
export async function follow(session: Session, job: string, options: FollowOptions): Promise<JobStatus> {
  let last = '';
  for (;;) {
    const status = await readStatus(session, job);
    if (status && status.attempt > (options.afterAttempt ?? 0)) {
      const now = JSON.stringify({ ...status, updatedAt: '' });
      if (now !== last) options.onChange(status);
      last = now;
      if (status.ended) return status;
    }
    await delay(LOOK_MS);
  }
}

/** Shows a job's life: on a terminal a last line that renews itself, elsewhere plain lines. */
export function liveView(): (status: JobStatus) => void {
  const live = process.stdout.isTTY === true && process.env['CI'] === undefined;
  const begin = Date.now();
  let shown = '';
  let plain = '';
  return (status) => {
    if (live) process.stdout.write('\r\u001b[2K');
    for (const decision of status.decisions) {
      const key = `${decision.at} ${decision.what} ${decision.code}`;
      if (key <= shown || QUIET.has(decision.what)) continue;
      shown = key;
      say(
        `${clock(begin)} ${paint(decision.what.startsWith('phase') ? ['bold', 'cyan'] : 'gray', decision.what)}: ${decision.text}`,
      );
    }
    const line = summaryLine(status);
    if (live)
      process.stdout.write(
        status.ended
          ? `${clock(begin)} ${line}\n`
          : `${clock(begin)} ${line}`.slice(0, (process.stdout.columns ?? 120) - 1),
      );
    else if (line !== plain) say(`${clock(begin)} ${line}`);
    plain = line;
  };
}

function clock(beginMs: number): string {
  const seconds = Math.round((Date.now() - beginMs) / 1000);
  return paint('dim', `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`);
}

/** What a followed job's end means for the exit code. */
export function exitCodeOf(status: JobStatus): number {
  if (status.phase === 'succeeded') return EXIT.ok;
  return status.phase === 'failed' ? EXIT.jobFailed : EXIT.jobEndedEarly;
}
