/** Whole passes when things go wrong: limits, lost machines, lost answers, several passes at once, orphans. */
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { PreconditionError } from '../../../functions/ports/port-error.ts';
import { reconcileJob } from '../../../functions/reconcile/reconcile-job.ts';
import { sweep } from '../../../functions/reconcile/sweep.ts';
import { JobWorld, loop, settings } from '../../support/job-world.ts';

let world: JobWorld;

beforeEach(() => {
  world = new JobWorld();
});

describe('limits', () => {
  it('ends a job that reaches its time limit as stopped, and it can be resumed', async () => {
    const there = await world.toRunning('script: run.R\nlimits: {time: 10m}\n');
    await world.pass(700);
    assert.equal((await world.record()).ending?.code, 'FF-LIMIT-TIME');
    assert.equal(there.stopReason, 'FF-LIMIT-TIME');
    there.driver = 'failed';
    await world.untilGone(there);
    assert.equal(await world.phase(), 'stopped');
  });

  it('ends before the money limit, counting what winding down costs', async () => {
    const there = await world.toRunning('script: run.R\nlimits: {usd: 0.2}\n');
    for (let i = 0; i < 200 && (await world.record()).ending === null; i += 1) await world.pass(60);
    assert.equal((await world.record()).ending?.code, 'FF-LIMIT-USD');
    there.driver = 'failed';
    await world.untilGone(there);
    assert.equal(await world.phase(), 'stopped');
    assert.ok((await world.record()).spending.usd <= 0.2, String((await world.record()).spending.usd));
  });
});

