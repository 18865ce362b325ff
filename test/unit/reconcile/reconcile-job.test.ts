/**
 * Whole passes over a small world in memory: the tests read as the promises of a job's
 * life. Single rules have tables of their own.
 */
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { parseJson } from '../../../functions/job/json-lines.ts';
import { statusSchema } from '../../../functions/job/status-schema.ts';
import { readLedger } from '../../../functions/reconcile/read-ledger.ts';
import { JobWorld, loop } from '../../support/job-world.ts';

let world: JobWorld;

beforeEach(() => {
  world = new JobWorld();
});

describe('a job from upload to nothing left', () => {
  it('waits for the job file without writing anything', async () => {
    await world.upload({ 'run.R': 'x' });
    assert.equal((await world.pass()).did, 'no-job');
    assert.equal(world.buckets.state.objects.size, 0);
  });

  it('creates one cluster with one machine, whatever the number of passes', async () => {
    await world.upload({ 'run.R': 'x <- 1', 'job.yaml': 'script: run.R' });
    for (let i = 0; i < 5; i += 1) await world.pass();
    assert.deepEqual(world.created, ['ff-demo-1']);
    assert.equal(
      world.cluster().view.pools.reduce((sum, pool) => sum + pool.nodes, 0),
      1,
    );
  });

  it('gives workers the time for their last task that their machines give', async () => {
    assert.equal((await world.toCanary()).workload?.graceSeconds, 15);
    world = new JobWorld();
    assert.equal((await world.toCanary('script: run.R\nmachines: {spot: never}\n')).workload?.graceSeconds, 30);
  });

  it('grows after the canary, saves results, deletes the cluster and ends succeeded', async () => {
    const there = await world.toRunning();
    assert.equal(there.gate.tasks, 'open');
    assert.ok(there.replicas > 3, `${there.replicas} workers`);
    for (let i = 1; i <= 100; i += 1) there.journal(1, i);
    there.loops = [loop({ done: 100, waiting: 0, seconds: 100, ended: true })];
    there.workers = [];
    there.driver = 'succeeded';
    there.driverState = 'finished';
    await world.untilGone(there);
    assert.equal(await world.phase(), 'succeeded');
    assert.equal((await world.record()).ledger.results, 100);
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
    const there = await world.toRunning();
    there.journal(1, 1);
    there.driver = 'succeeded';
    world.failNext('results.write');
    await world.pass();
    await world.pass();
    assert.notEqual(there.view.state, 'stopping');
    await world.pass();
    assert.equal(there.view.state, 'stopping');
    assert.equal((await world.record()).ledger.results, 1);
  });

  it('does nothing and writes nothing in a pass that has nothing to say', async () => {
    await world.upload({ 'run.R': 'x <- 1', 'job.yaml': 'script: run.R' });
    await world.pass();
    await world.pass(0);
    const before = world.buckets.state.objects.get('jobs/demo.json')!.generation;
    await world.pass(0);
    assert.equal(world.buckets.state.objects.get('jobs/demo.json')!.generation, before);
  });
});

