import type { JobStatus } from '../../functions/job/job-status.ts';
import type { Command } from '../command.ts';
import { exitCodeOf } from '../follow.ts';
import { afterEnd } from '../next-attempt.ts';
import { bytes } from '../output.ts';
import { nextCommand } from '../render-status.ts';
import { readStatus, type Session } from '../session.ts';
import { watchJob } from '../watch-job.ts';

type Options = { id?: string; watch?: boolean };

/** What an upload means for a job that may have been submitted before. */
interface Answer {
  /** Whether the job runs, or is about to. */
  goesOn: boolean;
  text: string;
  next: string;
}

export const submit: Command = {
  name: 'submit',
  arguments: '<folder>',
  summary: 'check a job folder and upload it (its job file last)',
  options: [
    { flags: '--id <id>', summary: 'job id (default: the name of the folder)' },
    { flags: '--watch', summary: 'stay and watch until the job has ended' },
  ],
  notes:
    'A job that has ended begins again by "resume" only; one that failed before a cluster was made ' +
    'begins again when its folder is corrected.',
  examples: ['submit examples/heritability --id h2 --watch'],
  async run(context, options: Options, folder: string) {
    const { jobIdOf, requireFolder, submitFolder } = await import('../submit-folder.ts');
    const { json, say } = context;
    const session = await context.session();
    await requireFolder(folder);
    const before = await readStatus(session, jobIdOf(folder, options.id));
    const done = await submitFolder(session, folder, options.id, (file) => {
      if (!json) say(`  ${file.name} (${bytes(file.bytes)})`);
    });
    const { goesOn, text, next } = await answerOf(session, done.job, before);
    const stays = options.watch === true && goesOn;
    if (json) {
      if (!stays) context.sayJson({ ...done, goesOn, text, next });
    } else {
      say(`submitted ${done.files} files (${bytes(done.bytes)}) to ${done.uri}`);
      if (text !== '') say(text);
      if (!stays) say(`next: ${next}`);
    }
    if (stays) return watchJob(context, session, done.job);
    return options.watch && before ? exitCodeOf(before) : 0;
  },
};

async function answerOf(session: Session, job: string, before: JobStatus | null): Promise<Answer> {
  const watching = `foreach-fleet watch ${job}`;
  if (before === null) return { goesOn: true, text: '', next: watching };
  if (!before.ended) {
    const text =
      before.phase === 'waiting'
        ? ''
        : `attempt ${before.attempt} of ${job} is running: it uses the folder as it was when it began, ` +
          'changed files are for the next attempt';
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