describe('trouble', () => {
  it('stops at once when every canary task fails', async () => {
    const there = await world.toCanary();
    there.loops = [loop({ failed: 4, waiting: 96 })];
    there.errors = [{ id: '1', json: JSON.stringify({ loop: 1, iteration: 1, message: 'bad value' }) }];
    await world.pass();
    await world.pass();
    assert.equal((await world.record()).ending?.code, 'FF-CANARY-FAILED');
    assert.equal((await world.record()).recentErrors[0]?.message, 'bad value');
  });

  it('takes an error back when the iteration succeeded on another worker', async () => {
    const there = await world.toRunning();
    const report = (more: object): string => JSON.stringify({ loop: 1, iteration: 1, worker: 'w1', ...more });
    there.errors = [
      { id: '1', json: report({ message: 'no space left' }) },
      { id: '2', json: report({ message: 'bad value', worker: 'w2', iteration: 2 }) },
    ];
    await world.pass();
    assert.equal((await world.record()).ledger.errors, 2);
    there.errors = [{ id: '3', json: report({ refuted: 'w2' }) }];
    await world.pass();
    const record = await world.record();
    assert.deepEqual([record.ledger.errors, record.recentErrors.map((error) => error.message)], [1, ['bad value']]);
  });

  it('gives a driver that lost its disk the ledger, after everything in Redis is in the bucket', async () => {
    const there = await world.toRunning();
    there.journal(1, 1);
    there.urlRequests = ['ledger'];
    await world.pass();
    assert.match(there.signedUrls['ledger']?.url ?? '', /resume\/demo\/attempt-1/);
    assert.match(world.buckets.state.objects.get('resume/demo/attempt-1.jsonl')!.bytes.toString(), /iteration-000001/);
  });

  it('treats a Redis that cannot be read as an alarm: nothing is scaled, nothing is deleted', async () => {
    const there = await world.toRunning();
    const replicas = there.replicas;
    there.redisUp = false;
    await world.pass();
    assert.equal(there.replicas, replicas);
    assert.equal((await world.record()).decisions.at(-1)?.code, 'queue-unknown');
    assert.equal(there.view.state, 'running');
  });

  it('makes a new cluster when somebody deletes the one that works, with the results so far', async () => {
    const there = await world.toRunning();
    there.journal(1, 1);
    await world.pass();
    world.clusters.delete(there.view.name);
    await world.pass();
    await world.pass();
    assert.deepEqual(world.created, ['ff-demo-1', 'ff-demo-1']);
    world.cluster().view.state = 'running';
    await world.pass();
    assert.notEqual((world.cluster().workload!.inputs as { ledger: unknown }).ledger, null);
  });

  it('falls over to the next location when there is no room, and deletes what was half made', async () => {
    await world.upload({ 'run.R': 'x <- 1', 'job.yaml': 'script: run.R' });
    await world.pass();
    world.cluster().view.state = 'error';
    world.cluster().view.stockout = true;
    await world.pass();
    assert.equal(world.cluster().view.state, 'stopping');
    world.clusters.clear();
    await world.pass();
    await world.pass();
    assert.equal(world.cluster().view.location, 'zone-b');
  });

  it('asks the same location again where what stood in the way passes', async () => {
    await world.upload({ 'run.R': 'x <- 1', 'job.yaml': 'script: run.R' });
    await world.pass();
    Object.assign(world.cluster().view, { state: 'error', mayBeMadeAgain: true });
    await world.pass();
    world.clusters.clear();
    await world.pass();
    await world.pass();
    assert.equal(world.cluster().view.location, 'zone-a');
    assert.deepEqual((await world.record()).cluster?.exhausted, []);
  });

  it('tries every location once, and gives up with nothing left', async () => {
    await world.upload({ 'run.R': 'x <- 1', 'job.yaml': 'script: run.R' });
    const tried: string[] = [];
    for (let passes = 0; passes < 40 && (await world.pass()).did === 'acted'; passes += 1) {
      if (world.clusters.size === 0) continue;
      if (world.cluster().view.state === 'stopping') world.clusters.clear();
      else {
        tried.push(world.cluster().view.location);
        world.cluster().view.state = 'error';
      }
    }
    assert.deepEqual(tried, ['zone-a', 'zone-b']);
    assert.equal((await world.record()).ending?.code, 'FF-CLUSTER-STOCKOUT');
    assert.equal(world.clusters.size, 0);
  });

  it('never touches a cluster of that name that is not ours', async () => {
    await world.upload({ 'run.R': 'x <- 1', 'job.yaml': 'script: run.R' });
    await world.pass();
    world.cluster().view.ours = false;
    await world.pass();
    assert.equal((await world.record()).ending?.code, 'FF-CLUSTER-FOREIGN');
    assert.equal(await world.phase(), 'failed');
    assert.equal(world.cluster().view.state, 'provisioning');
  });

  it('adopts what it made when the answer to the creation was lost', async () => {
    await world.upload({ 'run.R': 'x <- 1', 'job.yaml': 'script: run.R' });
    world.failNext('clusters.create', 'after');
    await world.pass();
    await world.pass();
    assert.deepEqual(world.created, ['ff-demo-1']);
  });

  it('knows its own write when the answer to it was lost', async () => {
    await world.upload({ 'run.R': 'x <- 1', 'job.yaml': 'script: run.R' });
    await world.pass();
    world.cluster().view.state = 'running';
    world.failNext('state.write', 'after', new PreconditionError('jobs/demo.json'));
    const result = await world.pass();
    assert.equal(result.did, 'acted');
  });

  it('removes disks that a deleted cluster left behind', async () => {
    const there = await world.toRunning();
    there.driver = 'succeeded';
    await world.pass();
    await world.pass();
    world.clusters.clear();
    world.leftovers = [{ kind: 'disk', name: 'pvc-1', location: 'zones/zone-a' }];
    await world.pass();
    assert.equal(await world.phase(), 'deleting');
    await world.pass();
    assert.equal(await world.phase(), 'succeeded');
    assert.equal(world.leftovers.length, 0);
  });
});

