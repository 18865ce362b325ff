/**
 * Moving finished results from Redis to Cloud Storage (the local one): rate, and
 * peak memory of the process that does it.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { redisKeys } from '../functions/adapters/redis-keys.ts';
import type { Config } from '../functions/config.ts';
import type { BackUpAnswer, BackUpQuestion } from './back-up-child.ts';
import type { Benchmark } from './benchmark.ts';
import { bundle } from './bundle.ts';
import { askChild } from './child.ts';
import { addResults, addUploadedResults } from './fill-redis.ts';
import { takeTurns, summarize } from './measure.ts';
import { startRedis, type RunningRedis } from '../testing/redis-server.ts';
import { BUCKETS, PROJECT, startStorageProcess, type StorageProcess } from './storage-process.ts';
import { row, type Row } from './table.ts';

/** Results of one size; the plain writes of as many bytes stand beside every variant. */
interface Case {
  job: string;
  results: number;
  bytes: number;
  /** As many writes at once as the product makes. */
  parallel: number;
  repetitions: number;
  /** The workers have put the values into the bucket; what is left to the pass is to look at them and to name them. */
  uploaded: boolean;
  variants: { what: string; loops: number }[];
}

function cases(quick: boolean): Case[] {
  const small: Case = {
    ...{ job: 'small', results: quick ? 2200 : 10_000, bytes: 10_000, parallel: 24, repetitions: quick ? 1 : 2 },
    uploaded: false,
    variants: [
      { what: 'one loop: results share files', loops: 1 },
      { what: 'loops of up to 2,000: a file each', loops: quick ? 2 : 5 },
    ],
  };
  const repetitions = quick ? 1 : 2;
  const middle: Case = {
    ...{ job: 'middle', results: quick ? 20 : 250, bytes: 4_000_000, parallel: 4, repetitions, uploaded: false },
    variants: [{ what: 'a file each (the largest that pass through Redis)', loops: 1 }],
  };
  const large: Case = {
    ...{ job: 'large', results: quick ? 2 : 20, bytes: 50_000_000, parallel: 1, repetitions, uploaded: true },
    variants: [{ what: 'uploaded by their workers: looked at, not moved', loops: 1 }],
  };
  return [small, middle, large];
}

export const backUp: Benchmark = {
  name: 'back-up',
  title:
    'moving results from a real Redis to the local Cloud Storage, through the real adapters, with all ' +
    'SDKs of a pass loaded',
  async run({ quick, say }) {
    const script = await bundle(fileURLToPath(new URL('back-up-child.ts', import.meta.url)), { splitting: true });
    const redis = await startRedis();
    const storage = await startStorageProcess();
    try {
      const rows: Row[] = [];
      const world = { script: script.entry, redis, storage };
      const idle = await ask(world, {
        do: 'idle',
        job: 'idle',
        results: { loops: 0, perLoop: 0, bytes: 0 },
        parallel: 1,
      });
      for (const one of cases(quick)) {
        say(`back-up: ${one.results} results of ${one.bytes} bytes`);
        rows.push(...(await measureCase(world, one)));
      }
      return { rows, notes: [`memory with everything loaded and nothing moved: ${idle.peakMiB.toFixed(0)} MiB`] };
    } finally {
      await storage.stop();
      await redis.stop();
      script.remove();
    }
  },
};

interface World {
  script: string;
  redis: RunningRedis;
  storage: StorageProcess;
}

async function measureCase(world: World, one: Case): Promise<Row[]> {
  const shape = (loops: number): BackUpQuestion['results'] => ({
    ...{ loops, perLoop: one.results / loops, bytes: one.bytes },
  });
  const variants = one.variants.map(({ loops }, index) => {
    const run = (repetition: number): Promise<BackUpAnswer> =>
      moveResults(world, one, `${one.job}-${index}-${repetition}`, shape(loops));
    return [`variant ${index}`, run] as const;
  });
  const measured = await takeTurns<string, BackUpAnswer>(one.repetitions, {
    plain: (repetition) =>
      ask(world, { do: 'plain', job: `${one.job}-${repetition}`, results: shape(1), parallel: one.parallel }),
    ...Object.fromEntries(variants),
  });
  return one.variants.flatMap(({ what }, index) =>
    rowsOf(
      `${one.results.toLocaleString('en')} of ${one.bytes / 1000} kB, ${what}`,
      one,
      measured[`variant ${index}`]!,
      measured['plain']!,
    ),
  );
}

