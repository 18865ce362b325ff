/**
 * `gcloud storage` against the local Cloud Storage: what a user does by hand. Skipped where gcloud is not installed.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { needs } from '../support/needs-program.ts';
import { startLocal, temporaryFolder } from '../support/storage-local.ts';

const skip = needs('gcloud');

/** Answers a function that runs `gcloud storage` with a configuration of its own, and no credentials. */
async function prepare(t: TestContext) {
  const local = await startLocal(t);
  const folder = temporaryFolder(t);
  const env = {
    ...process.env,
    CLOUDSDK_CONFIG: join(folder, 'gcloud'),
    CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: `${local.url}/storage/v1/`,
    CLOUDSDK_AUTH_DISABLE_CREDENTIALS: 'true',
    CLOUDSDK_CORE_PROJECT: 'local-project',
    CLOUDSDK_STORAGE_PROCESS_COUNT: '1',
    CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
    CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: 'true',
    CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: 'true',
  };
  const gcloud = (...parameters: string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      execFile('gcloud', ['storage', ...parameters], { env, timeout: 100_000 }, (error, out, errors) => {
        if (error) reject(new Error(`gcloud storage ${parameters.join(' ')}: ${errors}`));
        else resolve(out);
      });
    });
  return { ...local, folder, gcloud };
}

test('folders up, listed, moved, down and away', { skip }, async (t) => {
  const { gcloud, folder, client } = await prepare(t);
  const source = join(folder, 'job');
  const files: Record<string, string> = { 'run.R': 'x\r\n', 'data/a b+ü%.csv': '1\r', 'data/deep/empty': '' };
  mkdirSync(join(source, 'data', 'deep'), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(source, name), text);

  await gcloud('cp', '-r', source, 'gs://box/jobs/');
  const listed = (await gcloud('ls', '-r', 'gs://box/jobs')).split('\n');
  for (const name of Object.keys(files)) assert.ok(listed.includes(`gs://box/jobs/job/${name}`), name);
  assert.match(await gcloud('ls', '-l', 'gs://box/jobs/job'), /\s3\s+\S+Z\s+gs:\/\/box\/jobs\/job\/run\.R/);
  assert.equal(await gcloud('cat', 'gs://box/jobs/job/run.R'), 'x\r\n');

  await gcloud('mv', 'gs://box/jobs/job', 'gs://kept/moved');
  const back = join(folder, 'back');
  mkdirSync(back);
  await gcloud('cp', '-r', 'gs://kept/moved', back);
  for (const [name, text] of Object.entries(files)) assert.equal(readFileSync(join(back, 'moved', name), 'utf8'), text);
  await gcloud('rm', '-r', 'gs://kept/moved');
  assert.equal((await client.bucket('kept').getFiles({ versions: true }))[0].length, 0);
  assert.equal((await client.bucket('box').getFiles())[0].length, 0);
});

test('buckets, preconditions, packed uploads', { skip }, async (t) => {
  const { gcloud, folder, client } = await prepare(t);
  await gcloud('buckets', 'create', 'gs://by-hand');
  assert.match(await gcloud('ls'), /gs:\/\/by-hand\//);
  const file = join(folder, 'text');
  writeFileSync(file, 'line\n'.repeat(1000));
  await gcloud('cp', '-J', '--if-generation-match=0', file, 'gs://by-hand/packed');
  assert.equal((await client.bucket('by-hand').file('packed').download())[0].length, 5000);
  await assert.rejects(gcloud('cp', '--if-generation-match=0', file, 'gs://by-hand/packed'), /412/);
  await assert.rejects(gcloud('cat', 'gs://by-hand/absent'), /matched no objects/);
  await gcloud('rm', '-r', 'gs://by-hand');
  assert.deepEqual(await client.bucket('by-hand').exists(), [false]);
});

test('a file large enough for sliced transfer', { skip }, async (t) => {
  const { gcloud, folder, client, context } = await prepare(t);
  const large = join(folder, 'large.bin');
  const bytes = randomBytes(160 * 1024 * 1024);
  writeFileSync(large, bytes);
  await gcloud('cp', large, 'gs://box/large.bin');
  assert.equal(context.books.calls.get('storage.objects.compose'), 1);
  assert.equal((await client.bucket('box').getFiles())[0].length, 1);
  await gcloud('mv', 'gs://box/large.bin', 'gs://kept/large.bin');
  const back = join(folder, 'back.bin');
  await gcloud('cp', 'gs://kept/large.bin', back);
  assert.ok(readFileSync(back).equals(bytes));
});
