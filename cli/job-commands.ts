/** Subcommands that look at a job; those that change something are in submit-command.ts and control.ts. */
import type { Command } from 'commander';
import { groupErrors, groupLines, noErrorLines, readErrors, replayCommand as replayCommandOf } from './errors.ts';
import { EXIT } from './exit-codes.ts';
import { followLogs, logLine, logs, type LogsOptions, untilEnded } from './logs.ts';
import { bytes, duration, type GlobalOptions, commandAction, say, sayJson, usd } from './output.ts';
import { partialLines, partialValues } from './partial.ts';
import { nextCommand, statusLines, summaryLine } from './render-status.ts';
import { results } from './results.ts';
import { openSession, reach, readStatus, requireJobId, requireStatus, type Session } from './session.ts';
import { watch } from './watch.ts';

export function jobCommands(program: Command): void {
  for (const add of [addStatus, addWatch, addLogs, addErrors, addResults, addCost]) add(program);
}

function addStatus(program: Command): void {
  program
    .command('status [job]')
    .description('one job, or a line for each')
    .addHelpText('after', '\nExample:\n  $ foreach-fleet status hello --json')
    .action(
      commandAction(
        () => program.opts<GlobalOptions>(),
        async (job: string | undefined) => {
          const session = open(program);
          if (job === undefined) return showAll(session, program.opts<GlobalOptions>());
          const status = await requireStatus(session, requireJobId(job));
          if (program.opts<GlobalOptions>().json) return sayJson(status);
          statusLines(status).forEach((line) => say(line));
          say(`next: ${nextCommand(status)}`);
        },
      ),
    );
}

function addWatch(program: Command): void {
  program
    .command('watch <job>')
    .description('follow a job until it has ended')
    .addHelpText('after', '\nExample:\n  $ foreach-fleet watch hello && echo done')
    .action(
      commandAction(
        () => program.opts<GlobalOptions>(),
        (job: string) => watch(open(program), requireJobId(job), program.opts<GlobalOptions>()),
      ),
    );
}

function addLogs(program: Command): void {
  program
    .command('logs <job>')
    .description('what driver, workers or Redis printed')
    .option('--role <role>', 'driver, worker, redis or functions')
    .option('--tail <n>', 'only the last n lines')
    .option('-f, --follow', 'go on until the job has ended')
    .addHelpText('after', '\nExample:\n  $ foreach-fleet logs hello --role driver --follow')
    .action(
      commandAction(
        () => program.opts<GlobalOptions>(),
        async (job: string, options: LogsOptions) => {
          const session = open(program);
          const json = program.opts<GlobalOptions>().json === true;
          if (options.follow && !json) return followLogs(session, requireJobId(job), options);
          if (options.follow) await untilEnded(session, requireJobId(job));
          const lines = await logs(session, requireJobId(job), options);
          if (json) return sayJson(lines);
          lines.forEach((line) => say(logLine(line)));
        },
      ),
    );
}

function addErrors(program: Command): void {
  program
    .command('errors <job>')
    .description(
      'what has failed: iteration, arguments, message, traceback, warnings, output; errors that are alike once',
    )
    .option('--each', 'every error in full')
    .addHelpText(
      'after',
      '\nExample:\n  $ foreach-fleet errors hello\n  $ foreach-fleet errors hello --json      every report, whole',
    )
    .action(
      commandAction(
        () => program.opts<GlobalOptions>(),
        async (job: string, options: { each?: boolean }) => {
          const session = open(program);
          const status = await requireStatus(session, requireJobId(job));
          const reports = await readErrors(session, job);
          if (program.opts<GlobalOptions>().json) return sayJson(reports);
          if (reports.length === 0) return noErrorLines(status).forEach((line) => say(line));
          const groups = options.each ? reports.map((report) => [report]) : groupErrors(reports);
          groups.flatMap((group) => groupLines(job, group)).forEach((line) => say(line));
          say(`next: ${replayCommandOf(job, reports[0]!)}`);
        },
      ),
    );
}

