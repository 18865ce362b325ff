import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { clusterName, jobOfCluster, jobOfUpload } from '../../../functions/job/names.ts';
import { jobIdPattern } from '../../../functions/job/job-id.ts';

describe('names', () => {
  it('a cluster name fits GKE and leads back to its job', () => {
    fc.assert(
      fc.property(fc.stringMatching(jobIdPattern), fc.integer({ min: 1, max: 9999 }), (job, attempt) => {
        const name = clusterName(job, attempt);
        assert.ok(name.length <= 40);
        assert.equal(jobOfCluster(name), job);
      }),
    );
  });

  const uploads: [name: string, job: string | undefined][] = [
    ['jobs/h2/job.yaml', 'h2'],
    ['jobs/h2/data/x.csv', 'h2'],
    ['jobs/h2/', undefined],
    ['jobs/H2/job.yaml', undefined],
    ['jobs/../job.yaml', undefined],
    ['other/h2/job.yaml', undefined],
    [`jobs/${'a'.repeat(33)}/job.yaml`, undefined],
  ];
  for (const [name, job] of uploads)
    it(`${name} belongs to ${job ?? 'no job'}`, () => assert.equal(jobOfUpload(name), job));

  it('a foreign cluster belongs to no job', () => {
    for (const name of ['production', 'ff-', 'ff-x', 'ff-X-1', 'xff-job-1'])
      assert.equal(jobOfCluster(name), undefined, name);
  });
});