async function moveResults(
  world: World,
  { uploaded }: Case,
  job: string,
  results: BackUpQuestion['results'],
): Promise<BackUpAnswer> {
  const { client } = world.redis;
  await client.flushall();
  if (uploaded) {
    await ask(world, { do: 'upload', job, results, parallel: 1 });
    await addUploadedResults(client, { loop: 1, count: results.perLoop, bytes: results.bytes });
  }
  for (let loop = 1; loop <= (uploaded ? 0 : results.loops); loop += 1)
    await addResults(client, { loop, from: 1, count: results.perLoop, bytes: results.bytes });
  const moved = await ask(world, { do: 'back-up', job, results, parallel: 1 });
  const left = await client.xlen(redisKeys.outbox);
  if (left > 0 || moved.results !== results.loops * results.perLoop)
    throw new Error(`${job}: ${moved.results} results were moved and ${left} left behind`);
  return moved;
}

function rowsOf(what: string, one: Case, ours: BackUpAnswer[], plain: BackUpAnswer[]): Row[] {
  const seconds = (answer: BackUpAnswer): number => answer.ms / 1000;
  const compare = (label: string, unit: string, pick: (answer: BackUpAnswer) => number, target = ''): Row => {
    const peer = { name: 'plain writes', summary: summarize(plain.map(pick)) };
    return row(label, unit, summarize(ours.map(pick)), peer, target);
  };
  return [
    compare(what, 'MB/s', (answer) => (one.results * one.bytes) / 1e6 / seconds(answer)),
    compare('  rate', 'results/s', (answer) => one.results / seconds(answer)),
    compare('  CPU of the process', 's', (answer) => answer.cpuMs / 1000),
    compare('  peak memory of the process', 'MiB', (answer) => answer.peakMiB, '<= 256'),
  ];
}

function ask(world: World, part: Pick<BackUpQuestion, 'do' | 'job' | 'results' | 'parallel'>): Promise<BackUpAnswer> {
  const { port, password } = world.redis;
  const asked: BackUpQuestion = { ...part, config: configFor(world.storage), redis: { port, password } };
  return askChild<BackUpAnswer>(world.script, asked, {
    env: { ...process.env, ...world.storage.environment, NODE_OPTIONS: deployedOptions() },
  });
}

/** Node.js as it is deployed: its limits decide how much garbage is kept. */
function deployedOptions(): string {
  const text = readFileSync(new URL('../terraform/functions.tf', import.meta.url), 'utf8');
  const options = /NODE_OPTIONS = "([^"]+)"/.exec(text)?.[1];
  if (options === undefined) throw new Error('terraform/functions.tf names no NODE_OPTIONS');
  return options;
}

/** Only storage is ever called; the other endpoints lead nowhere. */
function configFor(storage: StorageProcess): Config {
  const nowhere = 'http://127.0.0.1:9';
  return {
    ...{ projectId: PROJECT, installation: 'bench', buckets: BUCKETS, locations: ['us-central1-a'] },
    ...{ workerImage: 'worker', redisImage: 'redis', noticesTopic: 'ff-notices', nodeServiceAccount: null },
    ...{ network: null, subnetwork: null, allowedBuckets: [], allowedRegistries: [], maxClusters: 10 },
    webhookSecret: null,
    endpoints: {
      ...{ storage: storage.url, container: nowhere, compute: nowhere, signing: `http://${storage.metadataHost}` },
    },
  };
}