describe('a pass that dies after its intent was saved', () => {
  it('does not keep the end of the job from status, notices and the list of live jobs', async () => {
    const there = await world.toRunning();
    there.driver = 'succeeded';
    await world.pass();
    const deleting = world.buckets.uploads.objects.get('jobs/demo/status.json')!;
    await world.untilGone(there);
    const record = await world.record();
    assert.equal(record.phase, 'succeeded');
    const notice = { id: 'n1', event: 'succeeded', at: record.endedAt!, text: 'done' } as const;
    const intent = JSON.stringify({ ...record, acting: true, notices: [notice] });
    await world.buckets.state.write('jobs/demo.json', intent, {});
    await world.buckets.state.write('live/demo', 'test', {});
    world.buckets.uploads.objects.set('jobs/demo/status.json', deleting);
    world.notices.length = 0;
    assert.equal((await world.pass()).did, 'left-to-another');
    assert.equal((await world.pass(121)).did, 'acted');
    const status = world.buckets.uploads.objects.get('jobs/demo/status.json')!.bytes.toString();
    assert.equal((JSON.parse(status) as { phase: string }).phase, 'succeeded');
    assert.ok(!world.buckets.state.objects.has('live/demo'));
    assert.deepEqual(
      world.notices.map(({ id }) => id),
      ['n1'],
    );
    assert.equal((await world.pass()).did, 'nothing');
  });
});

describe('a pass that dies before it deletes a cluster', () => {
  it('leaves no result behind that has come since', async () => {
    const there = await world.toRunning();
    await world.upload({ 'control/cancel.json': '{}' });
    await world.pass();
    const record = await world.record();
    await world.buckets.state.write('jobs/demo.json', JSON.stringify({ ...record, acting: true }), {});
    there.view.state = 'running';
    there.journal(1, 7);
    await world.pass(121);
    await world.pass();
    assert.equal(there.view.state, 'stopping');
    assert.ok(world.buckets.results.objects.has('demo/attempt-1/loop-1/iteration-000007.rds'));
  });
});

describe('several passes at once', () => {
  it('let one act', async () => {
    await world.upload({ 'run.R': 'x <- 1', 'job.yaml': 'script: run.R' });
    const results = await Promise.all(Array.from({ length: 6 }, () => reconcileJob(world.ports, settings, 'demo')));
    assert.equal(results.filter((result) => result.did === 'acted').length, 1);
    await world.pass();
    assert.deepEqual(world.created, ['ff-demo-1']);
  });

  it('skip an event that an earlier pass has covered', async () => {
    await world.upload({ 'run.R': 'x <- 1', 'job.yaml': 'script: run.R' });
    const eventMs = world.nowMs;
    await world.pass();
    assert.equal((await reconcileJob(world.ports, settings, 'demo', eventMs)).did, 'covered');
  });
});

describe('the sweep', () => {
  it('deletes an old cluster that no live job claims, and no other', async () => {
    await world.upload({ 'run.R': 'x <- 1', 'job.yaml': 'script: run.R' });
    await world.pass();
    world.nowMs += 3_600_000;
    assert.deepEqual(await sweep(world.ports, 'test'), []);
    world.buckets.state.objects.clear();
    assert.deepEqual(await sweep(world.ports, 'test'), ['ff-demo-1']);
  });

  it('deletes disks, addresses and rules of jobs that have ended or never were, and of no live one', async () => {
    await world.toRunning();
    const { nowMs: createdMs } = world;
    const leftover = { kind: 'disk', location: 'zones/zone-a', createdMs } as const;
    world.allLeftovers = [
      { ...leftover, name: 'of-a-live-job', job: 'demo' },
      { ...leftover, name: 'of-a-deleted-job', job: 'deleted' },
      { ...leftover, kind: 'address', name: 'of-no-job', job: null },
      { ...leftover, kind: 'forwarding-rule', name: 'new', job: null, createdMs: createdMs + 3_600_000 },
    ];
    assert.deepEqual(await sweep(world.ports, 'test'), []);
    world.nowMs += 3_600_000;
    world.failNext('clusters.removeLeftover');
    assert.deepEqual(await sweep(world.ports, 'test'), ['of-no-job']);
    assert.deepEqual(await sweep(world.ports, 'test'), ['of-a-deleted-job']);
    assert.deepEqual(
      world.allLeftovers.map(({ name }) => name),
      ['of-a-live-job', 'new'],
    );
  });
});
