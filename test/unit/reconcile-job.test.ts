/** Whole passes over a small world in memory: the tests read as the promises of a job's life. Single rules have tables of their own. */
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { reconcileJob, type PassResult, type PassSettings } from '../../functions/reconcile/reconcile-job.ts';
import { loadRecord } from '../../functions/reconcile/record-store.ts';
import type { JobRecord } from '../../functions/job/job-record.ts';
import type { LoopProgress } from '../../functions/job/progress.ts';
import { PreconditionError } from '../../functions/ports/port-error.ts';
import { readLedger } from '../../functions/reconcile/make-inputs.ts';
import { sweep } from '../../functions/reconcile/sweep.ts';
import { VirtualWorld, type VirtualCluster } from '../support/virtual-ports.ts';

const digest = `@sha256:${'a'.repeat(64)}`;
const settings: PassSettings = {
  installation: 'test',
  workerImage: `worker${digest}`,
  redisImage: `redis${digest}`,
  locations: ['zone-a', 'zone-b'],
  maxClusters: 3,
  allowedBuckets: [],
  allowedRegistries: [],
};

let world: VirtualWorld;

beforeEach(() => {
  world = new VirtualWorld();
});

async function upload(files: Record<string, string>, job = 'demo'): Promise<void> {
  for (const [name, text] of Object.entries(files)) await world.buckets.uploads.write(`jobs/${job}/${name}`, text, {});
}

/** One event's worth: a pass, and the one that follows when the job starts anew (the entry points do the same). */
async function pass(seconds = 1, job = 'demo'): Promise<PassResult> {
  world.nowMs += seconds * 1000;
  const result = await reconcileJob(world.ports, settings, job);
  return result.did === 'acted' && result.phase === 'waiting' && result.again
    ? reconcileJob(world.ports, settings, job)
    : result;
}

async function record(job = 'demo'): Promise<JobRecord> {
  return (await loadRecord(world.buckets.state, job))!.record;
}

async function phase(): Promise<string> {
  return (await record()).phase;
}

function cluster(): VirtualCluster {
  return [...world.clusters.values()].at(-1)!;
}

const loop = (part: Partial<LoopProgress>): LoopProgress => ({
  loop: 1,
  label: 'i',
  total: 100,
  done: 0,
  failed: 0,
  reused: 0,
  seconds: 0,
  maxSeconds: 0,
  waiting: 100,
  ended: false,
  ...part,
});

/** Uploads a sound folder and drives the job until its script runs in the canary. */
async function toCanary(jobFile = 'script: run.R\n'): Promise<VirtualCluster> {
  await upload({ 'run.R': 'x <- 1\n', 'job.yaml': jobFile });
  await pass();
  cluster().view.state = 'running';
  await pass();
  cluster().driverState = 'running';
  cluster().loops = [loop({})];
  cluster().workers = ['w1', 'w2', 'w3'].map((pod) => ({
    pod,
    state: 'busy',
    loop: 1,
    iterations: [1],
    sinceSeconds: 0,
    beatSeconds: 0,
  }));
  await pass();
  assert.equal(await phase(), 'canary');
  return cluster();
}

async function toRunning(jobFile?: string): Promise<VirtualCluster> {
  const there = await toCanary(jobFile);
  there.loops = [loop({ done: 4, seconds: 400, waiting: 93 })];
  await pass();
  assert.equal(await phase(), 'running');
  return there;
}

async function untilGone(there: VirtualCluster): Promise<void> {
  await pass();
  await pass();
  assert.equal(there.view.state, 'stopping');
  world.clusters.delete(there.view.name);
  await pass();
}