const RESULTS_HELP = `
--partial combines what is finished so far, at any time: loop-<l>.partial.rds has the value that loop l would have if only those iterations
existed that are saved (the rest is left out and the order kept, also with .inorder = FALSE; failed ones are left out). It needs R, and gives
R what the job's workers and script wrote: R data can hold code, so do this with jobs of people you trust.

Examples:
  $ foreach-fleet results hello --to out
  $ foreach-fleet results hello --to out --all       then readRDS("out/attempt-1/loop-1/iteration-000001.rds")
  $ foreach-fleet results hello --to out --partial   then readRDS("out/loop-1.partial.rds")`;

interface ResultsOptions {
  to: string;
  all?: boolean;
  partial?: boolean;
}

function addResults(program: Command): void {
  program
    .command('results <job>')
    .description('download the files that the script made (so far), and the ledger of iterations')
    .requiredOption('--to <dir>', 'folder to write into; what is there already is not fetched again')
    .option('--all', 'also the result of every single iteration, as files for readRDS()')
    .option('--partial', 'also the value of each loop so far (and --all, which that needs)')
    .addHelpText('after', RESULTS_HELP)
    .action(
      commandAction(
        () => program.opts<GlobalOptions>(),
        (job: string, options: ResultsOptions) => bringResults(program, job, options),
      ),
    );
}

async function bringResults(program: Command, job: string, options: ResultsOptions): Promise<number> {
  const session = open(program);
  const json = program.opts<GlobalOptions>().json === true;
  const status = await requireStatus(session, requireJobId(job));
  const all = options.all === true || options.partial === true;
  const done = await results(session, status, options.to, { all });
  const partial = options.partial ? await partialValues(status, done.to, json) : null;
  if (json) sayJson(partial === null ? done : { ...done, partial });
  else {
    const shown = options.partial && !options.all ? done.files.filter((file) => !file.internal) : done.files;
    shown.forEach((file) => say(`  ${file.name} (${bytes(file.bytes)})`));
    say(`${done.files.length} files and a ledger of ${done.iterations} iterations in ${done.to}`);
    (partial ?? []).flatMap(partialLines).forEach((line) => say(line));
  }
  return partial?.some((value) => value.problem !== null) ? EXIT.failure : EXIT.ok;
}

function addCost(program: Command): void {
  program
    .command('cost <job>')
    .description('what the job costs: so far, forecast, limit (estimates, from a dated price list)')
    .addHelpText('after', '\nExample:\n  $ foreach-fleet cost hello')
    .action(
      commandAction(
        () => program.opts<GlobalOptions>(),
        async (job: string) => {
          const { cost } = await requireStatus(open(program), requireJobId(job));
          if (program.opts<GlobalOptions>().json) return sayJson(cost);
          say(
            `so far about ${usd(cost.usd)} (${duration(cost.machineSeconds)} of machines; prices of ${cost.pricesAsOf})`,
          );
          say(
            `forecast ${cost.forecastUsd === null ? 'not possible yet' : usd(cost.forecastUsd)}, limit ${cost.limitUsd === null ? 'none' : usd(cost.limitUsd)}`,
          );
        },
      ),
    );
}

function open(program: Command): Session {
  return openSession({ state: program.opts<GlobalOptions>().state });
}

async function showAll(session: Session, options: GlobalOptions): Promise<void> {
  const found = await reach(session, () => session.buckets.uploads.list('jobs/', { glob: 'jobs/*/status.json' }));
  const all = await Promise.all(found.map((object) => readStatus(session, object.name.split('/')[1]!)));
  const statuses = all.filter((status) => status !== null);
  if (options.json) return sayJson(statuses);
  if (statuses.length === 0) say('no job yet; submit one with: foreach-fleet submit examples/hello');
  for (const status of statuses) say(`${status.job.padEnd(20)} ${summaryLine(status)}`);
}
