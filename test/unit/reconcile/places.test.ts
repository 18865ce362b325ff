/** Places for clusters: a bound that holds whatever passes run at once, and of which nothing is lost for ever. */
import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { describe, it } from 'node:test';
import { runPasses } from '../../../functions/entry/run-passes.ts';
import { tick } from '../../../functions/entry/tick.ts';
import { parsePlaces } from '../../../functions/job/places.ts';
import { freeLeakedPlaces, readPlaces, releasePlace, takePlace } from '../../../functions/reconcile/place-list.ts';
import type { Fault } from '../../faults/world/fault-plan.ts';
import { FaultWorld } from '../../faults/world/fault-world.ts';
import { withQuietLog } from '../../faults/world/quiet-log.ts';
import { settings } from '../../faults/world/run-schedule.ts';
import { JobWorld } from '../../support/job-world.ts';

const outputs = [{ name: 'out.csv', bytes: 10, sha256: 'a'.repeat(64) }];
const JOBS = Array.from({ length: 20 }, (_, index) => `job-${index}`);
const STEP_SECONDS = 5;

/** Twenty folders at the same moment, then ticks until all have ended. */
async function runTwenty(faults: readonly Fault[], hours: number): Promise<FaultWorld> {
  const world = new FaultWorld({ script: { loops: [{ tasks: 6, seconds: 10 }], outputs } }, faults);
  const start = (work: (context: Parameters<typeof tick>[0]) => Promise<void>): void => {
    const ports = world.ports(world.process(0));
    void work({ ports: async () => ports, settings }).catch(() => undefined);
  };
  for (const job of JOBS) {
    world.uploads.write(`jobs/${job}/run.R`, 'x <- 1\n', world.nowMs);
    world.uploads.write(`jobs/${job}/job.yaml`, 'script: run.R\n', world.nowMs);
    for (let time = 0; time < world.processesPerEvent(); time += 1) start((context) => runPasses(context, job));
  }
  for (let seconds = 0; seconds < hours * 3600; seconds += STEP_SECONDS) {
    await setImmediate();
    while (world.deal()) await setImmediate();
    world.advance(STEP_SECONDS * 1000);
    if (seconds % 60 === 0) start(tick);
    const ended = new Set(world.notices.filter(({ event }) => event === 'succeeded').map(({ job }) => job));
    if (ended.size === JOBS.length && world.state.list('live/').length === 0) break;
  }
  return world;
}

describe('of twenty jobs that are submitted at once, no more than maxClusters have a cluster', () => {
  const rows: [name: string, faults: Fault[]][] = [
    ['one pass for each', []],
    ['three passes for each, one call at a time', [{ kind: 'interleave', seed: 1, processes: 3 }]],
    ['half of the writes refused', [{ kind: 'refuse', calls: 'state.write', chance: 0.5, seed: 1 }]],
  ];
  for (const [name, faults] of rows)
    it(`${name}, and all get their turn`, async () => {
      const world = await withQuietLog(() => runTwenty(faults, 6));
      assert.ok(world.mostClusters <= settings.maxClusters, `${world.mostClusters} clusters at once`);
      const ended = world.notices.filter((notice) => notice.event === 'succeeded').map((notice) => notice.job);
      assert.deepEqual([...new Set(ended)].toSorted(), JOBS.toSorted());
      assert.deepEqual(parsePlaces(world.state.read('places.json')!.bytes.toString()), {});
    });
});

describe('a place', () => {
  it('that a job left behind is free again with the next tick', async () => {
    const world = new JobWorld();
    const { state } = world.buckets;
    await state.write('live/lives', 'test', {});
    for (const job of ['lives', 'deleted']) await takePlace(state, { job, attempt: 1, maximum: 3, beside: [] }, 0);
    await freeLeakedPlaces(state);
    assert.deepEqual(Object.keys((await readPlaces(state)).places), ['lives']);
  });

  it('of the next attempt is not given back by a late pass of the one before', async () => {
    const { state } = new JobWorld().buckets;
    const request = { job: 'demo', maximum: 1, beside: [] };
    await takePlace(state, { ...request, attempt: 1 }, 0);
    await takePlace(state, { ...request, attempt: 2 }, 0);
    await releasePlace(state, 'demo', 1);
    assert.equal((await readPlaces(state)).places['demo']?.attempt, 2);
  });

  it('is not to be had beside as many clusters as are allowed, whether they are on the list or not', async () => {
    const { state } = new JobWorld().buckets;
    await takePlace(state, { job: 'demo', attempt: 1, maximum: 2, beside: ['a', 'b'] }, 0);
    assert.deepEqual((await readPlaces(state)).places, {});
  });

  it('is kept by those who have a cluster when the list cannot be read', async () => {
    const world = new JobWorld();
    await world.toRunning();
    await world.buckets.state.write('places.json', 'no list', {});
    await world.upload({ 'run.R': 'x <- 1', 'job.yaml': 'script: run.R' }, 'second');
    await world.pass(1, 'second');
    assert.equal(world.clusters.size, 1);
    await freeLeakedPlaces(world.buckets.state);
    assert.deepEqual(Object.keys((await readPlaces(world.buckets.state)).places), ['demo']);
    await world.pass(1, 'second');
    assert.equal(world.clusters.size, 2);
  });
});
