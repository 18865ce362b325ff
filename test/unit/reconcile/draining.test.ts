/** Ending an attempt: no result is left in a cluster that is deleted, and no cluster outlives the job's money. */
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { PortError } from '../../../functions/ports/port-error.ts';
import { JobWorld, loop } from '../../support/job-world.ts';

let world: JobWorld;

beforeEach(() => {
  world = new JobWorld();
});

const saved = async (): Promise<number> => (await world.record()).ledger.results;

describe('a job that ends', () => {
  it('keeps its cluster while Redis cannot be read, also when no pass has ever read it', async () => {
    await world.upload({ 'run.R': 'x <- 1\n', 'job.yaml': 'script: run.R\n' });
    await world.pass();
    const there = world.cluster();
    there.view.state = 'running';
    await world.pass();
    for (const iteration of [1, 2, 3, 4]) there.journal(1, iteration);
    there.redisUp = false;
    there.driver = 'succeeded';
    for (let passes = 0; passes < 5; passes += 1) await world.pass(60);
    assert.equal(there.view.state, 'running');
    there.redisUp = true;
    await world.pass(60);
    await world.untilGone(there);
    assert.deepEqual([await world.phase(), await saved()], ['succeeded', 4]);
  });

  it('keeps its cluster for a result that comes between the last back-up and the deletion', async () => {
    const there = await world.toRunning();
    await world.upload({ 'control/cancel.json': '{}' });
    const { get } = world.ports.clusters;
    let looks = 0;
    // The second look of the pass is the one right before the deletion.
    world.ports.clusters.get = async (name, location) => {
      looks += 1;
      if (looks === 2) there.journal(1, 7);
      return get(name, location);
    };
    await world.pass();
    assert.deepEqual([looks, there.view.state, await saved()], [2, 'running', 0]);
    await world.pass();
    await world.pass();
    assert.deepEqual([there.view.state, await saved()], ['stopping', 1]);
  });

  for (const state of ['error', 'provisioning', 'reconciling'] as const)
    it(`saves what a cluster has that is said to be ${state}`, async () => {
      const there = await world.toRunning();
      there.journal(1, 1);
      there.driver = 'succeeded';
      there.view.state = state;
      await world.untilGone(there);
      assert.deepEqual([await world.phase(), await saved()], ['succeeded', 1]);
    });

  it('is not held for debugging beyond its money', async () => {
    const there = await world.toRunning('script: run.R\nlimits: {usd: 0.2}\ndebugHold: 24h\n');
    there.driver = 'failed';
    for (let passes = 0; passes < 600 && there.view.state !== 'stopping'; passes += 1) await world.pass(60);
    assert.equal(there.view.state, 'stopping');
    assert.ok((await world.record()).spending.usd <= 0.2, String((await world.record()).spending.usd));
  });

  it('gives up writing to a bucket that refuses, when its money is used up, and says what is lost', async () => {
    const there = await world.toRunning('script: run.R\nlimits: {usd: 0.5}\n');
    there.loops = [loop({ done: 5, seconds: 500, waiting: 0, total: 5, ended: true })];
    there.journal(1, 5);
    there.driver = 'succeeded';
    const refused = new PortError('FF-BUCKET', 'writing results: 403 Forbidden', { retry: false });
    for (let passes = 0; passes < 600 && there.view.state !== 'stopping'; passes += 1) {
      world.failNext('results.write', 'before', refused);
      await world.pass(60);
    }
    const record = await world.record();
    assert.equal(record.ending?.code, 'FF-RESULTS-UNSAVED');
    assert.match(record.ending.message, /1 results and reports could not be written/);
    assert.ok(record.spending.usd <= 0.5, String(record.spending.usd));
    assert.equal(there.replicas, 0, 'workers do not wait for the bucket');
  });
});

describe('limits', () => {
  it('count what earlier attempts have spent, and a resume asks for more', async () => {
    const there = await world.toRunning('script: run.R\nlimits: {usd: 0.2}\n');
    for (let i = 0; i < 200 && (await world.record()).ending === null; i += 1) await world.pass(60);
    there.driver = 'failed';
    await world.untilGone(there);
    const spent = (await world.record()).spending.usd;
    assert.equal(await world.phase(), 'stopped');
    await world.buckets.uploads.write('jobs/demo/control/resume.json', '{}', {});
    await world.pass();
    const again = await world.record();
    assert.deepEqual([again.phase, again.problems[0]?.path], ['stopped', 'limits.usd']);
    for (const [limit, phase] of [
      [spent + 0.001, 'failed'],
      [1, 'creating'],
    ] as const) {
      await world.upload({ 'job.yaml': `script: run.R\nlimits: {usd: ${limit}}\n` });
      if (phase === 'failed') await world.buckets.uploads.write('jobs/demo/control/resume.json', '{}', {});
      await world.pass();
      assert.equal(await world.phase(), phase);
    }
    assert.equal((await world.record()).spending.usd, spent);
  });

  it('do not count a cluster that was refused', async () => {
    await world.upload({ 'run.R': 'x <- 1\n', 'job.yaml': 'script: run.R\n' });
    world.failNext('clusters.create');
    await world.pass();
    for (let passes = 0; passes < 5; passes += 1) {
      world.failNext('clusters.create');
      await world.pass(60);
    }
    assert.equal((await world.record()).spending.usd, 0);
  });
});