describe('a job from upload to nothing left', () => {
  it('waits for the job file without writing anything', async () => {
    await upload({ 'run.R': 'x' });
    assert.equal((await pass()).did, 'no-job');
    assert.equal(world.buckets.state.objects.size, 0);
  });

  it('creates one cluster with two machines, whatever the number of passes', async () => {
    await upload({ 'run.R': 'x <- 1', 'job.yaml': 'script: run.R' });
    for (let i = 0; i < 5; i += 1) await pass();
    assert.deepEqual(world.created, ['ff-demo-1']);
    assert.equal(
      cluster().view.pools.reduce((sum, pool) => sum + pool.nodes, 0),
      2,
    );
  });

  it('grows after the canary, saves results, deletes the cluster and ends succeeded', async () => {
    const there = await toRunning();
    assert.ok(there.gateOpen);
    assert.ok(there.replicas > 3, `${there.replicas} workers`);
    for (let i = 1; i <= 100; i += 1) there.journal(1, i);
    there.loops = [loop({ done: 100, waiting: 0, seconds: 100, ended: true })];
    there.workers = [];
    there.driver = 'succeeded';
    there.driverState = 'finished';
    await untilGone(there);
    assert.equal(await phase(), 'succeeded');
    assert.equal((await record()).ledger.results, 100);
    assert.equal((await readLedger(world.buckets, 'demo')).length, 100);
    assert.equal(
      world.buckets.results.objects.get('demo/attempt-1/loop-1/iteration-000007.rds')?.bytes.toString(),
      'value 1/7',
    );
    assert.equal([...world.buckets.state.objects.keys()].filter((name) => name.startsWith('live/')).length, 0);
    const events = world.notices.map((notice) => notice.event);
    assert.deepEqual(events, ['creating', 'starting', 'canary', 'running', 'draining', 'deleting', 'succeeded']);
  });

  it('does not delete the cluster while a result is only in Redis', async () => {
    const there = await toRunning();
    there.journal(1, 1);
    there.driver = 'succeeded';
    world.failNext('results.write');
    await pass();
    await pass();
    assert.notEqual(there.view.state, 'stopping');
    await pass();
    assert.equal(there.view.state, 'stopping');
    assert.equal((await record()).ledger.results, 1);
  });

  it('does nothing and writes nothing in a pass that has nothing to say', async () => {
    await upload({ 'run.R': 'x <- 1', 'job.yaml': 'script: run.R' });
    await pass();
    await pass(0);
    const before = world.buckets.state.objects.get('jobs/demo.json')!.generation;
    await pass(0);
    assert.equal(world.buckets.state.objects.get('jobs/demo.json')!.generation, before);
  });
});

describe('the folder', () => {
  it('waits for files that the job file names, and says which', async () => {
    await upload({ 'job.yaml': 'script: run.R\ndata:\n  - object: panel.RData\n' });
    await pass();
    assert.match((await record()).waitingFor!, /run\.R, panel\.RData/);
    assert.equal(world.created.length, 0);
    await upload({ 'run.R': 'x <- 1', 'panel.RData': 'data' });
    await pass();
    assert.equal(await phase(), 'creating');
  });

  it('gives up after half an hour, and starts by itself when the files arrive', async () => {
    await upload({ 'job.yaml': 'script: run.R' });
    await pass();
    await pass(31 * 60);
    assert.equal((await record()).ending?.code, 'FF-FILES-MISSING');
    await upload({ 'run.R': 'x <- 1' });
    await pass();
    assert.equal((await record()).attempt, 2);
    assert.equal(await phase(), 'creating');
  });

  const bad: [name: string, files: Record<string, string>, code: string][] = [
    ['a misspelt key', { 'run.R': 'x', 'job.yaml': 'scirpt: run.R' }, 'FF-SPEC-UNKNOWN-KEY'],
    ['an empty script', { 'run.R': ' \n', 'job.yaml': 'script: run.R' }, 'FF-SCRIPT-EMPTY'],
    [
      'a money limit below the smallest run',
      { 'run.R': 'x', 'job.yaml': 'script: run.R\nlimits: {usd: 0.001}' },
      'FF-LIMIT-TOO-LOW',
    ],
    [
      'a worker that fits no machine',
      { 'run.R': 'x', 'job.yaml': 'script: run.R\nworker: {cpu: 64}' },
      'FF-WORKER-TOO-LARGE',
    ],
  ];
  for (const [name, files, code] of bad)
    it(`refuses ${name} before anything billable exists, and accepts the correction`, async () => {
      await upload(files);
      await pass();
      assert.equal(await phase(), 'failed');
      assert.ok(
        (await record()).problems.some((problem) => problem.code === code),
        JSON.stringify((await record()).problems),
      );
      assert.equal(world.created.length, 0);
      const status = JSON.parse(world.buckets.uploads.objects.get('jobs/demo/status.json')!.bytes.toString());
      assert.ok(status.problems[0].remedy.length > 0);
      await upload({ 'run.R': 'x <- 1', 'job.yaml': 'script: run.R' });
      await pass();
      assert.equal(await phase(), 'creating');
    });

  it('goes on when the job file is deleted or overwritten while the job runs', async () => {
    const there = await toRunning();
    await upload({ 'job.yaml': 'nonsense: true' });
    await pass();
    await world.buckets.uploads.remove('jobs/demo/job.yaml');
    await pass();
    assert.equal(await phase(), 'running');
    assert.equal(there.view.state, 'running');
  });

  it('runs the same folder, uploaded again after success, not again', async () => {
    const there = await toRunning();
    there.driver = 'succeeded';
    await untilGone(there);
    await upload({ 'run.R': 'x <- 1\n', 'job.yaml': 'script: run.R\n' });
    await pass();
    assert.equal(await phase(), 'succeeded');
    assert.equal(world.created.length, 1);
  });
});

