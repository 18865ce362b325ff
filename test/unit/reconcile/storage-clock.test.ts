/** The clock of a pass: the instance's own where it agrees with the record's time, else the storage's. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Clock } from '../../../functions/ports/clock.ts';
import { storageClock } from '../../../functions/reconcile/storage-clock.ts';
import { VirtualWorld } from '../../../testing/virtual-ports.ts';

const HOUR_MS = 3_600_000;
const rows: [name: string, aheadMs: number, recordAgeMs: number | null, asksStorage: boolean][] = [
  ['a clock that is right, and a new record', 0, 60_000, false],
  ['a clock that is a little ahead', 5_000, 60_000, false],
  ['a clock that is behind the record', -HOUR_MS, 60_000, true],
  ['a clock that is an hour ahead', HOUR_MS, 60_000, true],
  ['a record of three minutes ago may be a wrong clock', 0, 180_000, true],
  ['no record', HOUR_MS, null, true],
];

describe('the clock of a pass', () => {
  for (const [name, aheadMs, recordAgeMs, asksStorage] of rows)
    it(`${asksStorage ? "is the storage's" : 'is its own'}: ${name}`, async () => {
      const world = new VirtualWorld();
      const own: Clock = { nowMs: () => world.nowMs + aheadMs, sleep: async () => undefined };
      const updatedMs = recordAgeMs === null ? null : world.nowMs - recordAgeMs;
      const clock = await storageClock(own, world.buckets.state, updatedMs);
      assert.equal(world.calls.includes('state.write'), asksStorage);
      assert.equal(clock.nowMs(), asksStorage ? world.nowMs : own.nowMs());
      world.nowMs += 1000;
      assert.equal(clock.nowMs(), asksStorage ? world.nowMs : own.nowMs());
    });

  it('is its own where somebody has asked the storage a minute ago', async () => {
    const world = new VirtualWorld();
    const own: Clock = { nowMs: () => world.nowMs, sleep: async () => undefined };
    await storageClock(own, world.buckets.state, null);
    world.nowMs += 60_000;
    world.calls.length = 0;
    await storageClock(own, world.buckets.state, null);
    assert.equal(world.calls.includes('state.write'), false);
    const hourAhead: Clock = { ...own, nowMs: () => world.nowMs + HOUR_MS };
    assert.equal((await storageClock(hourAhead, world.buckets.state, null)).nowMs(), world.nowMs);
  });
});
