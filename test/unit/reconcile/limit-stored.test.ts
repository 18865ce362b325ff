/** An attempt that fills the bucket is ended; what it has put there is asked for every ten minutes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isStoredDue, MOST_STORED_BYTES } from '../../../functions/reconcile/limit-stored.ts';
import { JobWorld } from '../../support/job-world.ts';

const MINUTE_MS = 60_000;

describe('what an attempt has put into the bucket', () => {
  const rows: [observedMinute: number, nowMinute: number, isDue: boolean][] = [
    [0, 9, false],
    [9, 10, true],
    [10, 19, false],
    [10, 60, true],
  ];
  for (const [observedMinute, nowMinute, isDue] of rows)
    it(`is ${isDue ? '' : 'not '}summed up in minute ${nowMinute} after a pass in minute ${observedMinute}`, () => {
      assert.equal(isStoredDue(observedMinute * MINUTE_MS, nowMinute * MINUTE_MS), isDue);
    });

  const sums: [bytes: number, code: string | undefined][] = [
    [MOST_STORED_BYTES, undefined],
    [MOST_STORED_BYTES + 1, 'FF-LIMIT-BYTES'],
  ];
  for (const [bytes, code] of sums)
    it(`${code === undefined ? 'may be' : 'ends the job at'} ${bytes} bytes`, async () => {
      const world = new JobWorld();
      await world.toRunning();
      world.buckets.results.bytesBelow = async (prefix) => (prefix === 'demo/attempt-1/' ? bytes : 0);
      await world.pass(600);
      const { ending } = await world.record();
      assert.equal(ending?.code, code);
      assert.equal(ending?.outcome, code === undefined ? undefined : 'stopped');
    });

  it('ends nothing where it cannot be read', async () => {
    const world = new JobWorld();
    await world.toRunning();
    world.buckets.results.bytesBelow = () => Promise.reject(new Error('scripted'));
    await world.pass(600);
    assert.equal((await world.record()).ending, null);
  });
});
