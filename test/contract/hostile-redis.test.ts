/**
 * A script can write anything into its job's Redis. Whatever lies under any key of docs/redis-protocol.md, a pass ends
 * with a status, and the money limit ends the job. A real server with the refusals of a cluster's; the rest of the
 * world is in memory.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Redis } from 'ioredis';
import { redisFields } from '../../functions/adapters/redis-fields.ts';
import { redisKeys } from '../../functions/adapters/redis-keys.ts';
import { redisTaskQueues } from '../../functions/adapters/redis-task-queue.ts';
import { type RunningRedis, startRedis } from '../../testing/redis-server.ts';
import { JobWorld } from '../support/job-world.ts';
import { onlySlow } from '../support/only-slow.ts';

const LIMIT_USD = 0.2;
/** What one tick and a deletion of the small fleet can cost beyond the limit. */
const OVERSHOOT_USD = 0.02;
const MEBIBYTE = 1024 ** 2;
/** A record of this size would not be read again. */
const large = 'x'.repeat(17 * MEBIBYTE);
const binary = Buffer.from([0xff, 0xfe, 0, 1, 0xc3, 0x28, 10, 13]);
const texts = ['', 'NaN', '-1', '1e999', '-0', '9'.repeat(400), '__proto__', 'null', '[]', '{"__proto__":{"x":1}}'];
/** Every name that the engine knows of a field, and names that every object of JavaScript has. */
const names = ['__proto__', 'constructor', 'toString', '1', ...new Set(Object.values(redisFields).flat(2))].filter(
  (name) => typeof name === 'string',
);
const fieldsOf = (value: string | Buffer): (string | Buffer)[] => names.flatMap((name) => [name, value]);

/** What only the engine reads is a pass's business as little as any other key. */
const R = redisKeys;
const ofPasses = [R.driver, R.control, R.lease, R.gate, R.gated, R.loops, R.loop(1), R.waiting, R.workers, R.causes];
const asked: readonly string[] = [
  ...ofPasses,
  ...[R.value(1, 1), R.outbox, R.errors, R.described, R.outputs, R.need, R.urls, R.queueLarge],
];
const keys = Object.values(redisKeys).map((key) => (typeof key === 'string' ? key : key('1', '1')));

type Fill = (script: Redis, key: string) => Promise<unknown>;
const fillers: [what: string, fill: Fill][] = [
  ...texts.map((text): [string, Fill] => [`the text ${text.slice(0, 20)}`, (script, key) => script.set(key, text)]),
  ['a text of 17 MiB', (script, key) => script.set(key, large)],
  ['a binary text', (script, key) => script.set(key, binary)],
  ...texts.map((text): [string, Fill] => [
    `a hash of ${text.slice(0, 20)}`,
    (script, key) => script.hset(key, ...fieldsOf(text)),
  ]),
  ['a hash with 17 MiB in a field', (script, key) => script.hset(key, { state: 'running', message: large, 1: large })],
  ['a hash of binary fields', (script, key) => script.hset(key, ...fieldsOf(binary), binary, binary)],
  ['a list of 100,000', (script, key) => script.rpush(key, ...Array<string>(100_000).fill('-1'))],
  ['a list with 17 MiB in an entry', (script, key) => script.rpush(key, large, '{}', binary)],
  ['a set', (script, key) => script.sadd(key, ...texts)],
  ['a sorted set', (script, key) => script.zadd(key, 1, 'x')],
  ['a stream of nonsense', (script, key) => script.xadd(key, '*', ...fieldsOf('-1'))],
  ['a binary stream', (script, key) => script.xadd(key, '*', ...fieldsOf(binary))],
  [
    'a stream with entries beyond what a pass can bear',
    async (script, key) => {
      for (const value of ['{}', 'x'.repeat(70 * MEBIBYTE), large, large, large, large, '{}'])
        await script.xadd(key, '*', 'json', value);
    },
  ],
];

describe('whatever a script writes into its Redis', () => {
  let server: RunningRedis;
  let script: Redis;

  before(async () => {
    server = await startRedis({ asInCluster: true, maxMemory: '1536mb' });
    script = server.client;
  });
  after(() => server.stop());

  const empty = async (): Promise<void> => {
    const there = await script.keys('*');
    if (there.length > 0) await script.unlink(there);
  };

  async function running(): Promise<JobWorld> {
    await empty();
    const world = new JobWorld();
    await world.toRunning(`script: run.R\nlimits: {usd: ${LIMIT_USD}}\n`);
    const endpoint = { host: '127.0.0.1', port: server.port, password: server.password };
    Object.assign(world.ports, { queues: { open: () => redisTaskQueues.open(endpoint) } });
    return world;
  }

  async function mustEndInTime(world: JobWorld): Promise<void> {
    for (let minute = 0; minute < 240 && world.cluster().view.state !== 'stopping'; minute += 1) await world.pass(60);
    const { ending, spending } = await world.record();
    assert.equal(world.cluster().view.state, 'stopping');
    assert.ok(ending !== null);
    assert.ok(spending.usd <= LIMIT_USD + OVERSHOOT_USD, `${spending.usd} USD`);
  }

  async function mustTell(world: JobWorld, what: string): Promise<void> {
    const result = await world.pass(1);
    assert.equal(result.did, 'acted', what);
    const status = await world.buckets.uploads.read('jobs/demo/status.json', 16 * MEBIBYTE);
    assert.match(String(status?.bytes), /"phase"/, what);
  }

  for (const [index, key] of keys.entries())
    it(
      `into ${key}, a pass ends with a status, and the job at its limit`,
      asked.includes(key) ? {} : onlySlow,
      async () => {
        const world = await running();
        for (const [what, fill] of fillers) {
          await empty();
          await fill(script, key);
          await mustTell(world, what);
        }
        // Each key has another one when the money ends.
        const [, fill] = fillers[(index * 7) % fillers.length]!;
        await empty();
        await fill(script, key);
        await mustEndInTime(world);
      },
    );

  for (const key of [redisKeys.driver, redisKeys.waiting, redisKeys.workers, redisKeys.need, redisKeys.causes])
    it(`a million fields into ${key} are borne`, onlySlow, async () => {
      const world = await running();
      for (let from = 0; from < 1e6; from += 10_000)
        await script.hset(key, ...Array.from({ length: 20_000 }, (_, at) => `${from + (at >> 1)}`));
      await mustTell(world, 'a million fields');
      await mustEndInTime(world);
    });
});