describe('the user', () => {
  it('cancels while the cluster is being created: nothing is left', async () => {
    await upload({ 'run.R': 'x <- 1', 'job.yaml': 'script: run.R' });
    await pass();
    await upload({ 'control/cancel.json': '{}' });
    await pass();
    assert.equal(await phase(), 'deleting');
    assert.equal(world.buckets.uploads.objects.has('jobs/demo/control/cancel.json'), false);
    world.clusters.clear();
    await pass();
    assert.equal(await phase(), 'cancelled');
  });

  it('cancels a running job: results so far are kept, and a resume gets them as its ledger', async () => {
    const there = await toRunning();
    there.journal(1, 1);
    there.journal(1, 2);
    await upload({ 'control/cancel.json': '{}' });
    await untilGone(there);
    assert.equal(await phase(), 'cancelled');
    await upload({ 'control/resume.json': '{}' });
    await pass();
    assert.equal((await record()).attempt, 2);
    assert.deepEqual(world.created, ['ff-demo-1', 'ff-demo-2']);
    cluster().view.state = 'running';
    await pass();
    const inputs = cluster().workload!.inputs as { ledger: { url: string } };
    assert.match(inputs.ledger.url, /resume\/demo\/attempt-2\.jsonl$/);
    const ledger = world.buckets.state.objects.get('resume/demo/attempt-2.jsonl')!.bytes.toString().trim().split('\n');
    assert.equal(ledger.length, 2);
  });

  it('approves growth when the job file asks for it', async () => {
    const there = await toCanary('script: run.R\ncanary: {approval: manual}\n');
    there.loops = [loop({ done: 4, seconds: 400, waiting: 93 })];
    await pass();
    await pass();
    assert.equal(await phase(), 'approval');
    assert.equal(there.gateOpen, false);
    await upload({ 'control/approve.json': '{}' });
    await pass();
    assert.equal(await phase(), 'running');
    assert.ok(there.gateOpen);
  });
});

describe('limits', () => {
  it('ends a job that reaches its time limit as stopped, and it can be resumed', async () => {
    const there = await toRunning('script: run.R\nlimits: {time: 10m}\n');
    await pass(700);
    assert.equal((await record()).ending?.code, 'FF-LIMIT-TIME');
    assert.equal(there.stopReason, 'FF-LIMIT-TIME');
    there.driver = 'failed';
    await untilGone(there);
    assert.equal(await phase(), 'stopped');
  });

  it('ends before the money limit, counting what winding down costs', async () => {
    const there = await toRunning('script: run.R\nlimits: {usd: 0.2}\n');
    for (let i = 0; i < 200 && (await record()).ending === null; i += 1) await pass(60);
    assert.equal((await record()).ending?.code, 'FF-LIMIT-USD');
    there.driver = 'failed';
    await untilGone(there);
    assert.equal(await phase(), 'stopped');
    assert.ok((await record()).spending.usd <= 0.2, String((await record()).spending.usd));
  });
});

