/** The subcommand `replay`: its options, what it shows, and its exit codes. */
import type { Command } from 'commander';
import { CommandError, EXIT } from './exit-codes.ts';
import { bytes, type GlobalOptions, commandAction, say, sayJson } from './output.ts';
import { replay, type Replayed } from './replay.ts';
import { openSession, requireJobId, requireStatus } from './session.ts';

interface ReplayOptions {
  attempt?: string;
  to?: string;
  batch?: boolean;
  loadedOnly?: boolean;
}

const HELP = `
The iteration runs as on its worker: same code, arguments, objects, packages, data files and random numbers. On a terminal an R session begins
in which replay() runs it; without one (or with --batch, --json) it runs at once, and the exit code says how it ended:
  0  no error this time (its value is in value.rds below DIR)      7  the same error again      8  another error, or it ended R
What failed can be replayed unless its arguments and objects are large; of what did not fail, the first 5,000 iterations of a loop likewise.
The job's data are fetched once into DIR/job.

R data can hold code, and this command gives R what the job's workers wrote: replay only jobs of people you trust.

Examples:
  $ foreach-fleet errors h2                          which iterations have failed
  $ foreach-fleet replay h2 1 17                     loop 1, iteration 17, in an R session
  $ foreach-fleet replay h2 1 17 --json --to look    at once, as one JSON value`;

export function replayCommand(program: Command): void {
  const globals = (): GlobalOptions => program.opts();
  program
    .command('replay <job> <loop> <iteration>')
    .description('run one iteration on this machine as it ran in the job')
    .option('--attempt <n>', 'as in this attempt (default: the newest that knows of it)')
    .option('--to <dir>', 'folder for data and report (default: replay-JOB)')
    .option('--batch', 'no R session, also on a terminal')
    .option('--loaded-only', 'of the job folder fetch only the data files that are loaded')
    .addHelpText('after', HELP)
    .action(
      commandAction(globals, async (text: string, loop: string, iteration: string, options: ReplayOptions) => {
        const session = openSession({ state: globals().state });
        const job = requireJobId(text);
        const json = globals().json === true;
        const request = {
          job,
          loop: toNumber('the loop', loop),
          iteration: toNumber('the iteration', iteration),
          attempt: options.attempt === undefined ? null : toNumber('--attempt', options.attempt),
          to: options.to ?? `replay-${job}`,
          allFiles: options.loadedOnly !== true,
          interactive: !json && options.batch !== true && process.stdin.isTTY && process.stdout.isTTY,
          json,
        };
        await requireStatus(session, job);
        const tell = (line: string): void => void process.stderr.write(`${line}\n`);
        const done = await replay(session, request, tell, (name, size) => {
          if (!json) say(`fetching ${name} (${bytes(size)})`);
        });
        return json ? answer(done) : show(done);
      }),
    );
}

function toNumber(what: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  const message = `${what} is a number from 1, and is ${text}`;
  throw new CommandError('FF-USAGE', message, 'see foreach-fleet replay --help', EXIT.invalid);
}

function answer(done: Replayed): number {
  sayJson({ ...done, report: done.report && { ...done.report, replay: undefined } });
  return exitCodeOf(done);
}

function show(done: Replayed): number {
  const { outcome, to } = done;
  if (outcome === null) return EXIT.ok;
  if (outcome.outcome === 'succeeded') {
    say(`no error this time (${outcome.seconds} s); the value is in ${to}/value.rds:`);
    say(`  ${(outcome.value ?? '').replaceAll('\n', '\n  ')}`);
  } else if (outcome.outcome === 'same-error') say(`the same error again: ${outcome.message}`);
  else say(`${outcome.outcome === 'ended-r' ? '' : 'another error: '}${outcome.message}`);
  return exitCodeOf(done);
}

function exitCodeOf({ outcome }: Replayed): number {
  if (outcome === null || outcome.outcome === 'succeeded') return EXIT.ok;
  return outcome.outcome === 'same-error' ? EXIT.sameError : EXIT.otherError;
}
