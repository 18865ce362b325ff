/** What pods are started with is small, however large the folder is: the files' URLs are in a list in the bucket. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as z from 'zod';
import { makeInputs } from '../../../functions/reconcile/make-inputs.ts';
import { recordIn } from '../../support/plan-fixtures.ts';
import { VirtualWorld } from '../../../testing/virtual-ports.ts';

/** What a Secret may hold: https://kubernetes.io/docs/concepts/configuration/secret/ */
const SECRET_BYTES = 1024 * 1024;
const FILES = 20_000;

const file = (name: string): { name: string; generation: string; bytes: number; md5: string } => {
  return { name, generation: '7', bytes: 3, md5: 'm' };
};

it(`the inputs of ${FILES} files fit a Secret many times over, and the list names each file once`, async () => {
  const { buckets } = new VirtualWorld();
  buckets.uploads.signedUrl = async (name) => `https://storage.test/${name}?${'s'.repeat(800)}`;
  const names = Array.from({ length: FILES }, (_, index) => `data/${index}.csv`);
  const record = recordIn('starting', { files: [file('run.R'), file('job.yaml'), ...names.map(file)] });
  const inputs = JSON.stringify(await makeInputs(buckets, record));
  assert.ok(Buffer.byteLength(inputs) < SECRET_BYTES / 100, `${Buffer.byteLength(inputs)} bytes`);
  const [list] = [...buckets.state.objects].filter(([name]) => inputs.includes(`/${name}`));
  assert.ok(list !== undefined);
  const listed = z.array(z.looseObject({ name: z.string() })).parse(JSON.parse(list[1].bytes.toString()));
  assert.deepEqual(listed.map(({ name }) => name).toSorted(), names.toSorted());
  const url = `https://storage.test/jobs/${record.job}/data/7.csv?${'s'.repeat(800)}`;
  assert.deepEqual(
    listed.find(({ name }) => name === 'data/7.csv'),
    { name: 'data/7.csv', url, bytes: 3 },
  );
});

it('a job without data files has no list', async () => {
  const { buckets } = new VirtualWorld();
  const record = recordIn('starting', { files: [file('run.R'), file('job.yaml')] });
  const inputs = JSON.stringify(await makeInputs(buckets, record));
  assert.match(inputs, /"files":null/);
  assert.equal(buckets.state.objects.size, 0);
});
