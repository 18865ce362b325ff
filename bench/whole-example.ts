/**
 * The whole heritability example: from `submit` to `succeeded` on the local cloud, against the same script with bare
 * doRedis, a redis-server and two local workers. Nothing takes time on the local cloud that is not real work. Both must
 * write the same table.
 */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Session } from '../cli/session.ts';
import { Journey, output, runJob } from '../testing/journey.ts';
import type { Benchmark } from './benchmark.ts';
import { project } from './bundle.ts';
import { takeTurns, summarize, wallMs } from './measure.ts';
import { startRedis } from '../testing/redis-server.ts';
import { row, type Row } from './table.ts';

const example = join(project, 'examples', 'heritability');
const libraries = [join(project, '.local', 'R'), process.env['R_LIBS']].filter(Boolean).join(':');
/** What a fleet may cost in time: a cluster, Redis, a driver, workers, the proof, and putting it all away. */
const CONSTANT_SECONDS = 5;
const TICK_SECONDS = 60;

export const wholeExample: Benchmark = {
  name: 'whole-example',
  title: 'examples/heritability from submit to succeeded on the local cloud, against bare doRedis with two workers',
  async run({ quick, say }) {
    const replicates = quick ? 20 : 200;
    const folder = mkdtempSync(join(tmpdir(), 'ff-bench-example-'));
    const journey = new Journey();
    try {
      await copyExample(folder);
      const session = await journey.start(TICK_SECONDS);
      const tables = new Set<string>();
      const spans: string[] = [];
      const submitted = async (workers: number, repetition: number): Promise<number> => {
        setWorkers(folder, workers, replicates);
        const one = await onLocalCloud(session, folder, `bench-${workers}-${repetition + 1}`, tables);
        say(`whole-example: ${one.spans}`);
        spans.push(`up to ${workers} workers: ${one.spans}`);
        return one.ms / 1000;
      };
      const seconds = await takeTurns(quick ? 1 : 3, {
        peer: async () => (await bareDoRedis(folder, replicates, tables)) / 1000,
        asItIs: (repetition) => submitted(8, repetition),
        alike: (repetition) => submitted(2, repetition),
      });
      const same = tables.size === 1 ? 'all runs wrote the same table' : `runs wrote ${tables.size} DIFFERENT tables`;
      return { rows: toRows(replicates, seconds), notes: [same, ...spans] };
    } finally {
      await journey.cleanUp();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** A folder of our own, in which the example's data are made. */
async function copyExample(folder: string): Promise<void> {
  cpSync(example, folder, { recursive: true });
  if (!existsSync(join(folder, 'panel.RData'))) await rscript(folder, ['make-data.R']);
}

/** The example's job file with another number of workers; the number of replicates is an argument of the script. */
function setWorkers(folder: string, workers: number, replicates: number): void {
  const original = readFileSync(join(example, 'job.yaml'), 'utf8');
  const changed = original.replace(/max: \d+/, `max: ${workers}`);
  if (!changed.includes(`max: ${workers}`)) throw new Error('the job file of the example has no worker.max to change');
  writeFileSync(join(folder, 'job.yaml'), `${changed}arguments: [${replicates}]\n`);
}

/** Milliseconds of a fresh R process that starts two workers and runs the unchanged script. */
async function bareDoRedis(folder: string, replicates: number, tables: Set<string>): Promise<number> {
  const work = mkdtempSync(join(tmpdir(), 'ff-bench-doredis-'));
  const redis = await startRedis({ password: '' });
  try {
    cpSync(folder, work, { recursive: true });
    const start = [
      'library(doRedis)',
      `registerDoRedis("bench", port = ${redis.port})`,
      `startLocalWorkers(n = 2, queue = "bench", port = ${redis.port}, linger = 1, log = "/dev/null")`,
      'source("run.R")',
      'removeQueue("bench")',
    ];
    writeFileSync(join(work, 'main.R'), start.join('\n'));
    const ms = await wallMs(() => rscript(work, ['main.R', String(replicates)]));
    tables.add(readFileSync(join(work, 'heritability.csv'), 'utf8'));
    return ms;
  } finally {
    await redis.stop();
    rmSync(work, { recursive: true, force: true });
  }
}

async function onLocalCloud(
  session: Session,
  folder: string,
  job: string,
  tables: Set<string>,
): Promise<{ ms: number; spans: string }> {
  const begin = Date.now();
  const status = await runJob(session, folder, job);
  const ms = Date.now() - begin;
  if (status.phase !== 'succeeded') throw new Error(`job ${job}: ${status.phase}: ${status.reason?.message}`);
  tables.add((await output(session, job, status.attempt, 'heritability.csv')).toString('utf8'));
  const phases = status.decisions
    .filter((decision) => decision.what.startsWith('phase '))
    .map((decision) => `${decision.code} ${((Date.parse(decision.at) - begin) / 1000).toFixed(1)} s`);
  const grown = status.decisions.filter((decision) => decision.what === 'grow').map((decision) => decision.text);
  return { ms, spans: `${phases.join(', ')}; seen ${(ms / 1000).toFixed(1)} s; ${grown.join('; ') || 'never grown'}` };
}

function rscript(folder: string, args: string[]): Promise<void> {
  const child = spawn('Rscript', ['--vanilla', ...args], {
    ...{ cwd: folder, env: { ...process.env, R_LIBS: libraries } },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (text: Buffer) => (complaint = `${complaint}${text.toString()}`.slice(-2000)));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`Rscript ${args.join(' ')}: ${complaint}`)),
    );
  });
}

/** Two workers against two is the fair ratio: on a busy machine, eight processes get more of it than two. */
function toRows(replicates: number, seconds: Record<'peer' | 'asItIs' | 'alike', number[]>): Row[] {
  const bare = { name: 'bare doRedis, 2 workers', summary: summarize(seconds.peer) };
  return (['alike', 'asItIs'] as const).flatMap((name) => {
    const what = `${replicates} replicates, ${name === 'alike' ? '2 workers' : 'up to 8 workers, as the example asks'}`;
    const beyond = seconds[name].map((value) => value - CONSTANT_SECONDS);
    const more = seconds[name].map((value, index) => value - (seconds.peer[index] ?? NaN));
    return [
      row(what, 's', summarize(seconds[name]), bare),
      row(`  beyond a constant of ${CONSTANT_SECONDS} s`, 's', summarize(beyond), bare, 'ratio <= 1.15'),
      row('  more than the peer', 's', summarize(more)),
    ];
  });
}
