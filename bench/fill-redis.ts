/** Puts into Redis what driver and workers of a large job would have put there (keys: worker-image/README.md). */
import { createHash, randomFillSync } from 'node:crypto';
import type { Redis } from 'ioredis';
import { redisKeys } from '../functions/adapters/redis-keys.ts';

/** Commands sent before their answers are awaited. */
const PIPELINE = 500;
const MEAN_SECONDS = 60;

export interface JobShape {
  loops: number;
  tasksPerLoop: number;
  /** Iterations of the last loop that nobody has taken yet. */
  waiting: number;
  busyWorkers: number;
  idleWorkers: number;
}

/**
 * The state of a running job: loops but the last have ended, the last one is as far
 * as `waiting` and `busyWorkers` leave it.
 */
export async function fillJob(redis: Redis, shape: JobShape, nowSeconds: number): Promise<void> {
  const pipeline = redis.pipeline();
  pipeline.hset(redisKeys.driver, { state: 'running', startedAt: nowSeconds, beatAt: nowSeconds, script: 'run.R' });
  pipeline.hset(redisKeys.driver, { message: '', loops: shape.loops });
  for (let loop = 1; loop <= shape.loops; loop += 1) {
    const open = loop === shape.loops;
    const done = open ? Math.max(0, shape.tasksPerLoop - shape.waiting - shape.busyWorkers) : shape.tasksPerLoop;
    pipeline.rpush(redisKeys.loops, loop);
    pipeline.hset(redisKeys.loop(loop), {
      ...{ label: 'replicate', total: shape.tasksPerLoop, done, failed: 0, reused: 0, taskSize: 1, tasks: done },
      ...{ seconds: done * MEAN_SECONDS, seconds2: done * MEAN_SECONDS ** 2, max: 2 * MEAN_SECONDS },
      ...{ startedAt: nowSeconds, endedAt: open ? '' : nowSeconds },
    });
    pipeline.set(redisKeys.done(loop), Buffer.alloc(Math.ceil(shape.tasksPerLoop / 8), 255));
  }
  pipeline.hset(redisKeys.waiting, String(shape.loops), shape.waiting);
  pipeline.set(redisKeys.gate, '');
  pipeline.set(redisKeys.lease, '1', 'EX', 1800);
  await pipeline.exec();
  await fillQueue(redis, shape);
  await fillWorkers(redis, shape, nowSeconds);
}

async function fillQueue(redis: Redis, shape: JobShape): Promise<void> {
  for (let from = 0; from < shape.waiting; from += PIPELINE) {
    const tasks = Array.from({ length: Math.min(PIPELINE, shape.waiting - from) }, (_, index) =>
      JSON.stringify({ loop: shape.loops, iterations: [from + index + 1] }),
    );
    await redis.rpush(redisKeys.queue, ...tasks);
  }
}

async function fillWorkers(redis: Redis, shape: JobShape, nowSeconds: number): Promise<void> {
  const pipeline = redis.pipeline();
  for (const [index, pod] of podNames(shape).entries()) {
    const busy = index < shape.busyWorkers;
    const iterations = busy ? [index + 1] : [];
    const work = busy ? { loop: shape.loops, iterations, count: 1, last: index } : { iterations, count: 0 };
    // The beat is ahead of the clock, so that the workers stay fresh however long the measuring takes.
    const times = { since: nowSeconds - 3600, beat: nowSeconds + 1e6 };
    pipeline.hset(redisKeys.workers, pod, JSON.stringify({ state: busy ? 'busy' : 'idle', ...work, ...times, pid: 7 }));
    if (busy) pipeline.rpush(redisKeys.held(pod), JSON.stringify({ loop: shape.loops, iterations }));
  }
  await pipeline.exec();
}

/** As Kubernetes names the pods of a Deployment. */
export function podNames(shape: JobShape): string[] {
  return Array.from(
    { length: shape.busyWorkers + shape.idleWorkers },
    (_, index) => `workers-6d5f8b9c7d-${index.toString(36).padStart(5, 'x')}`,
  );
}

/**
 * Journals results that are not backed up yet: values of random bytes (so that nothing
 * compresses), and their entries in the outbox.
 */
export async function addResults(
  redis: Redis,
  results: { loop: number; from: number; count: number; bytes: number; driverHasThem?: boolean },
): Promise<void> {
  const atOnce = Math.max(1, Math.min(PIPELINE, Math.floor((64 * 1024 ** 2) / results.bytes)));
  for (let done = 0; done < results.count; done += atOnce) {
    const pipeline = redis.pipeline();
    for (let index = done; index < Math.min(results.count, done + atOnce); index += 1) {
      const iteration = results.from + index;
      const value = randomFillSync(Buffer.allocUnsafe(results.bytes));
      const key = redisKeys.value(results.loop, iteration);
      pipeline.hset(
        key,
        'v',
        value,
        'k',
        `key-${iteration}`,
        'b',
        '1',
        ...(results.driverHasThem === false ? ['d', '1'] : []),
      );
      pipeline.xadd(redisKeys.outbox, '*', ...entryFields(results.loop, iteration, value));
    }
    await pipeline.exec();
  }
}

/** The value of an iteration that its worker uploads, the same in every process. */
export function uploadedValue(iteration: number, bytes: number): Buffer {
  return Buffer.alloc(bytes, `value of iteration ${iteration}`);
}

/** Where its worker puts it, below the attempt's folder. */
export function uploadedName(loop: number, iteration: number, value: Buffer): string {
  const sha256 = createHash('sha256').update(value).digest('hex');
  return `loop-${loop}/iteration-${String(iteration).padStart(6, '0')}-${sha256.slice(0, 16)}.rds`;
}

/** Journals results that their workers have uploaded: Redis has their entries only. */
export async function addUploadedResults(
  redis: Redis,
  results: { loop: number; count: number; bytes: number },
): Promise<void> {
  for (let iteration = 1; iteration <= results.count; iteration += 1) {
    const value = uploadedValue(iteration, results.bytes);
    const object = uploadedName(results.loop, iteration, value);
    const md5 = createHash('md5').update(value).digest('hex');
    await redis.hset(redisKeys.value(results.loop, iteration), { o: object, k: `key-${iteration}`, b: '1' });
    await redis.xadd(
      redisKeys.outbox,
      '*',
      ...entryFields(results.loop, iteration, value),
      'object',
      object,
      'md5',
      md5,
    );
  }
}

function entryFields(loop: number, iteration: number, value: Buffer): string[] {
  const digest = createHash('md5').update(`${loop}/${iteration}`).digest('hex');
  const fields = {
    ...{ loop, iteration, key: `${digest}-${digest}-${digest}-${digest}-${digest}~1`, attempt: 1 },
    ...{ worker: 'workers-6d5f8b9c7d-xxxxx', node: 'gke-ff-bench-1-workers-1a2b3c4d-xyz1', seconds: MEAN_SECONDS },
    ...{ bytes: value.length, sha256: createHash('sha256').update(value).digest('hex') },
    ...{ startedAt: 1_795_000_000.123, warnings: 0 },
  };
  return Object.entries(fields).flatMap(([name, content]) => [name, String(content)]);
}
