/** cancel, pause, resume, approve: a file in the bucket, as any other client could write it. */
import type { ControlKind } from '../functions/job/action.ts';
import type { JobStatus } from '../functions/job/job-status.ts';
import { paths } from '../functions/job/names.ts';
import type { Context } from './command.ts';
import { type AfterEnd, afterEnd } from './next-attempt.ts';
import { CommandError, EXIT } from './exit-codes.ts';
import { nextCommand } from './render-status.ts';
import { reach, requireJobId, requireStatus, type Session } from './session.ts';

export async function request(session: Session, job: string, kind: ControlKind): Promise<void> {
  const text = JSON.stringify({ requestedAt: new Date().toISOString() });
  await reach(session, () =>
    session.buckets.uploads.write(paths.control(job, kind), text, { contentType: 'application/json' }),
  );
}

/** Asks, unless that would be in vain; `done` says what follows. */
export async function control(context: Context, text: string, kind: ControlKind, done: string): Promise<void> {
  const session = await context.session();
  const job = requireJobId(text);
  const status = await requireStatus(session, job);
  const isIdle = status.ended && isInVain(kind, status, await afterEnd(session, status));
  if (kind === 'resume') await requireEnd(session, status);
  if (!isIdle) await request(session, job, kind);
  if (context.json) return context.sayJson({ job, requested: isIdle ? null : kind, phase: status.phase });
  context.say(isIdle ? endedAlready(status) : `asked to ${kind} ${job}: ${done}`);
  context.say(`next: ${isIdle ? nextCommand(status) : `foreach-fleet watch ${job}`}`);
}

/**
 * A resume begins the next attempt when this one has ended, is about to, or has been asked to. At any other time the
 * functions would note the request and do nothing. @throws CommandError FF-STILL-RUNNING
 */
async function requireEnd(session: Session, { job, attempt, phase, ended }: JobStatus): Promise<void> {
  if (ended || phase === 'draining' || phase === 'deleting') return;
  const endings = [paths.control(job, 'cancel'), paths.control(job, 'pause')];
  const asked = await reach(session, () => session.buckets.uploads.list(`${paths.folder(job)}control/`));
  if (asked.some(({ name }) => endings.includes(name))) return;
  throw new CommandError(
    'FF-STILL-RUNNING',
    `attempt ${attempt} of ${job} has not ended (${phase}): there is nothing to resume`,
    `follow it with: foreach-fleet watch ${job}   or end it first with: foreach-fleet pause ${job}`,
    EXIT.invalid,
  );
}

/**
 * Of a job that has ended: only a resume is of use, and only when something is missing; a
 * resume that is under way can be called off.
 */
function isInVain(kind: ControlKind, { phase }: JobStatus, next: AfterEnd): boolean {
  return kind === 'resume' ? phase === 'succeeded' && next === 'unchanged' : next !== 'begins';
}

function endedAlready({ job, phase }: JobStatus): string {
  return `${job} has already ended (${phase}); nothing to do`;
}
