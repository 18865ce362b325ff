/**
 * Events as Eventarc delivers them: which lead to a pass, which are acknowledged
 * and forgotten, which are asked for again.
 */
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { budgetAlert } from '../../../functions/entry/budget-alert.ts';
import type { Context, Event } from '../../../functions/entry/context.ts';
import { jobCompleted } from '../../../functions/entry/job-completed.ts';
import { jobSubmitted } from '../../../functions/entry/job-submitted.ts';
import { progressReported } from '../../../functions/entry/progress-reported.ts';
import { status } from '../../../functions/entry/status.ts';
import { tick } from '../../../functions/entry/tick.ts';
import type { JobRecord } from '../../../functions/job/job-record.ts';
import { paths } from '../../../functions/job/names.ts';
import { parseRecord } from '../../../functions/job/record-text.ts';
import { VirtualWorld } from '../../../testing/virtual-ports.ts';

const digest = `@sha256:${'a'.repeat(64)}`;
let world: VirtualWorld;
let context: Context;

beforeEach(async () => {
  world = new VirtualWorld();
  const settings = {
    installation: 'test',
    workerImage: `w${digest}`,
    redisImage: `r${digest}`,
    locations: ['z'],
    maxClusters: 3,
    allowedBuckets: [],
    allowedRegistries: [],
  };
  context = { ports: async () => world.ports, settings };
  await world.buckets.uploads.write('jobs/demo/run.R', 'x <- 1', {});
  await world.buckets.uploads.write('jobs/demo/job.yaml', 'script: run.R', {});
});

/** As often as a call is made that is refused. */
function failThrice(call: string): void {
  for (let time = 1; time <= 3; time += 1) world.failNext(call);
}

function recordOf(job: string): JobRecord {
  return parseRecord(world.buckets.state.objects.get(paths.record(job))?.bytes.toString() ?? '', job);
}

const message = (data: unknown): Event => ({
  data: { message: { data: Buffer.from(JSON.stringify(data)).toString('base64') }, subscription: 's' },
});
const logEntry = (cluster: string): Event =>
  message({ resource: { labels: { cluster_name: cluster } }, jsonPayload: { ff: 'progress', job: 'other' } });

