/** The scheduler's message comes every interval, also over restarts. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createContext } from '../../local-cloud/context.ts';
import { startScheduler } from '../../local-cloud/eventarc/scheduler.ts';
import type { RunningPubsub } from '../../local-cloud/pubsub/pubsub.ts';
import { ManualClock } from '../support/manual-clock.ts';

test('a tick every interval, one at once after a pause, none after stop; runNow begins it anew', async (t) => {
  const stateDir = await mkdtemp(join(tmpdir(), 'ff-scheduler-'));
  t.after(() => rm(stateDir, { recursive: true, force: true }));
  const clock = new ManualClock();
  const context = createContext({ stateDir, clock, quiet: true });
  let ticks = 0;
  const pubsub = { publish: () => `${(ticks += 1)}` } as unknown as RunningPubsub;
  const start = () => startScheduler(context, { pubsub, topic: 'ff-tick', intervalMs: 60_000 });

  const first = start();
  clock.advance(59_999);
  assert.equal(ticks, 0);
  clock.advance(1);
  assert.equal(ticks, 1);
  clock.advance(30_000);
  first.runNow();
  clock.advance(59_999);
  assert.equal(ticks, 2);
  first.stop();
  clock.advance(600_000);
  assert.equal(ticks, 2);

  const second = start();
  clock.advance(0);
  assert.equal(ticks, 3);
  clock.advance(60_000);
  assert.equal(ticks, 4);
  second.stop();
});