describe('trouble', () => {
  it('stops at once when every canary task fails', async () => {
    const there = await toCanary();
    there.loops = [loop({ failed: 4, waiting: 96 })];
    there.errors = [{ id: '1', json: JSON.stringify({ loop: 1, iteration: 1, message: 'bad value' }) }];
    await pass();
    await pass();
    assert.equal((await record()).ending?.code, 'FF-CANARY-FAILED');
    assert.equal((await record()).recentErrors[0]?.message, 'bad value');
  });

  it('treats a Redis that cannot be read as an alarm: nothing is scaled, nothing is deleted', async () => {
    const there = await toRunning();
    const replicas = there.replicas;
    there.redisUp = false;
    await pass();
    assert.equal(there.replicas, replicas);
    assert.equal((await record()).decisions.at(-1)?.code, 'queue-unknown');
    assert.equal(there.view.state, 'running');
  });

  it('makes a new cluster when somebody deletes the one that works, with the results so far', async () => {
    const there = await toRunning();
    there.journal(1, 1);
    await pass();
    world.clusters.delete(there.view.name);
    await pass();
    await pass();
    assert.deepEqual(world.created, ['ff-demo-1', 'ff-demo-1']);
    cluster().view.state = 'running';
    await pass();
    assert.notEqual((cluster().workload!.inputs as { ledger: unknown }).ledger, null);
  });

  it('falls over to the next location when there is no room, and deletes what was half made', async () => {
    await upload({ 'run.R': 'x <- 1', 'job.yaml': 'script: run.R' });
    await pass();
    cluster().view.state = 'error';
    cluster().view.stockout = true;
    await pass();
    assert.equal(cluster().view.state, 'stopping');
    world.clusters.clear();
    await pass();
    await pass();
    assert.equal(cluster().view.location, 'zone-b');
    cluster().view.state = 'error';
    await pass();
    world.clusters.clear();
    for (let i = 0; i < 3; i += 1) await pass();
    assert.equal((await record()).ending?.code, 'FF-CLUSTER-STOCKOUT');
    assert.equal(world.clusters.size, 0);
  });

  it('never touches a cluster of that name that is not ours', async () => {
    await upload({ 'run.R': 'x <- 1', 'job.yaml': 'script: run.R' });
    await pass();
    cluster().view.ours = false;
    await pass();
    assert.equal((await record()).ending?.code, 'FF-CLUSTER-FOREIGN');
    assert.equal(await phase(), 'failed');
    assert.equal(cluster().view.state, 'provisioning');
  });

  it('adopts what it made when the answer to the creation was lost', async () => {
    await upload({ 'run.R': 'x <- 1', 'job.yaml': 'script: run.R' });
    world.failNext('clusters.create', 'after');
    await pass();
    await pass();
    assert.deepEqual(world.created, ['ff-demo-1']);
  });

  it('knows its own write when the answer to it was lost', async () => {
    await upload({ 'run.R': 'x <- 1', 'job.yaml': 'script: run.R' });
    world.failNext('state.write', 'after', new PreconditionError('jobs/demo.json'));
    const result = await pass();
    assert.equal(result.did, 'acted');
  });

  it('removes disks that a deleted cluster left behind', async () => {
    const there = await toRunning();
    there.driver = 'succeeded';
    await pass();
    await pass();
    world.clusters.clear();
    world.leftovers = [{ kind: 'disk', name: 'pvc-1', location: 'zones/zone-a' }];
    await pass();
    assert.equal(await phase(), 'deleting');
    await pass();
    assert.equal(await phase(), 'succeeded');
    assert.equal(world.leftovers.length, 0);
  });
});

describe('several passes at once', () => {
  it('let one act', async () => {
    await upload({ 'run.R': 'x <- 1', 'job.yaml': 'script: run.R' });
    const results = await Promise.all(Array.from({ length: 6 }, () => reconcileJob(world.ports, settings, 'demo')));
    assert.equal(results.filter((result) => result.did === 'acted').length, 1);
    assert.deepEqual(world.created, ['ff-demo-1']);
  });

  it('skip an event that an earlier pass has covered', async () => {
    await upload({ 'run.R': 'x <- 1', 'job.yaml': 'script: run.R' });
    const eventMs = world.nowMs;
    await pass();
    assert.equal((await reconcileJob(world.ports, settings, 'demo', eventMs)).did, 'covered');
  });
});

describe('the sweep', () => {
  it('deletes an old cluster that no live job claims, and no other', async () => {
    await upload({ 'run.R': 'x <- 1', 'job.yaml': 'script: run.R' });
    await pass();
    world.nowMs += 3_600_000;
    assert.deepEqual(await sweep(world.ports, 'test'), []);
    world.buckets.state.objects.clear();
    assert.deepEqual(await sweep(world.ports, 'test'), ['ff-demo-1']);
  });
});
