/**
 * What pods upload and ask for: results whose value never passes through Redis, and
 * URLs of objects. Pods are not believed.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isPodObject, namesItself } from '../../../functions/job/pod-objects.ts';
import { type LedgerLine, parseLedger } from '../../../functions/job/ledger.ts';
import type { VirtualCluster } from '../../../testing/virtual-cluster.ts';
import { JobWorld } from '../../support/job-world.ts';

const ATTEMPT = 'demo/attempt-1/';
const SHA = 'a'.repeat(64);

async function ledgerOf(world: JobWorld): Promise<LedgerLine[]> {
  const segments = await world.buckets.results.list(`${ATTEMPT}ledger/`);
  const texts = await Promise.all(segments.map(({ name }) => world.buckets.results.read(name)));
  return texts.flatMap((text) => parseLedger(text!.bytes.toString()).lines);
}

async function upload(world: JobWorld, name: string, content: string): Promise<void> {
  await world.buckets.results.write(ATTEMPT + name, content, {});
}

describe('results that pods have uploaded', () => {
  it('are named by the ledger when they are there, and are never read', async () => {
    const world = new JobWorld();
    const there = await world.toRunning();
    const object = there.journalObject(1, 7, 'large');
    await upload(world, object, 'large');
    const reads = countReads(world);
    await world.pass();
    const [line] = await ledgerOf(world);
    assert.deepEqual([line?.object, line?.part, line?.bytes], [ATTEMPT + object, null, 5]);
    assert.ok(!('md5' in line!));
    assert.equal(there.outbox.length, 0);
    assert.deepEqual(reads(ATTEMPT + object), 0);
  });

  const refused: [what: string, spoil: (there: VirtualCluster, world: JobWorld, object: string) => Promise<unknown>][] =
    [
      ['that is not in the bucket', async () => undefined],
      ['of another size', (_, world, object) => upload(world, object, 'larger')],
      ['of other bytes', (_, world, object) => upload(world, object, 'LARGE')],
      [
        'of another iteration',
        async (there, world) => {
          const foreign = there.outbox.at(-1)!.entry.object!.replace('iteration-000007', 'iteration-000008');
          rename(there, foreign);
          await upload(world, foreign, 'large');
        },
      ],
      [
        'outside of the attempt',
        async (there, world) => {
          rename(there, '../attempt-2/ledger/000001.jsonl');
          await world.buckets.results.write('demo/attempt-2/ledger/000001.jsonl', 'large', {});
        },
      ],
    ];
  for (const [what, spoil] of refused)
    it(`are refused and free to run again: one ${what}`, async () => {
      const world = new JobWorld();
      const there = await world.toRunning();
      there.journal(1, 1);
      const object = there.journalObject(1, 7, 'large');
      await spoil(there, world, object);
      await world.pass();
      assert.deepEqual(
        (await ledgerOf(world)).map((line) => line.iteration),
        [1],
      );
      assert.deepEqual(
        there.rejected.map((entry) => entry.iteration),
        [7],
      );
      assert.equal(there.outbox.length, 0);
    });

  it('leave no empty ledger behind when all are refused', async () => {
    const world = new JobWorld();
    const there = await world.toRunning();
    const before = (await world.record()).ledger.segments;
    there.journalObject(1, 7, 'large');
    await world.pass();
    assert.equal((await world.record()).ledger.segments, before);
    assert.deepEqual(await ledgerOf(world), []);
  });

  it('entries without any value are forgotten: nobody waits for them', async () => {
    const world = new JobWorld();
    const there = await world.toRunning();
    there.journal(1, 1);
    there.outbox.at(-1)!.value = null;
    await world.pass();
    assert.equal(there.outbox.length, 0);
    assert.deepEqual([there.rejected, await ledgerOf(world)], [[], []]);
  });
});

describe('URLs for pods', () => {
  it('are given for objects of their attempt that exist, and said to be none for others', async () => {
    const world = new JobWorld();
    const there = await world.toRunning();
    const result = `loop-1/iteration-000007-${SHA.slice(0, 16)}.rds`;
    const shared = `exports/${SHA}.rds`;
    const missing = `exports/${'b'.repeat(64)}.rds`;
    await upload(world, result, 'x');
    await upload(world, shared, 'x');
    await upload(world, 'ledger/000009.jsonl', '');
    there.urlRequests = [result, shared, missing, 'ledger/000009.jsonl', '../attempt-1/ledger/000009.jsonl'];

    await world.pass();
    assert.equal(there.signedUrls[result]?.url, `https://signed.test/results/${ATTEMPT}${result}`);
    assert.ok(there.signedUrls[shared]!.goodUntilSeconds > world.nowMs / 1000 + 3600);
    assert.deepEqual(
      [
        there.signedUrls[missing],
        there.signedUrls['ledger/000009.jsonl'],
        there.signedUrls['../attempt-1/ledger/000009.jsonl'],
      ],
      [null, null, null],
    );
    assert.deepEqual(there.urlRequests, []);
  });

  const names: [name: string, ours: boolean][] = [
    [`loop-1/iteration-000001-${SHA.slice(0, 16)}.rds`, true],
    [`loop-12/iteration-1000000-${SHA.slice(0, 16)}-2.rds`, true],
    [`exports/${SHA}.rds`, true],
    ['ledger', false],
    ['loop-1/iteration-000001.rds', false],
    [`loop-1/../../other/attempt-1/loop-1/iteration-000001-${SHA.slice(0, 16)}.rds`, false],
    [`/exports/${SHA}.rds`, false],
    [`exports/${SHA}.rds\n`, false],
    [`exports/${SHA.toUpperCase()}.rds`, false],
    ['outputs/table.csv', false],
    ['errors/000001.jsonl', false],
    ['', false],
  ];
  for (const [name, ours] of names)
    it(`${JSON.stringify(name)} is ${ours ? 'an' : 'no'} object of pods`, () => assert.equal(isPodObject(name), ours));

  it('a result must be named by its own iteration and content', () => {
    const entry = { loop: 1, iteration: 1, sha256: SHA, object: `loop-1/iteration-000001-${SHA.slice(0, 16)}-3.rds` };
    assert.ok(namesItself(entry));
    assert.ok(!namesItself({ ...entry, loop: 2 }));
    assert.ok(!namesItself({ ...entry, iteration: 2 }));
    assert.ok(!namesItself({ ...entry, sha256: 'b'.repeat(64) }));
    assert.ok(!namesItself({ ...entry, sha256: SHA.slice(0, 16) }));
    assert.ok(!namesItself({ ...entry, object: null }));
  });
});

function rename(there: VirtualCluster, object: string): void {
  const item = there.outbox.at(-1)!;
  item.entry = { ...item.entry, object };
}

function countReads(world: JobWorld): (name: string) => number {
  const { results } = world.buckets;
  const names: string[] = [];
  const read = results.read.bind(results);
  results.read = (name: string) => {
    names.push(name);
    return read(name);
  };
  return (name) => names.filter((one) => one === name).length;
}
