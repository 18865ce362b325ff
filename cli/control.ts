/** cancel, pause, resume, approve: a file in the bucket, as any other client could write it. */
import type { Command } from 'commander';
import type { ControlKind } from '../functions/job/action.ts';
import type { JobStatus } from '../functions/job/job-status.ts';
import { paths } from '../functions/job/names.ts';
import { type AfterEnd, afterEnd } from './next-attempt.ts';
import { type GlobalOptions, commandAction, say, sayJson } from './output.ts';
import { nextCommand } from './render-status.ts';
import { openSession, reach, requireJobId, requireStatus, type Session } from './session.ts';

export async function request(session: Session, job: string, kind: ControlKind): Promise<void> {
  const text = JSON.stringify({ requestedAt: new Date().toISOString() });
  await reach(session, () =>
    session.buckets.uploads.write(paths.control(job, kind), text, { contentType: 'application/json' }),
  );
}

const CONTROLS: [kind: ControlKind, description: string, done: string][] = [
  [
    'cancel',
    'end the job now: results so far are kept, machines are deleted',
    'machines go as soon as the results so far are in the bucket',
  ],
  ['pause', 'let running tasks finish, save, delete the machines; resume goes on', 'running tasks finish first'],
  ['resume', 'run what is missing of a job that has ended early', 'only what is missing will run'],
  ['approve', 'let a job grow whose job file asks for approval after the canary', 'the fleet will grow'],
];

export function controlCommands(program: Command): void {
  const globals = (): GlobalOptions => program.opts();
  for (const [kind, description, done] of CONTROLS)
    program
      .command(`${kind} <job>`)
      .description(description)
      .addHelpText('after', `\nExample:\n  $ foreach-fleet ${kind} hello`)
      .action(
        commandAction(globals, async (text: string) => {
          const session = openSession({ state: globals().state });
          const job = requireJobId(text);
          const status = await requireStatus(session, job);
          const isIdle = status.ended && isInVain(kind, status, await afterEnd(session, status));
          if (!isIdle) await request(session, job, kind);
          if (globals().json) return sayJson({ job, requested: isIdle ? null : kind, phase: status.phase });
          say(isIdle ? endedAlready(status) : `asked to ${kind} ${job}: ${done}`);
          say(`next: ${isIdle ? nextCommand(status) : `foreach-fleet watch ${job}`}`);
        }),
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
