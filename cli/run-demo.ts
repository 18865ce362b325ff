/**
 * `npm run demo`: a fresh local cloud, an example folder uploaded into its bucket, and from then on only events. Ends
 * with the result, what it would have cost, and the proof that nothing is left, taken from the local cloud's own books.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { JobStatus } from '../functions/job/job-status.ts';
import { startLocalCloud } from '../local-cloud/local-cloud.ts';
import type { Context } from './command.ts';
import { type Downloaded, download } from './download.ts';
import { CommandError, EXIT } from './exit-codes.ts';
import { exitCodeOf, follow } from './follow.ts';
import { isNothing, whatIsLeft, type Left } from './left.ts';
import { type LiveView, liveView } from './live-view.ts';
import { emptyStateDir, explainStart } from './state-dir.ts';
import { bytes, duration, paint, usd } from './output.ts';
import { openSession, type Session } from './session.ts';
import { submitFolder } from './submit-folder.ts';

const project = fileURLToPath(new URL('..', import.meta.url));
const TABLE_LINES = 8;
/** Machines and processes end within moments of the cluster; the proof is asked for until then. */
const LEFT_LOOKS = 40;
/** The exit code of a shell for Ctrl-C. */
const INTERRUPTED = 130;

export async function runDemo(example: string, context: Context): Promise<number> {
  const folder = join(project, 'examples', example);
  if (!existsSync(join(folder, 'job.yaml')))
    throw new CommandError(
      'FF-NO-EXAMPLE',
      `there is no example ${example}`,
      'see the folders below examples/',
      EXIT.invalid,
    );
  const begin = Date.now();
  await makeData(folder, context);
  const stateDir = context.state ?? join(project, '.local', 'demo');
  await emptyStateDir(stateDir);
  const cloud = await startLocalCloud({ stateDir, quiet: true }).catch(explainStart);
  const view = context.json ? null : liveView(context.say);
  const interrupted = Promise.withResolvers<number>();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      view?.close();
      interrupted.resolve(INTERRUPTED);
    });
  try {
    const session = await openSession({ state: stateDir });
    const code = await Promise.race([run(context, session, folder, example, view, begin), interrupted.promise]);
    if (code === INTERRUPTED && !context.json) context.say('interrupted: ending everything');
    return code;
  } finally {
    await cloud.stop();
  }
}

async function run(
  context: Context,
  session: Session,
  folder: string,
  job: string,
  view: LiveView | null,
  begin: number,
): Promise<number> {
  const { json, say, sayJson } = context;
  if (!json)
    say(
      paint(
        'bold',
        `The local cloud runs (${((Date.now() - begin) / 1000).toFixed(1)} s). Uploading ${folder}; from ` +
          'here on only events drive the job.',
      ),
    );
  await submitFolder(session, folder, job, (file) => {
    if (!json) say(`  ${file.name} (${bytes(file.bytes)})`);
  });
  const status = await follow(session, job, { onChange: (status) => view?.show(status) });
  const to = join(project, '.local', 'demo-results', job);
  await rm(to, { recursive: true, force: true });
  const downloaded = await download(session, status, to, { all: false });
  const left = await untilNothing(session);
  if (json) sayJson({ status, downloaded, left });
  else await show(context, status, downloaded, left, session);
  return isNothing(left) ? exitCodeOf(status) : EXIT.failure;
}

/** Large data of an example is made by its own seeded script, once. */
async function makeData(folder: string, { note }: Context): Promise<void> {
  if (!existsSync(join(folder, 'make-data.R')) || existsSync(join(folder, 'panel.RData'))) return;
  note("making the example's data (once)");
  await promisify(execFile)('Rscript', ['--vanilla', 'make-data.R'], { cwd: folder });
}

async function untilNothing(session: Session): Promise<Left> {
  let left = await whatIsLeft(session);
  for (let look = 0; look < LEFT_LOOKS && !isNothing(left); look += 1) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    left = await whatIsLeft(session);
  }
  return left;
}

async function show(
  { say }: Context,
  status: JobStatus,
  downloaded: Downloaded,
  left: Left,
  session: Session,
): Promise<void> {
  const seconds = (Date.parse(status.endedAt ?? status.updatedAt) - Date.parse(status.attemptStartedAt)) / 1000;
  say();
  say(paint('bold', `Result (${status.phase}, ${status.tasks.done} tasks in ${duration(seconds)})`));
  if (status.reason && status.phase !== 'succeeded') say(`  ${status.reason.code}: ${status.reason.message}`);
  const table = downloaded.files.find((file) => file.name.endsWith('.csv'));
  if (table) {
    const lines = (await readFile(join(downloaded.to, table.name), 'utf8')).split('\n');
    for (const line of lines.slice(0, TABLE_LINES)) say(`  ${line}`);
  }
  say();
  say(paint('bold', 'Where it lies'));
  say(
    `  gs://${session.resultsBucket}/${status.results.prefix}   (${status.tasks.inBucket} results of ` +
      `iterations, ${bytes(status.results.bytes)})`,
  );
  for (const file of downloaded.files) say(`  ${join(downloaded.to, file.name)} (${bytes(file.bytes)})`);
  say();
  say(paint('bold', 'On Google Cloud'));
  say(
    `  the same machines for as long would have cost about ${usd(status.cost.usd)} (price list of ` +
      `${status.cost.pricesAsOf}); creating the cluster takes 3 to 9 minutes there`,
  );
  say();
  say(paint('bold', 'What is left'));
  const line = (what: string, items: unknown[]): void =>
    say([
      '  ',
      items.length === 0 ? paint('green', 'nothing') : paint('red', String(items.length)),
      ` ${what}${items.length === 0 ? '' : `: ${items.join(', ')}`}`,
    ]);
  line('of clusters', left.clusters);
  line('of machines', left.machines);
  line('of disks', left.disks);
  line('of processes', left.processes);
  say(
    `  ${duration(left.machineSeconds)} of machine time in the local cloud's own books, ` +
      `${duration(status.cost.machineSeconds)} in the job's estimate`,
  );
}
