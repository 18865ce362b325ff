/**
 * So many passes in one process (the first argument), over jobs that live and end, with a real Redis (its port and
 * password are the others). Prints a line of JSON on the error output for every tenth of them: the heap after a
 * collection, and open files, sockets included. Run with --expose-gc and the heap that is deployed.
 */
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { Redis } from 'ioredis';
import { redisKeys } from '../../functions/adapters/redis-keys.ts';
import { redisTaskQueues } from '../../functions/adapters/redis-task-queue.ts';
import { JobWorld } from '../support/job-world.ts';

const [passes = 0, port = 0] = process.argv.slice(2).map(Number);
const password = process.argv[4] ?? '';
const PASSES_A_JOB = 100;
const endpoint = { host: '127.0.0.1', port, password };
const script = new Redis(endpoint);

async function journal(iteration: number): Promise<void> {
  const value = `value ${iteration}`.repeat(1000);
  const sha256 = createHash('sha256').update(value).digest('hex');
  await script.hset(redisKeys.value(1, iteration), { v: value, k: 'k', b: '1' });
  const entry = { loop: 1, iteration, key: 'k', attempt: 1, seconds: 1, bytes: value.length, sha256, startedAt: 1 };
  await script.xadd(redisKeys.outbox, '*', ...Object.entries(entry).flatMap(([name, it]) => [name, String(it)]));
}

/** Answers how many passes it took. */
async function liveOnce(): Promise<number> {
  const world = new JobWorld();
  const there = await world.toRunning();
  Object.assign(world.ports, { queues: { open: () => redisTaskQueues.open(endpoint) } });
  for (let pass = 1; pass <= PASSES_A_JOB; pass += 1) {
    await journal(pass);
    await world.pass(10);
  }
  await world.buckets.uploads.write('jobs/demo/control/cancel.json', '{}', {});
  await world.untilGone(there);
  return PASSES_A_JOB + 3;
}

let done = 0;
for (let tenth = 1; tenth <= 10; tenth += 1) {
  while (done < (passes * tenth) / 10) done += await liveOnce();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  const files = readdirSync('/proc/self/fd').length;
  process.stderr.write(`${JSON.stringify({ passes: done, heapBytes: heapUsed, bufferBytes: external, files })}\n`);
}
script.disconnect();