describe('the folder', () => {
  it('waits for files that the job file names, and says which', async () => {
    await world.upload({ 'job.yaml': 'script: run.R\ndata:\n  - object: panel.RData\n' });
    await world.pass();
    assert.match((await world.record()).waitingFor!, /run\.R, panel\.RData/);
    assert.equal(world.created.length, 0);
    await world.upload({ 'run.R': 'x <- 1', 'panel.RData': 'data' });
    await world.pass();
    assert.equal(await world.phase(), 'creating');
  });

  it('gives up after half an hour, and starts by itself when the files arrive', async () => {
    await world.upload({ 'job.yaml': 'script: run.R' });
    await world.pass();
    await world.pass(31 * 60);
    assert.equal((await world.record()).ending?.code, 'FF-FILES-MISSING');
    await world.upload({ 'run.R': 'x <- 1' });
    await world.pass();
    assert.equal((await world.record()).attempt, 2);
    assert.equal(await world.phase(), 'creating');
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
      await world.upload(files);
      await world.pass();
      assert.equal(await world.phase(), 'failed');
      assert.ok(
        (await world.record()).problems.some((problem) => problem.code === code),
        JSON.stringify((await world.record()).problems),
      );
      assert.equal(world.created.length, 0);
      const text = world.buckets.uploads.objects.get('jobs/demo/status.json')!.bytes.toString();
      assert.ok(parseJson(text, statusSchema)?.problems[0]?.remedy);
      await world.upload({ 'run.R': 'x <- 1', 'job.yaml': 'script: run.R' });
      await world.pass();
      assert.equal(await world.phase(), 'creating');
    });

  it('goes on when the job file is deleted or overwritten while the job runs', async () => {
    const there = await world.toRunning();
    await world.upload({ 'job.yaml': 'nonsense: true' });
    await world.pass();
    await world.buckets.uploads.remove('jobs/demo/job.yaml');
    await world.pass();
    assert.equal(await world.phase(), 'running');
    assert.equal(there.view.state, 'running');
  });

  it('runs the same folder, uploaded again after success, not again', async () => {
    const there = await world.toRunning();
    there.driver = 'succeeded';
    await world.untilGone(there);
    await world.upload({ 'run.R': 'x <- 1\n', 'job.yaml': 'script: run.R\n' });
    await world.pass();
    assert.equal(await world.phase(), 'succeeded');
    assert.equal(world.created.length, 1);
  });
});

describe('the user', () => {
  it('cancels while the cluster is being created: nothing is left', async () => {
    await world.upload({ 'run.R': 'x <- 1', 'job.yaml': 'script: run.R' });
    await world.pass();
    await world.upload({ 'control/cancel.json': '{}' });
    await world.pass();
    assert.equal(await world.phase(), 'deleting');
    assert.equal(world.buckets.uploads.objects.has('jobs/demo/control/cancel.json'), false);
    world.clusters.clear();
    await world.pass();
    assert.equal(await world.phase(), 'cancelled');
  });

  it('cancels a running job: results so far are kept, and a resume gets them as its ledger', async () => {
    const there = await world.toRunning();
    there.journal(1, 1);
    there.journal(1, 2);
    await world.upload({ 'control/cancel.json': '{}' });
    await world.untilGone(there);
    assert.equal(await world.phase(), 'cancelled');
    await world.upload({ 'control/resume.json': '{}' });
    await world.pass();
    assert.equal((await world.record()).attempt, 2);
    assert.deepEqual(world.created, ['ff-demo-1', 'ff-demo-2']);
    world.cluster().view.state = 'running';
    await world.pass();
    const inputs = world.cluster().workload!.inputs as { ledger: { url: string } };
    assert.match(inputs.ledger.url, /resume\/demo\/attempt-2\.jsonl$/);
    const ledger = world.buckets.state.objects.get('resume/demo/attempt-2.jsonl')!.bytes.toString().trim().split('\n');
    assert.equal(ledger.length, 2);
  });

  it('of a resume and a cancel at once, the later one counts', async () => {
    await world.upload({ 'run.R': 'x', 'job.yaml': 'script: run.R\n', 'control/cancel.json': '{}' });
    await world.pass();
    assert.equal(await world.phase(), 'cancelled');
    await world.upload({ 'control/resume.json': '{}', 'control/cancel.json': '{}' });
    await world.pass();
    assert.deepEqual([await world.phase(), (await world.record()).attempt], ['cancelled', 1]);
    assert.ok(!world.buckets.uploads.objects.has('jobs/demo/control/resume.json'));
    await world.upload({ 'control/pause.json': '{}', 'control/resume.json': '{}' });
    await world.pass();
    assert.equal((await world.record()).attempt, 2);
  });

  it('approves growth when the job file asks for it', async () => {
    const there = await world.toCanary('script: run.R\ncanary: {approval: manual}\n');
    there.loops = [loop({ done: 4, seconds: 400, waiting: 93 })];
    await world.pass();
    await world.pass();
    assert.equal(await world.phase(), 'approval');
    assert.notEqual(there.gate.tasks, 'open');
    await world.upload({ 'control/approve.json': '{}' });
    await world.pass();
    assert.equal(await world.phase(), 'running');
    assert.equal(there.gate.tasks, 'open');
  });
});
