/**
 * The whole heritability example: from `submit` to `succeeded` on the local cloud (nothing takes time there that is not real work), against the
 * same script with bare doRedis, a redis-server and two local workers. Both must write the same table.
 */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Session } from '../cli/session.ts';
import { Journey, output, runJob } from '../test/support/journey.ts';
import type { Benchmark } from './benchmark.ts';
import { project } from './bundle.ts';
import { interleave, summarize, wallMs, type Summary } from './measure.ts';
import { startRedis } from './redis-server.ts';
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
      await copyExample(folder, replicates);
      const session = await journey.start(TICK_SECONDS);
      const tables = new Set<string>();
      const spans: string[] = [];
      const seconds = await interleave(quick ? 1 : 3, {
        peer: async () => (await bareDoRedis(folder, replicates, tables)) / 1000,
        ours: async (repetition) => {
          const one = await onLocalCloud(session, folder, `bench-${repetition + 1}`, tables);
          say(`whole-example: ${one.spans}`);
          spans.push(`repetition ${repetition + 1}: ${one.spans}`);
          return one.ms / 1000;
        },
      });
      const same = tables.size === 1 ? 'all runs wrote the same table' : `runs wrote ${tables.size} DIFFERENT tables`;
      return { rows: toRows(replicates, seconds.ours, seconds.peer), notes: [same, ...spans] };
    } finally {
      await journey.cleanUp();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** A folder of our own: the example's data are made in it, and the number of replicates is an argument of its script. */
async function copyExample(folder: string, replicates: number): Promise<void> {
  cpSync(example, folder, { recursive: true });
  if (!existsSync(join(folder, 'panel.RData'))) await rscript(folder, ['make-data.R']);
  const jobFile = readFileSync(join(folder, 'job.yaml'), 'utf8');
  writeFileSync(join(folder, 'job.yaml'), `${jobFile}arguments: [${replicates}]\n`);
}

/** Milliseconds of a fresh R process that starts two workers and runs the unchanged script. */
async function bareDoRedis(folder: string, replicates: number, tables: Set<string>): Promise<number> {
  const work = mkdtempSync(join(tmpdir(), 'ff-bench-doredis-'));
  const redis = await startRedis('');
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

function toRows(replicates: number, ours: number[], peer: number[]): Row[] {
  const bare = { name: 'bare doRedis, 2 workers', summary: summarize(peer) };
  const beyond = summarize(ours.map((seconds) => seconds - CONSTANT_SECONDS));
  return [
    row(`${replicates} replicates`, 's', summarize(ours), bare),
    row(`  beyond a constant of ${CONSTANT_SECONDS} s`, 's', beyond, bare, 'ratio <= 1.15'),
    row('  more than the peer', 's', difference(ours, peer)),
  ];
}

function difference(ours: number[], peer: number[]): Summary {
  return summarize(ours.map((seconds, index) => seconds - (peer[index] ?? NaN)));
}
