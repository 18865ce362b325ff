import type { Command } from '../command.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { bytes } from '../output.ts';
import type { Replayed } from '../replay-iteration.ts';
import { requireJobId, requireStatus } from '../session.ts';

type Options = { attempt?: string; to?: string; batch?: boolean; loadedOnly?: boolean };

export const replay: Command = {
  name: 'replay',
  arguments: '<job> <loop> <iteration>',
  summary: 'run one iteration on this machine as it ran in the job',
  options: [
    { flags: '--attempt <n>', summary: 'as in this attempt (default: the newest that knows of it)' },
    { flags: '--to <dir>', summary: 'folder for data and report (default: replay-JOB)' },
    { flags: '--batch', summary: 'no R session, also on a terminal' },
    { flags: '--loaded-only', summary: 'of the job folder fetch only the data files that are loaded' },
  ],
  notes: `The iteration runs as on its worker: same code, arguments, objects, packages, data files and random numbers.
On a terminal an R session begins in which replay() runs it. Without one (or with --batch, --json) it runs at once,
and the exit code says how it ended:
  0  no error this time (its value is in value.rds below DIR)
  7  the same error again
  8  another error, or it ended R
What failed can be replayed unless its arguments and objects are large. Of what did not fail, the first 5,000
iterations of a loop can.
The job's data are fetched once into DIR/job.

R data can hold code, and this command gives R what the job's workers wrote: replay only jobs of people you trust.`,
  examples: [
    'errors h2                          which iterations have failed',
    'replay h2 1 17                     loop 1, iteration 17, in an R session',
    'replay h2 1 17 --json --to look    at once, as one JSON value',
  ],
  async run(context, options: Options, text: string, loop: string, iteration: string) {
    const { replayIteration } = await import('../replay-iteration.ts');
    const session = await context.session();
    const job = requireJobId(text);
    const request = {
      job,
      loop: toNumber('the loop', loop),
      iteration: toNumber('the iteration', iteration),
      attempt: options.attempt === undefined ? null : toNumber('--attempt', options.attempt),
      to: options.to ?? `replay-${job}`,
      allFiles: options.loadedOnly !== true,
      interactive: !context.json && options.batch !== true && process.stdin.isTTY && process.stdout.isTTY,
      json: context.json,
    };
    await requireStatus(session, job);
    const done = await replayIteration(session, request, context.note, (name, size) => {
      if (!context.json) context.say(`fetching ${name} (${bytes(size)})`);
    });
    if (context.json) context.sayJson({ ...done, report: done.report && { ...done.report, replay: undefined } });
    else outcomeLines(done).forEach((line) => context.say(line));
    return exitCodeOf(done);
  },
};

function toNumber(what: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  const message = `${what} is a number from 1, and is ${text}`;
  throw new CommandError('FF-USAGE', message, 'see foreach-fleet replay --help', EXIT.invalid);
}

function outcomeLines({ outcome, to }: Replayed): string[] {
  if (outcome === null) return [];
  if (outcome.outcome === 'succeeded')
    return [`no error this time (${outcome.seconds} s); the value is in ${to}/value.rds:`, `  ${outcome.value ?? ''}`];
  if (outcome.outcome === 'same-error') return [`the same error again: ${outcome.message}`];
  return [`${outcome.outcome === 'ended-r' ? '' : 'another error: '}${outcome.message}`];
}

function exitCodeOf({ outcome }: Replayed): number {
  if (outcome === null || outcome.outcome === 'succeeded') return EXIT.ok;
  return outcome.outcome === 'same-error' ? EXIT.sameError : EXIT.otherError;
}
