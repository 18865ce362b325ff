/** A tick over many jobs: all at their turn, none for long, and no call for those that ended long ago. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { visitJobs } from '../../../functions/entry/visit-jobs.ts';
import { findJobs } from '../../../functions/reconcile/find-jobs.ts';
import { VirtualWorld } from '../../../testing/virtual-ports.ts';

const jobs = Array.from({ length: 200 }, (_, index) => `job-${index}`);

/** Jobs that a round visits when each visit takes a second of one lane's time. */
async function visited(number: number, seconds: number, atOnce = 16): Promise<string[]> {
  const seen: string[] = [];
  const clock = { nowMs: () => (seen.length * 1000) / atOnce };
  const left = await visitJobs(jobs, { atOnce, untilMs: seconds * 1000, number }, clock, async (job) => {
    seen.push(job);
  });
  assert.equal(seen.length + left, jobs.length);
  return seen;
}

describe('a round of visits', () => {
  it('reaches 200 jobs in its time', async () => {
    assert.deepEqual((await visited(0, 50)).toSorted(), jobs.toSorted());
  });

  it('ends at its deadline, and no job is left out for ever', async () => {
    const seen = new Set<string>();
    for (let number = 0; number < 12; number += 1) for (const job of await visited(number, 3)) seen.add(job);
    assert.equal(seen.size, jobs.length);
  });

  it('of no jobs is quick', async () => {
    assert.equal(await visitJobs([], { atOnce: 1, untilMs: 1, number: 7 }, { nowMs: () => 0 }, async () => {}), 0);
  });
});

describe('what a tick asks the buckets', () => {
  async function callsOf(ended: number, minutesLater: number): Promise<{ calls: number; found: string[] }> {
    const world = new VirtualWorld();
    for (let job = 0; job < ended; job += 1) {
      await world.buckets.state.write(`jobs/ended-${job}.json`, '{}', {});
      await world.buckets.uploads.write(`jobs/ended-${job}/job.yaml`, '', {});
    }
    await world.buckets.state.write('live/lives', '', {});
    await findJobs(world.buckets, world.nowMs);
    await world.buckets.uploads.write('jobs/unannounced/job.yaml', '', {});
    world.calls.length = 0;
    const found = await findJobs(world.buckets, world.nowMs + minutesLater * 60_000);
    return { calls: world.calls.length, found };
  }

  it('does not grow with jobs that have ended', async () => {
    assert.deepEqual(await callsOf(3000, 1), await callsOf(0, 1));
    assert.deepEqual((await callsOf(3000, 1)).found, ['lives']);
  });

  it('finds folders that no event has announced within a quarter of an hour', async () => {
    assert.deepEqual((await callsOf(3, 15)).found, ['lives', 'unannounced']);
  });
});
