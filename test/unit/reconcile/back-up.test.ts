/**
 * Back-up when an earlier pass died half way: the ledger names only bytes that are in
 * the bucket, and Redis forgets only those.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { beforeEach, describe, it } from 'node:test';
import { type LedgerLine, parseLedger } from '../../../functions/job/ledger.ts';
import { readPart } from '../../faults/world/read-part.ts';
import { JobWorld, loop } from '../../support/job-world.ts';

let world: JobWorld;

beforeEach(() => {
  world = new JobWorld();
});

/** The values that the ledger names, read from the objects that it names them in; throws when one is not there. */
function savedValues(): Record<string, string> {
  const { objects } = world.buckets.results;
  const values: Record<string, string> = {};
  for (const [name, { bytes }] of objects) {
    if (!name.includes('/ledger/')) continue;
    for (const text of bytes.toString().trimEnd().split('\n')) {
      const line = JSON.parse(text) as LedgerLine;
      const file = objects.get(line.object)!.bytes;
      const value = line.part === null ? file : readPart(file).get(line.part)!;
      assert.equal(createHash('sha256').update(value).digest('hex'), line.sha256);
      values[`${line.iteration} ${line.key}`] = value.toString();
    }
  }
  return values;
}

describe('back-up', () => {
  it('of a long loop saves what came after a pass that died between a shared file and its ledger', async () => {
    const there = await world.toRunning();
    there.loops = [loop({ total: 5000, done: 3, seconds: 3, waiting: 4990 })];
    await world.pass();
    for (const iteration of [1, 2, 3]) there.journal(1, iteration);
    world.failNext('results.write', 'after');
    await world.pass();
    for (const iteration of [4, 5]) there.journal(1, iteration);
    await world.pass();
    await world.pass();
    const expected = [1, 2, 3, 4, 5].map((iteration) => [`${iteration} k${iteration}`, `value 1/${iteration}`]);
    assert.deepEqual(savedValues(), Object.fromEntries(expected));
    assert.equal(there.outbox.length, 0);
  });

  it('counts the warnings of what it saves', async () => {
    const there = await world.toRunning();
    for (const iteration of [1, 2, 3]) there.journal(1, iteration);
    there.outbox[0]!.entry = { ...there.outbox[0]!.entry, warnings: 2 };
    there.outbox[2]!.entry = { ...there.outbox[2]!.entry, warnings: 1 };
    await world.pass();
    assert.equal((await world.record()).ledger.warnings, 3);
  });

  it('knows the most that an iteration of those that it saves has used', async () => {
    const there = await world.toRunning();
    for (const iteration of [1, 2, 3]) there.journal(1, iteration);
    there.outbox[0]!.entry = { ...there.outbox[0]!.entry, peakBytes: 5e8, cpuSeconds: 1.5 };
    there.outbox[1]!.entry = { ...there.outbox[1]!.entry, peakBytes: 2e8, cpuSeconds: 30, peakOf: 'process' };
    await world.pass();
    const { peakBytes, cpuSeconds } = (await world.record()).ledger;
    assert.deepEqual([peakBytes, cpuSeconds], [5e8, 30]);
    const [ledger = ''] = [...world.buckets.results.objects.keys()].filter((name) => name.includes('/ledger/'));
    const { lines } = parseLedger(String(world.buckets.results.objects.get(ledger)?.bytes));
    const used = lines.map((line) => [line.iteration, line.peakBytes, line.cpuSeconds, line.peakOf]);
    const expected = [
      [1, 5e8, 1.5, undefined],
      [2, 2e8, 30, 'process'],
      [3, undefined, undefined, undefined],
    ];
    assert.deepEqual(used.toSorted(), expected);
  });

  it('keeps a second result of an iteration, whose key has changed, beside the first', async () => {
    const there = await world.toRunning();
    there.journal(1, 7, 'first');
    world.failNext('results.write', 'after');
    await world.pass();
    there.outbox = [];
    there.journal(1, 7, 'second');
    there.outbox[0]!.entry = { ...there.outbox[0]!.entry, key: 'other' };
    await world.pass();
    assert.deepEqual(savedValues(), { '7 other': 'second' });
  });

  it('does not read what a pod has put under the name of a result, however large it is', async () => {
    const there = await world.toRunning();
    const plain = 'demo/attempt-1/loop-1/iteration-000007.rds';
    await world.buckets.results.write(plain, 'put there by the script', {});
    there.journal(1, 7);
    await world.pass();
    assert.deepEqual(savedValues(), { '7 k7': 'value 1/7' });
    assert.equal(world.buckets.results.objects.get(plain)?.bytes.toString(), 'put there by the script');
    assert.ok(!world.calls.includes('results.read'));
  });

  it('takes entries that are no results off the list, and saves the others', async () => {
    const there = await world.toRunning();
    there.journal(1, 1);
    there.outboxRefused = ['8-0', '9-0'];
    await world.pass();
    assert.deepEqual(savedValues(), { '1 k1': 'value 1/1' });
    assert.deepEqual([there.outbox, there.outboxRefused], [[], []]);
  });

  it('rejects a value that is larger than its entry says, and saves the others', async () => {
    const there = await world.toRunning();
    for (const iteration of [1, 2]) there.journal(1, iteration);
    there.outbox[0]!.value = 'too-large';
    await world.pass();
    assert.deepEqual(savedValues(), { '2 k2': 'value 1/2' });
    assert.deepEqual(
      there.rejected.map((entry) => entry.iteration),
      [1],
    );
  });

  for (const unreadable of ['queue.reports', 'queue.outputs'])
    it(`counts what it has saved when ${unreadable} cannot be read`, async () => {
      const there = await world.toRunning();
      there.journal(1, 1);
      world.failNext(unreadable);
      await world.pass();
      assert.equal((await world.record()).ledger.results, 1);
    });

  it('sets a damaged value aside: it is free to run again, and the others are saved', async () => {
    const there = await world.toRunning();
    for (const iteration of [1, 2, 3]) there.journal(1, iteration);
    there.outbox[1]!.value = Buffer.from('rotten');
    await world.pass();
    assert.deepEqual(savedValues(), { '1 k1': 'value 1/1', '3 k3': 'value 1/3' });
    assert.deepEqual(
      there.rejected.map((entry) => entry.iteration),
      [2],
    );
    const aside = [...world.buckets.results.objects].filter(([name]) => name.includes('/quarantine/'));
    assert.deepEqual(
      aside.map(([, object]) => object.bytes.toString()),
      ['rotten'],
    );
  });
});
