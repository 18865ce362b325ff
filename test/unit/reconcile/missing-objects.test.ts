/** Data in other buckets is looked for before anything is made. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { PortError } from '../../../functions/ports/port-error.ts';
import { findMissingObjects } from '../../../functions/reconcile/missing-objects.ts';
import { JobWorld } from '../../support/job-world.ts';
import { specOf } from '../../support/plan-fixtures.ts';

const spec = {
  ...specOf(),
  data: ['x.csv', 'gs://other/there.csv', 'gs://other/gone.csv', 'gs://secret/x.csv'].map((object) => ({
    object,
    as: 'file' as const,
  })),
};

function buckets(code: number): JobWorld['buckets'] {
  const world = new JobWorld();
  const foreign = (name: string) => {
    const bucket = world.buckets.foreign(name);
    bucket.info = async (object) => {
      if (name === 'secret') throw new PortError('FF-BUCKET', String(code), { retry: code >= 500 });
      return object === 'there.csv' ? { name: object, generation: '1', bytes: 1, md5: '', updatedMs: 0 } : null;
    };
    return bucket;
  };
  return { ...world.buckets, foreign };
}

it('what is not there, or may not be read, is missing', async () => {
  assert.deepEqual(await findMissingObjects(buckets(403), spec), ['gs://other/gone.csv', 'gs://secret/x.csv']);
});

it('of a bucket that does not answer nothing is concluded', async () => {
  await assert.rejects(findMissingObjects(buckets(503), spec), { retry: true });
});
