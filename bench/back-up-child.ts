/**
 * The measured process of back-up.ts: moves what is in Redis to the bucket as a pass does, with every SDK of a pass
 * loaded, or writes the same bytes plainly.
 */
import { randomFillSync } from 'node:crypto';
import { Storage } from '@google-cloud/storage';
import { connect } from '../functions/adapters/connect.ts';
import type { Config } from '../functions/config.ts';
import { newRecord, type JobRecord } from '../functions/job/job-record.ts';
import { paths } from '../functions/job/names.ts';
import { summarize } from '../functions/job/progress.ts';
import { backUp } from '../functions/reconcile/back-up.ts';
import { inParallel } from '../functions/in-parallel.ts';
import { uploadedName, uploadedValue } from './fill-redis.ts';
import { answer, question, residentMiB } from './child.ts';

export interface BackUpQuestion {
  /**
   * 'upload' does what workers do with large results beforehand; 'idle' only loads what a pass
   * needs: the memory before any result is moved.
   */
  do: 'back-up' | 'plain' | 'upload' | 'idle';
  config: Config;
  redis: { port: number; password: string };
  job: string;
  results: { loops: number; perLoop: number; bytes: number };
  /** Writes at once, of the plain writes. */
  parallel: number;
}

export interface BackUpAnswer {
  ms: number;
  cpuMs: number;
  peakMiB: number;
  /** Results written. */
  results: number;
}

const asked = question<BackUpQuestion>();
const ports = await connect(asked.config);
const work = { 'back-up': moveResults, plain: writePlainly, upload, idle: async () => 0 }[asked.do];
const begin = performance.now();
const cpu = process.cpuUsage();
const results = await work();
const { user, system } = process.cpuUsage(cpu);
await answer({
  ms: performance.now() - begin,
  cpuMs: (user + system) / 1000,
  peakMiB: residentMiB().peak,
  results,
} satisfies BackUpAnswer);

async function moveResults(): Promise<number> {
  const queue = await ports.queues.open({ host: '127.0.0.1', ...asked.redis });
  const moved = await backUp(ports.buckets.results, queue, recordOf(), Infinity, () => Date.now());
  queue.close();
  return moved.ledger.results;
}

function recordOf(): JobRecord {
  const { loops, perLoop } = asked.results;
  const progress = summarize(
    { state: 'running', message: '', startedSeconds: null, beatSeconds: null },
    Array.from({ length: loops }, (_, index) => ({
      ...{ loop: index + 1, label: 'i', total: perLoop, done: perLoop, failed: 0, reused: 0, seconds: 1 },
      ...{ maxSeconds: 1, waiting: 0, ended: true },
    })),
    [],
    loops * perLoop,
  );
  return { ...newRecord(asked.job, new Date().toISOString()), progress };
}

/** One loop's values, under the names that workers give them. */
async function upload(): Promise<number> {
  const { perLoop, bytes } = asked.results;
  for (let iteration = 1; iteration <= perLoop; iteration += 1) {
    const value = uploadedValue(iteration, bytes);
    const name = paths.attempt(asked.job, 1) + uploadedName(1, iteration, value);
    await ports.buckets.results.write(name, value, { ifGeneration: '0', contentType: 'application/octet-stream' });
  }
  return perLoop;
}

/** The vendor's client in a loop, nothing else: no Redis, no ledger, no check of what was computed. */
async function writePlainly(): Promise<number> {
  const { loops, perLoop, bytes } = asked.results;
  const storage = new Storage({
    projectId: asked.config.projectId,
    apiEndpoint: asked.config.endpoints.storage!,
    useAuthWithCustomEndpoint: true,
  });
  const bucket = storage.bucket(asked.config.buckets.results);
  const value = randomFillSync(Buffer.alloc(bytes));
  const names = Array.from({ length: loops * perLoop }, (_, index) => `plain/${asked.job}/${index}`);
  await inParallel(asked.parallel, names, (name) =>
    bucket.file(name).save(value, { resumable: bytes > 8 * 1024 ** 2, preconditionOpts: { ifGenerationMatch: 0 } }),
  );
  return names.length;
}
