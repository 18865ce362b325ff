/** `submit DIR`: uploads, and says what the upload means for a job that has been submitted before. */
import type { Command } from 'commander';
import { stat } from 'node:fs/promises';
import type { JobStatus } from '../functions/job/job-status.ts';
import { CommandError, EXIT } from './exit-codes.ts';
import { exitCodeOf } from './follow.ts';
import { afterEnd } from './next-attempt.ts';
import { bytes, type GlobalOptions, commandAction, say, sayJson } from './output.ts';
import { nextCommand } from './render-status.ts';
import { openSession, readStatus, type Session } from './session.ts';
import { jobIdOf, submit, type Submitted } from './submit.ts';
import { watch } from './watch.ts';

interface SubmitOptions {
  id?: string;
  watch?: boolean;
}

/** What happens to the job now. */
interface Answer {
  /** Whether the job runs, or is about to. */
  goesOn: boolean;
  text: string;
  next: string;
}

export function submitCommand(program: Command): void {
  const globals = (): GlobalOptions => program.opts();
  program
    .command('submit <folder>')
    .description('check a job folder and upload it (its job file last)')
    .option('--id <id>', 'job id (default: the name of the folder)')
    .option('--watch', 'stay and watch until the job has ended')
    .addHelpText(
      'after',
      `
A job that has ended begins again by "resume" only; one that failed before a cluster was made begins again when its folder is corrected.

Example:
  $ foreach-fleet submit examples/heritability --id h2 --watch`,
    )
    .action(
      commandAction(globals, (folder: string, options: SubmitOptions) =>
        run(openSession({ state: globals().state }), folder, options, globals()),
      ),
    );
}

async function run(session: Session, folder: string, options: SubmitOptions, globals: GlobalOptions): Promise<number> {
  await requireFolder(folder);
  const before = await readStatus(session, jobIdOf(folder, options.id));
  const done = await submit(session, folder, options.id, globals.json === true);
  const answer = await answerOf(session, done, before);
  const stays = options.watch === true && answer.goesOn;
  if (globals.json) {
    if (!stays) sayJson({ ...done, goesOn: answer.goesOn, text: answer.text, next: answer.next });
  } else {
    say(`submitted ${done.files} files (${bytes(done.bytes)}) to ${done.uri}`);
    if (answer.text !== '') say(answer.text);
    if (!stays) say(`next: ${answer.next}`);
  }
  if (stays) return watch(session, done.job, globals);
  return options.watch && before ? exitCodeOf(before) : 0;
}

/** Before its name is judged: who names the job file instead wants to hear of the folder, not of job ids. */
async function requireFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => null);
  if (found?.isDirectory()) return;
  const remedy = found ? 'name the folder, not a file in it' : 'name the folder that holds job.yaml';
  throw new CommandError('FF-NO-FOLDER', `"${folder}" is not a folder that can be read`, remedy, EXIT.invalid);
}

async function answerOf(session: Session, { job }: Submitted, before: JobStatus | null): Promise<Answer> {
  const watching = `foreach-fleet watch ${job}`;
  if (before === null) return { goesOn: true, text: '', next: watching };
  if (!before.ended) {
    const text =
      before.phase === 'waiting'
        ? ''
        : `attempt ${before.attempt} of ${job} is running: it uses the folder as it was when it began, changed files are for the next attempt`;
    return { goesOn: true, text, next: watching };
  }
  const answer = await afterEnd(session, before);
  if (answer === 'begins') return { goesOn: true, text: 'the job begins again', next: watching };
  const ended = before.phase === 'succeeded' ? `${job} has already succeeded` : `${job} has ended (${before.phase})`;
  if (answer === 'changed')
    return {
      goesOn: false,
      text: `${ended}; its folder has changed, and resume begins the next attempt with it`,
      next: `foreach-fleet resume ${job}`,
    };
  return { goesOn: false, text: `${ended}; nothing changed`, next: nextCommand(before) };
}