describe('events', () => {
  it('an upload starts its job', async () => {
    await jobSubmitted(context, { data: { bucket: 'uploads', name: 'jobs/demo/job.yaml' } });
    assert.deepEqual(world.created, ['ff-demo-1']);
  });

  it('a resume goes on to its cluster within the same event, also one that happened a while ago', async () => {
    const uploaded = { data: { bucket: 'uploads', name: 'jobs/demo/job.yaml' } };
    await jobSubmitted(context, uploaded);
    await world.buckets.uploads.write('jobs/demo/control/cancel.json', '{}', {});
    await jobSubmitted(context, uploaded);
    world.clusters.clear();
    await jobSubmitted(context, uploaded);
    await world.buckets.uploads.write('jobs/demo/control/resume.json', '{}', {});
    world.nowMs += 10;
    await jobSubmitted(context, { ...uploaded, time: new Date(world.nowMs - 5).toISOString() });
    assert.deepEqual(world.created, ['ff-demo-1', 'ff-demo-2']);
  });

  const forgotten: [name: string, event: Event][] = [
    ['no data', {}],
    ['an array', { data: [] }],
    ['another bucket layout', { data: { bucket: 'uploads', name: 'readme.txt' } }],
    ['a job id that is not a DNS label', { data: { bucket: 'uploads', name: 'jobs/De Mo/job.yaml' } }],
    ['our own status', { data: { bucket: 'uploads', name: 'jobs/demo/status.json' } }],
  ];
  for (const [name, event] of forgotten)
    it(`an upload event with ${name} is acknowledged without a call`, async () => {
      await jobSubmitted(context, event);
      assert.deepEqual(
        world.calls.filter((call) => !call.endsWith('.write')),
        [],
      );
    });

  const poison: [name: string, event: Event][] = [
    ['no message', { data: {} }],
    ['data that is not base64 JSON', { data: { message: { data: '%%%' } } }],
    ['a log entry without a cluster', message({ resource: {} })],
    ["somebody else's cluster", logEntry('production')],
  ];
  for (const [name, event] of poison)
    it(`${name} is acknowledged by every Pub/Sub function`, async () => {
      for (const handle of [progressReported, jobCompleted, budgetAlert]) await handle(context, event);
      assert.deepEqual(world.created, []);
    });

  it("a pod's line is believed for its cluster's name, not for what it prints", async () => {
    await progressReported(context, logEntry('ff-demo-1'));
    assert.deepEqual(world.created, ['ff-demo-1']);
    assert.equal(world.buckets.state.objects.has('jobs/other.json'), false);
  });

  it('an unreachable bucket has the event delivered again', async () => {
    failThrice('state.read');
    await assert.rejects(jobSubmitted(context, { data: { bucket: 'uploads', name: 'jobs/demo/job.yaml' } }), {
      code: 'FF-TEST',
    });
  });

  it('a record that nobody can read is not retried for ever', async () => {
    await world.buckets.state.write('jobs/demo.json', '{"schema":', {});
    await jobSubmitted(context, { data: { bucket: 'uploads', name: 'jobs/demo/job.yaml' } });
    assert.deepEqual(world.created, []);
  });

  it('a tick that cannot search visits what lives, and sweeps, and one that cannot list sweeps', async () => {
    await tick(context);
    for (const there of world.clusters.values()) there.view.state = 'running';
    world.nowMs += 60_000;
    failThrice('uploads.listFolders');
    await tick(context);
    assert.ok([...world.clusters.values()].every((there) => there.workload !== null));
    world.calls.length = 0;
    failThrice('state.list');
    await assert.rejects(tick(context), { code: 'FF-TEST' });
    assert.ok(world.calls.includes('clusters.list'), world.calls.join());
  });

  it('the tick alone finds a folder that no event announced, and drives it', async () => {
    await tick(context);
    assert.deepEqual(world.created, ['ff-demo-1']);
  });

  it('a tick that waited through an outage is left to the next one', async () => {
    const publishTime = new Date(world.nowMs - 600_000).toISOString();
    await tick(context, { data: { message: { data: Buffer.from('tick').toString('base64'), publishTime } } });
    assert.deepEqual(world.created, []);
  });

  it('a tick is no old one because the clock of its instance is an hour ahead', async () => {
    const publishTime = new Date(world.nowMs).toISOString();
    const ahead = { nowMs: () => world.nowMs + 3600_000, sleep: (ms: number) => world.ports.clock.sleep(ms) };
    const skewed = { ...context, ports: async () => ({ ...world.ports, clock: ahead }) };
    await tick(skewed, { data: { message: { data: Buffer.from('tick').toString('base64'), publishTime } } });
    assert.deepEqual(world.created, ['ff-demo-1']);
  });

  it('a used-up budget pauses every live job', async () => {
    await tick(context);
    await budgetAlert(context, message({ costAmount: 101, budgetAmount: 100 }));
    assert.equal(recordOf('demo').ending?.outcome, 'paused');
  });

  it('a job that cannot be asked to pause keeps no other from it, and the event comes again', async () => {
    await world.buckets.uploads.write('jobs/second/run.R', 'x <- 1', {});
    await world.buckets.uploads.write('jobs/second/job.yaml', 'script: run.R', {});
    await tick(context);
    world.failNext('uploads.write');
    await assert.rejects(budgetAlert(context, message({ costAmount: 101, budgetAmount: 100 })), /could not be asked/);
    const outcomes = ['demo', 'second'].map((job) => recordOf(job).ending?.outcome);
    assert.deepEqual(outcomes.toSorted(), ['paused', undefined]);
  });
});

describe('status over HTTP', () => {
  it('answers one job, all jobs, and what is wrong with a question', async () => {
    await tick(context);
    assert.equal((await status(world.buckets, { job: 'demo' }, world.nowMs)).code, 200);
    assert.equal((await status(world.buckets, { job: 'nobody' }, world.nowMs)).code, 404);
    assert.equal((await status(world.buckets, { job: '../x' }, world.nowMs)).code, 400);
    const all = (await status(world.buckets, {}, world.nowMs)).body as { jobs: { job: string }[] };
    assert.deepEqual(
      all.jobs.map((job) => job.job),
      ['demo'],
    );
  });
});
