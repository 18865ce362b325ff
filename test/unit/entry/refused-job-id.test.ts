/** A folder whose name cannot be a job id: said beside the upload and in a notice, and nothing else happens. */
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Context } from '../../../functions/entry/context.ts';
import { jobSubmitted } from '../../../functions/entry/job-submitted.ts';
import type { JobStatus } from '../../../functions/job/job-status.ts';
import { VirtualWorld } from '../../../testing/virtual-ports.ts';

let world: VirtualWorld;
let context: Context;

beforeEach(() => {
  world = new VirtualWorld();
  const settings = { installation: 't', workerImage: '', redisImage: '', locations: [], maxClusters: 1 };
  context = { ports: async () => world.ports, settings: { ...settings, allowedBuckets: [], allowedRegistries: [] } };
});

const upload = (name: string): Promise<void> => jobSubmitted(context, { id: '7', data: { bucket: 'uploads', name } });
const written = (): string[] => [...world.buckets.uploads.objects.keys()];

describe('an uploaded object', () => {
  const refused: [object: string, status: string][] = [
    ['jobs/My_Job/job.yaml', 'jobs/My_Job/status.json'],
    ['jobs/My_Job/job.yml', 'jobs/My_Job/status.json'],
    ['jobs/-x/job.json', 'jobs/-x/status.json'],
    ['jobs/prüfung/job.yaml', 'jobs/prüfung/status.json'],
    [`jobs/${'a'.repeat(200)}/job.yaml`, `jobs/${'a'.repeat(200)}/status.json`],
  ];
  for (const [object, status] of refused)
    it(`${object.slice(0, 40)} gets a status beside it`, async () => {
      await upload(object);
      assert.deepEqual(written(), [status]);
    });

  const ignored = [
    `jobs/${'a'.repeat(201)}/job.yaml`,
    `jobs/${'ü'.repeat(101)}/job.yaml`,
    'jobs/My_Job/run.R',
    'jobs/My_Job/status.json',
    'jobs/My_Job/sub/job.yaml',
    'jobs/../job.yaml',
    'jobs/.hidden/job.yaml',
    'jobs/a#b/job.yaml',
    'jobs/a*b/job.yaml',
    'jobs/a\u0007b/job.yaml',
    'jobs/a\u202eb/job.yaml',
    'jobs//job.yaml',
    'elsewhere/My_Job/job.yaml',
  ];
  for (const object of ignored)
    it(`${JSON.stringify(object).slice(0, 40)} is acknowledged and forgotten`, async () => {
      await upload(object);
      assert.deepEqual(written(), []);
      assert.deepEqual(world.notices, []);
    });
});

describe('a folder whose name cannot be a job id', () => {
  it('gets a status with the problem and its remedy, and a notice; no record, no cluster', async () => {
    await upload('jobs/My_Job/job.yaml');
    const text = world.buckets.uploads.objects.get('jobs/My_Job/status.json')!.bytes.toString();
    const status = JSON.parse(text) as JobStatus;
    assert.equal(status.phase, 'failed');
    assert.equal(status.ended, true);
    assert.equal(status.reason?.code, 'FF-SPEC-JOB-ID');
    assert.match(status.problems[0]?.message ?? '', /"My_Job" cannot be a job id: it contains capital letters/);
    assert.match(status.problems[0]?.remedy ?? '', /such as "my-job"/);
    assert.deepEqual(
      world.notices.map(({ job, event }) => [job, event]),
      [['My_Job', 'failed']],
    );
    assert.equal(world.buckets.state.objects.size, 0);
    assert.deepEqual(world.created, []);
  });

  it('is told of again when the notice could not be published', async () => {
    world.failNext('notices.publish');
    await assert.rejects(upload('jobs/My_Job/job.yaml'), { code: 'FF-TEST' });
    await upload('jobs/My_Job/job.yaml');
    assert.equal(world.notices.length, 1);
  });
});
