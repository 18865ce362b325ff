/** Subcommands about one job. */
import type { Command } from 'commander';
import type { ControlKind } from '../functions/job/action.ts';
import type { JobStatus } from '../functions/job/job-status.ts';
import { request } from './control.ts';
import { errorLines, readErrors } from './errors.ts';
import { exitCodeOf, follow, liveView } from './follow.ts';
import { followLogs, logLine, logs, type LogsOptions } from './logs.ts';
import { bytes, duration, type GlobalOptions, guarded, say, sayJson, usd } from './output.ts';
import { nextCommand, statusLines, summaryLine } from './render-status.ts';
import { results } from './results.ts';
import { openSession, reach, readStatus, requireJobId, requireStatus, type Session } from './session.ts';
import { submit } from './submit.ts';

export function jobCommands(program: Command): void {
  for (const add of [addSubmit, addStatus, addWatch, addLogs, addErrors, addResults, addCost]) add(program);
}

function addSubmit(program: Command): void {
  program
    .command('submit <folder>')
    .description('check a job folder and upload it (its job file last)')
    .option('--id <id>', 'job id (default: the name of the folder)')
    .option('--watch', 'stay and watch until the job has ended')
    .addHelpText('after', '\nExample:\n  $ foreach-fleet submit examples/heritability --id h2 --watch')
    .action(
      guarded(
        () => program.opts<GlobalOptions>(),
        async (folder: string, options: { id?: string; watch?: boolean }) => {
          const session = open(program);
          const before = (await readStatusOf(session, options.id ?? folder))?.attempt ?? 0;
          const done = await submit(session, folder, options.id, program.opts<GlobalOptions>().json === true);
          if (program.opts<GlobalOptions>().json && !options.watch) return sayJson(done);
          say(`submitted ${done.files} files (${bytes(done.bytes)}) to ${done.uri}`);
          if (options.watch) return watch(session, done.job, program.opts<GlobalOptions>(), before);
          say(`next: foreach-fleet watch ${done.job}`);
        },
      ),
    );
}

function addStatus(program: Command): void {
  program
    .command('status [job]')
    .description('one job, or a line for each')
    .addHelpText('after', '\nExample:\n  $ foreach-fleet status hello --json')
    .action(
      guarded(
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
      guarded(
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
      guarded(
        () => program.opts<GlobalOptions>(),
        async (job: string, options: LogsOptions) => {
          const session = open(program);
          if (options.follow) return followLogs(session, requireJobId(job), options);
          const lines = await logs(session, requireJobId(job), options);
          if (program.opts<GlobalOptions>().json) return sayJson(lines);
          lines.forEach((line) => say(logLine(line)));
        },
      ),
    );
}

function addErrors(program: Command): void {
  program
    .command('errors <job>')
    .description('every error: iteration, arguments, message, traceback, warnings, output')
    .addHelpText('after', '\nExample:\n  $ foreach-fleet errors hello')
    .action(
      guarded(
        () => program.opts<GlobalOptions>(),
        async (job: string) => {
          const reports = await readErrors(open(program), requireJobId(job));
          if (program.opts<GlobalOptions>().json) return sayJson(reports);
          if (reports.length === 0) say('no error so far');
          reports.flatMap(errorLines).forEach((line) => say(line));
        },
      ),
    );
}

function addResults(program: Command): void {
  program
    .command('results <job>')
    .description('download the files that the script made (so far), and the ledger of iterations')
    .requiredOption('--to <dir>', 'folder to write into')
    .option('--all', 'also the result of every single iteration, as files for readRDS()')
    .addHelpText('after', '\nExample:\n  $ foreach-fleet results hello --to out --all')
    .action(
      guarded(
        () => program.opts<GlobalOptions>(),
        async (job: string, options: { to: string; all?: boolean }) => {
          const done = await results(open(program), requireJobId(job), options.to, { all: options.all === true });
          if (program.opts<GlobalOptions>().json) return sayJson(done);
          done.files.forEach((file) => say(`  ${file.name} (${bytes(file.bytes)})`));
          say(`${done.files.length} files and a ledger of ${done.iterations} iterations in ${done.to}`);
        },
      ),
    );
}

function addCost(program: Command): void {
  program
    .command('cost <job>')
    .description('what the job costs: so far, forecast, limit (estimates, from a dated price list)')
    .addHelpText('after', '\nExample:\n  $ foreach-fleet cost hello')
    .action(
      guarded(
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

async function readStatusOf(session: Session, folderOrId: string): Promise<JobStatus | null> {
  const id = folderOrId.replace(/\/+$/, '').split('/').at(-1) ?? '';
  return /^[a-z]([-a-z0-9]{0,30}[a-z0-9])?$/.test(id) ? readStatus(session, id) : null;
}

async function watch(session: Session, job: string, options: GlobalOptions, afterAttempt = 0): Promise<number> {
  const ended = await readStatus(session, job);
  const after = ended?.ended && ended.attempt <= afterAttempt && ended.phase !== 'succeeded' ? afterAttempt : 0;
  const show = options.json ? (): void => undefined : liveView();
  const status = await follow(session, job, { afterAttempt: after, onChange: show });
  if (options.json) sayJson(status);
  else statusLines(status).forEach((line) => say(line));
  if (!options.json) say(`next: ${nextCommand(status)}`);
  return exitCodeOf(status);
}

async function showAll(session: Session, options: GlobalOptions): Promise<void> {
  const found = await reach(session, () => session.buckets.uploads.list('jobs/', { glob: 'jobs/*/status.json' }));
  const all = await Promise.all(found.map((object) => readStatus(session, object.name.split('/')[1]!)));
  const statuses = all.filter((status) => status !== null);
  if (options.json) return sayJson(statuses);
  if (statuses.length === 0) say('no job yet; submit one with: foreach-fleet submit examples/hello');
  for (const status of statuses) say(`${status.job.padEnd(20)} ${summaryLine(status)}`);
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
        guarded(globals, async (text: string) => {
          const session = openSession({ state: globals().state });
          const job = requireJobId(text);
          const status = await requireStatus(session, job);
          await request(session, job, kind);
          if (globals().json) return sayJson({ job, requested: kind, phase: status.phase });
          say(`asked to ${kind} ${job}: ${done}`);
          say(`next: foreach-fleet watch ${job}`);
        }),
      );
}
