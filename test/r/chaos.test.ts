// Workers, driver and Redis killed by a schedule: one short run, so that every `npm test` has it.
// `npm run test:faults` runs more of them.
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { calmRun, chaosRun, type ChaosSize } from '../faults/chaos-run.ts';

const size: ChaosSize = { iterations: 40, seconds: 0.1, workers: 3, meanSeconds: 3, moments: 3 };

test('a job whose workers, driver and Redis are killed has the values of one that nobody disturbs', async () => {
  const expected = await calmRun(size);
  // Redis loses its last second, the driver its disk, then both die at once
  const seed = 36;
  const evidence = join(tmpdir(), `ff-chaos-${seed}`);
  const { verdict } = await chaosRun(seed, size, expected, evidence);
  assert.equal(verdict, 'identical', `evidence: ${evidence}`);
});
