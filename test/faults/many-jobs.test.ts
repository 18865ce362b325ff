/** What a tick asks for with two hundred jobs, of which twenty drain, and with ten thousand that have ended. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { tick } from '../../functions/entry/tick.ts';
import { JobWorld, loop, settings } from '../support/job-world.ts';
import { withQuietLog } from './world/quiet-log.ts';

const JOBS = 200;
const DRAINING = 20;
const ENDED = 10_000;
const LONGEST_MS = 20 * 60_000;

async function tickOnce(world: JobWorld): Promise<{ calls: number; seconds: number }> {
  world.nowMs += 60_000;
  world.calls.length = 0;
  const began = performance.now();
  await withQuietLog(() => tick({ ports: async () => world.ports, settings: { ...settings, maxClusters: JOBS } }));
  return { calls: world.calls.length, seconds: (performance.now() - began) / 1000 };
}

async function running(ended: number): Promise<JobWorld> {
  const world = new JobWorld();
  for (let job = 0; job < JOBS; job += 1)
    await world.upload({ 'run.R': 'x <- 1\n', 'job.yaml': 'script: run.R\n' }, `job-${job}`);
  for (let job = 0; job < ended; job += 1) await world.buckets.state.write(`jobs/ended-${job}.json`, '{}', {});
  for (let round = 0; round < 3; round += 1) await tickOnce(world);
  for (const there of world.clusters.values()) there.view.state = 'running';
  for (let round = 0; round < 2; round += 1) await tickOnce(world);
  for (const there of world.clusters.values()) {
    there.driverState = 'running';
    there.loops = [loop({ done: 4, seconds: 400, waiting: 93 })];
  }
  for (let round = 0; round < 3; round += 1) await tickOnce(world);
  return world;
}

it('a tick over 200 jobs reaches all of them, and ended ones add nothing', { timeout: LONGEST_MS }, async (t) => {
  const sums: number[] = [];
  for (const ended of [0, ENDED]) {
    const world = await running(ended);
    assert.equal(world.clusters.size, JOBS);
    for (let job = 0; job < DRAINING; job += 1) {
      await world.buckets.uploads.write(`jobs/job-${job}/control/cancel.json`, '{}', {});
      const there = world.clusters.get(`ff-job-${job}-1`);
      for (let iteration = 1; iteration <= 50; iteration += 1) there?.journal(1, iteration);
    }
    const { calls, seconds } = await tickOnce(world);
    t.diagnostic(`${JOBS} jobs, ${DRAINING} of them drain, ${ended} ended: ${calls} calls, ${seconds.toFixed(1)} s`);
    const stopping = [...world.clusters.values()].filter(({ view }) => view.state === 'stopping');
    assert.equal(stopping.length, DRAINING);
    let quiet = 0;
    for (let round = 0; round < 15; round += 1) quiet += (await tickOnce(world)).calls;
    t.diagnostic(`15 more ticks: ${quiet} calls`);
    sums.push(calls + quiet);
  }
  const [without = 0, withEnded = Infinity] = sums;
  assert.ok(withEnded <= without, `${withEnded} calls instead of ${without}`);
});
