/**
 * The job's Redis through the adapter, with a real server and its refusals as in a cluster. Whatever a script writes
 * there is left out where it is not what it must be, and everything beside it counts.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { Redis } from 'ioredis';
import { redisKeys } from '../../functions/adapters/redis-keys.ts';
import { redisTaskQueues } from '../../functions/adapters/redis-task-queue.ts';
import type { QueueView, TaskQueue } from '../../functions/ports/task-queue.ts';
import { type RunningRedis, startRedis } from '../../testing/redis-server.ts';

const NOW_MS = Date.parse('2026-11-26T12:00:00Z');
const NOW = NOW_MS / 1000;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('the queue of a job', () => {
  let server: RunningRedis;
  let script: Redis;
  let queue: TaskQueue;

  before(async () => {
    server = await startRedis({ asInCluster: true });
    script = server.client;
  });
  after(() => server.stop());

  beforeEach(async () => {
    const keys = await script.keys('*');
    if (keys.length > 0) await script.del(keys);
    queue = await redisTaskQueues.open({ host: '127.0.0.1', port: server.port, password: server.password });
  });

  afterEach(() => queue.close());

  const view = (): Promise<QueueView> => queue.view(NOW_MS, null);

  async function journal(iteration: number, value: string, fields: Record<string, string> = {}): Promise<void> {
    await script.hset(redisKeys.value(1, iteration), { v: value, k: 'k', b: '1', d: '1' });
    const entry = { loop: '1', iteration: `${iteration}`, key: 'k', attempt: '1', worker: 'worker-1', node: 'node-1' };
    const sizes = { seconds: '1.5', bytes: `${value.length}`, sha256: sha256(value), startedAt: '1.5', warnings: '0' };
    await script.xadd(redisKeys.outbox, '*', ...Object.entries({ ...entry, ...sizes, ...fields }).flat());
  }

  /** What the engine writes when all is well: a loop of ten, and a worker that is at its third iteration. */
  async function work(): Promise<void> {
    await script.hset(redisKeys.driver, { state: 'running', message: 'loop 1', startedAt: '10.5', beatAt: '11' });
    await script.rpush(redisKeys.loops, '1');
    await script.hset(redisKeys.loop(1), { label: 'i', total: '10', done: '2', seconds: '3', max: '2', endedAt: '' });
    await script.hset(redisKeys.waiting, { 1: '7' });
    const worker = { state: 'busy', loop: 1, iterations: [3], count: 1, since: NOW - 5, beat: NOW - 1 };
    await script.hset(redisKeys.workers, { 'worker-1': JSON.stringify(worker) });
    await script.set(redisKeys.gate, '4');
    await script.set(redisKeys.gated, '3');
    await script.hset(redisKeys.need, { ledger: '1' });
  }

  it('is seen as the engine writes it', async () => {
    await work();
    const { progress, workers, gate, urlRequests, refused } = await view();
    assert.deepEqual(progress.driver, {
      state: 'running',
      message: 'loop 1',
      reason: null,
      startedSeconds: 10.5,
      beatSeconds: 11,
    });
    assert.deepEqual([progress.done, progress.waiting, progress.running, progress.total], [2, 7, 1, 10]);
    assert.deepEqual(workers, [
      { pod: 'worker-1', state: 'busy', loop: 1, iterations: 1, sinceSeconds: NOW - 5, beatSeconds: NOW - 1 },
    ]);
    assert.deepEqual([gate, urlRequests, refused], [{ tasks: 4, begun: 3 }, ['ledger'], []]);
  });

  it('has all iterations of a long task in flight, of which a worker names the first hundred', async () => {
    await work();
    const iterations = Array.from({ length: 100 }, (_, index) => index + 1);
    const long = { state: 'busy', loop: 1, iterations, count: 2500, last: 2500, since: NOW - 5, beat: NOW - 1 };
    await script.hset(redisKeys.workers, { 'worker-2': JSON.stringify(long) });
    assert.equal((await view()).progress.running, 2501);
  });

  it('is empty before anybody has written', async () => {
    const { progress, workers, gate, refused } = await view();
    assert.deepEqual([progress.driver.state, progress.loops, progress.notBackedUp], [null, [], 0]);
    assert.deepEqual([workers, gate, refused], [[], { tasks: null, begun: 0 }, []]);
  });

  const forged: [what: string, forge: () => Promise<unknown>, place: string][] = [
    ['a state that is none', () => script.hset(redisKeys.driver, { state: 'rich' }), `${redisKeys.driver} state`],
    ['a time that is no number', () => script.hset(redisKeys.driver, { beatAt: 'NaN' }), `${redisKeys.driver} beatAt`],
    ['a count below zero', () => script.hset(redisKeys.loop(1), { failed: '-5' }), `${redisKeys.loop(1)} failed`],
    ['a count without end', () => script.hset(redisKeys.loop(1), { reused: '1e999' }), `${redisKeys.loop(1)} reused`],
    ['a loop that is no number', () => script.rpush(redisKeys.loops, '../2'), redisKeys.loops],
    [
      'a worker that is no JSON',
      () => script.hset(redisKeys.workers, { 'worker-2': '{' }),
      `${redisKeys.workers} worker-2`,
    ],
    [
      'a worker that is null',
      () => script.hset(redisKeys.workers, { 'worker-2': 'null' }),
      `${redisKeys.workers} worker-2`,
    ],
    [
      'a worker in no known state',
      () => script.hset(redisKeys.workers, { w: '{"state":"rich"}' }),
      `${redisKeys.workers} w`,
    ],
    [
      'a worker that is no pod',
      () => script.hset(redisKeys.workers, { '../nodes/x': '{}' }),
      `${redisKeys.workers} ../nodes/x`,
    ],
    ['a number of tasks that is none', () => script.set(redisKeys.gated, 'many'), redisKeys.gated],
    [
      'the end of a container that is no pod',
      () => script.hset(redisKeys.causes, { '1:2': 'container ../nodes/x 1 2' }),
      `${redisKeys.causes} 1:2`,
    ],
    [
      'the end of what is no iteration',
      () => script.hset(redisKeys.causes, { x: 'container w1 1 2' }),
      `${redisKeys.causes} x`,
    ],
    ['errors that are a text', () => script.set(redisKeys.errors, 'x'), redisKeys.errors],
    ['descriptions that are a list', () => script.rpush(redisKeys.described, 'x'), redisKeys.described],
  ];
  for (const [what, forge, place] of forged)
    it(`leaves out ${what}, and sees the rest`, async () => {
      await work();
      await forge();
      const { progress, workers, refused } = await view();
      assert.deepEqual([progress.done, progress.waiting, progress.total], [2, 7, 10]);
      assert.deepEqual(
        workers.map(({ pod }) => pod),
        ['worker-1'],
      );
      assert.deepEqual(refused, [place]);
    });

  it('tells of a few of very many values that are left out', async () => {
    await script.rpush(redisKeys.loops, ...Array.from({ length: 500 }, (_, index) => `x${index}`));
    await script.hset(
      redisKeys.workers,
      Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`w${index}`, '['])),
    );
    assert.equal((await view()).refused.length, 20);
  });

  it('is no empty one when its outbox is of another type', async () => {
    await script.set(redisKeys.outbox, 'x');
    await assert.rejects(view(), { code: 'FF-QUEUE-UNREACHABLE' });
  });

  it('gives results with their values, and tells of entries that are none', async () => {
    await journal(1, 'one');
    const bad = [
      { iteration: '0' },
      { iteration: '4294967296' },
      { loop: '../1' },
      { sha256: 'none' },
      { bytes: '-1' },
      { key: 'k'.repeat(1001) },
    ];
    for (const fields of bad) await journal(9, 'bad', fields);
    await script.xadd(redisKeys.outbox, '*', 'x', 'y');
    await journal(2, 'two', {
      seconds: 'long',
      startedAt: '',
      warnings: '-1',
      worker: 'w'.repeat(300),
      peakBytes: '-1',
    });
    await journal(3, 'three', { cpuSeconds: '1.25', peakBytes: '1024', peakOf: 'process' });
    const { items, refused } = await queue.outbox(100, 1000);
    assert.deepEqual(
      items.map(({ entry, value }) => [entry.iteration, String(value)]),
      [
        [1, 'one'],
        [2, 'two'],
        [3, 'three'],
      ],
    );
    const used = items.map(({ entry }) => [entry.cpuSeconds, entry.peakBytes, entry.peakOf]);
    const none = [undefined, undefined, undefined];
    assert.deepEqual(used, [none, none, [1.25, 1024, 'process']]);
    assert.equal(refused.length, bad.length + 1);
    await queue.forget(refused);
    await queue.confirm(items.map(({ entry }) => entry));
    assert.deepEqual(await queue.outbox(100, 1000), { items: [], refused: [] });
  });

  it('does not read a value that is larger than its entry says, or is none at all', async () => {
    await journal(1, 'x'.repeat(2000), { bytes: '3' });
    await journal(2, 'two');
    await journal(3, 'gone');
    await script.del(redisKeys.value(1, 3));
    await journal(4, 'text');
    await script.set(redisKeys.value(1, 4), 'a text');
    const { items } = await queue.outbox(100, 1000);
    assert.deepEqual(
      items.map(({ value }) => (Buffer.isBuffer(value) ? String(value) : value)),
      ['too-large', 'two', null, null],
    );
    await queue.reject(items.map(({ entry }) => entry));
    assert.deepEqual(await queue.outbox(100, 1000), { items: [], refused: [] });
  });

  it('tells of the deaths that nobody has explained, and explains those that are as they were', async () => {
    const causes = { '1:1': 'killed aborted', '1:2': 'container w1 5.5 9', '1:3': 'container w2 6 10' };
    await script.hset(redisKeys.causes, causes);
    const { deaths } = await view();
    assert.deepEqual(deaths, [
      { id: '1:2', cause: 'container w1 5.5 9', pod: 'w1', beganSeconds: 5.5, countedSeconds: 9 },
      { id: '1:3', cause: 'container w2 6 10', pod: 'w2', beganSeconds: 6, countedSeconds: 10 },
    ]);
    await script.hset(redisKeys.causes, { '1:3': 'container w2 16 20' });
    const explained = deaths.map(({ id, cause }) => ({ id, was: cause, cause: 'memory limit 2Gi' as const }));
    await queue.explainDeaths(explained);
    await queue.explainDeaths(explained);
    const expected = { ...causes, '1:2': 'memory limit 2Gi', '1:3': 'container w2 16 20' };
    assert.deepEqual(await script.hgetall(redisKeys.causes), expected);
  });

  it('has the outputs that are some', async () => {
    const output = { name: 'out.csv', bytes: 3, sha256: sha256('out') };
    const forgedOnes = ['{', 'null', '{"name":"x"}', JSON.stringify({ ...output, bytes: 'many' })];
    await script.rpush(redisKeys.outputs, ...forgedOnes, JSON.stringify(output));
    assert.deepEqual(await queue.outputs(), { items: [output], refused: forgedOnes.length });
  });

  it('has no reports where they are of another type', async () => {
    await script.set(redisKeys.errors, 'x');
    assert.deepEqual(await queue.reports('errors', 10), []);
    await script.xadd(redisKeys.described, '5-0', 'json', '{"loop":1}');
    assert.deepEqual(await queue.reports('loops', 10), [{ id: '5-0', json: '{"loop":1}' }]);
  });

  const large = 'x'.repeat(70 * 1024 ** 2);
  const fillers: [key: string, fill: () => Promise<unknown>][] = [
    [redisKeys.driver, () => script.hset(redisKeys.driver, { message: large })],
    [redisKeys.gate, () => script.set(redisKeys.gate, large)],
    [redisKeys.workers, () => script.hset(redisKeys.workers, { 'worker-9': large })],
    [redisKeys.loop(1), () => script.hset(redisKeys.loop(1), { label: large })],
  ];
  for (const [key, fill] of fillers)
    it(`is seen without ${key} when that is larger than a pass can bear`, async () => {
      await work();
      await fill();
      const { progress, refused, urlRequests } = await view();
      assert.deepEqual(refused, [key]);
      assert.equal(progress.waiting, 7);
      assert.deepEqual(urlRequests, ['ledger']);
      await journal(5, 'saved all the same');
      assert.equal((await queue.outbox(10, 1000)).items.length, 1);
    });

  it('has a report that is larger than a pass can bear as one that was left out, and those beside it', async () => {
    await script.xadd(redisKeys.errors, '*', 'json', '{"iteration":1}');
    await script.xadd(redisKeys.errors, '*', 'json', large);
    await script.xadd(redisKeys.errors, '*', 'json', 'x'.repeat(5 * 1024 ** 2));
    await script.xadd(redisKeys.errors, '*', 'json', '{"iteration":2}');
    const read: string[] = [];
    for (let time = 0; time < 10; time += 1) {
      const reports = await queue.reports('errors', 50);
      read.push(...reports.map(({ json }) => json));
      const ids = reports.map(({ id }) => id);
      await queue.confirmReports('errors', ids);
    }
    const leftOut = '{"message":"a report that is larger than reports are was left out"}';
    assert.deepEqual(read, ['{"iteration":1}', leftOut, leftOut, '{"iteration":2}']);
    assert.equal((await view()).progress.notBackedUp, 0);
  });

  it('has an entry of the outbox that is larger than a pass can bear as one that is none', async () => {
    await journal(1, 'one');
    await script.xadd(redisKeys.outbox, '*', 'loop', large);
    await journal(2, 'two');
    const iterations: number[] = [];
    let refusedOnes = 0;
    for (let time = 0; time < 10; time += 1) {
      const { items, refused } = await queue.outbox(100, 1000);
      iterations.push(...items.map(({ entry }) => entry.iteration));
      refusedOnes += refused.length;
      await queue.confirm(items.map(({ entry }) => entry));
    }
    assert.deepEqual([iterations, refusedOnes], [[1, 2], 1]);
  });

  it('can be asked again after an answer that was given up', async () => {
    await script.hset(redisKeys.causes, { '1:1': large });
    const death = { id: '1:1', was: 'x', cause: 'memory limit 2Gi' as const };
    await assert.rejects(queue.explainDeaths([death]), { message: /more than 67108864 bytes/ });
    await queue.renewLease();
    assert.equal(await script.get(redisKeys.lease), '1');
  });
});
