// Jobs whose workers, driver and Redis are killed by the schedule of a seed have the values of one that nobody
// disturbs. There are three short runs, or with FF_CHAOS_SEEDS=1-50 as many long ones. How the processes interleave is
// not part of a seed: what fails once may pass the next time.
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { calmRun, chaosRun, type ChaosSize } from './chaos-run.ts';

const long: ChaosSize = { iterations: 500, seconds: 0.2, workers: 4, meanSeconds: 2, moments: 20 };
const short: ChaosSize = { iterations: 60, seconds: 0.2, workers: 3, meanSeconds: 2, moments: 3 };
/** Against hanging: a long run takes some two minutes where nothing else runs. */
const timeout = 1_200_000;

const named = process.env['FF_CHAOS_SEEDS'];

function readSeeds(text: string): number[] {
  const [, first, last] = /^(\d+)-(\d+)$/.exec(text) ?? assert.fail(`FF_CHAOS_SEEDS is ${text}, not like 1-50`);
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => Number(first) + index);
}

describe('chaos', () => {
  const size = named === undefined ? short : long;
  let expected: Buffer;

  before(
    async () => {
      expected = await calmRun(size);
    },
    { timeout },
  );

  for (const seed of readSeeds(named ?? '1-3')) {
    it(`seed ${seed} changes no value`, { timeout }, async (t) => {
      const evidence = join(tmpdir(), `ff-chaos-${seed}`);
      const outcome = await chaosRun(seed, size, expected, evidence);
      t.diagnostic(JSON.stringify(outcome));
      assert.equal(outcome.verdict, 'identical', `evidence: ${evidence}`);
    });
  }
});
