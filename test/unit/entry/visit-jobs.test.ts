/** A tick over many jobs: all at their turn, none for long, and no call for those that ended long ago. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { visitJobs } from '../../../functions/entry/visit-jobs.ts';
import { findJobs } from '../../../functions/reconcile/find-jobs.ts';
import type { Bucket } from '../../../functions/ports/bucket.ts';
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
  async function worldOf(ended: number): Promise<VirtualWorld> {
    const world = new VirtualWorld();
    for (let job = 0; job < ended; job += 1) {
      await world.buckets.state.write(`jobs/ended-${job}.json`, '{}', {});
      await world.buckets.uploads.write(`jobs/ended-${job}/job.yaml`, '', {});
    }
    await world.buckets.state.write('live/lives', '', {});
    await findJobs(world.ports, world.nowMs);
    return world;
  }

  /** As the storage counts: a list of 1,000 names is one. */
  async function callsInAnHour(ended: number): Promise<number> {
    const world = await worldOf(ended);
    let calls = 0;
    const counted = <T>(answer: T): T => (
      (calls += Array.isArray(answer) ? Math.ceil(answer.length / 1000) : 1),
      answer
    );
    const { state, uploads } = world.buckets;
    const counting = (bucket: Bucket): Bucket => ({
      ...bucket,
      list: async (prefix, options) => counted(await bucket.list(prefix, options)),
      listFolders: async (prefix) => counted(await bucket.listFolders(prefix)),
      read: async (name, most) => counted(await bucket.read(name, most)),
      write: async (name, bytes, options) => counted(await bucket.write(name, bytes, options)),
    });
    const buckets = { state: counting(state), uploads: counting(uploads) };
    for (let minute = 1; minute <= 60; minute += 1) {
      world.nowMs += 60_000;
      await findJobs({ ...world.ports, buckets: { ...world.buckets, ...buckets } }, world.nowMs);
    }
    return calls;
  }

  it('does not grow with jobs that have ended', async () => {
    const [few, many] = [await callsInAnHour(900), await callsInAnHour(6000)];
    assert.ok(many <= few, `${many} calls in an hour with 6,000 jobs, ${few} with 900`);
  });

  async function foundAfter(ended: number, seconds: number): Promise<string[]> {
    const world = await worldOf(ended);
    await world.buckets.uploads.write('jobs/unannounced/job.yaml', '', {});
    return findJobs(world.ports, world.nowMs + seconds * 1000);
  }

  it('finds a folder that no event has announced at the next tick, and later where there were thousands', async () => {
    assert.deepEqual(await foundAfter(3, 60), ['lives', 'unannounced']);
    assert.deepEqual(await foundAfter(3000, 60), ['lives']);
    assert.deepEqual(await foundAfter(3000, 180), ['lives', 'unannounced']);
  });

  it('finds it by a clock that is an hour behind, too', async () => {
    assert.deepEqual(await foundAfter(3, -3600), ['lives', 'unannounced']);
  });
});
