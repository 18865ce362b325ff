/** Signed URLs and signed forms: made by the vendor's client, used without any credentials. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ManualClock } from '../support/manual-clock.ts';
import { SIGNER, sign, startLocal, temporaryFolder, type LocalStorage } from '../support/storage-local.ts';
import { waitFor } from '../../testing/wait-for.ts';

const HOUR_MS = 3600_000;

function read(local: LocalStorage, name: string, extra: object = {}): Promise<string> {
  const file = local.client.bucket('box').file(name);
  const options = { version: 'v4', action: 'read', expires: Date.now() + HOUR_MS, ...extra } as const;
  return file.getSignedUrl(options).then(([url]) => url);
}

/** The service runs in this process, so the command must not block it. */
function curl(...parameters: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('curl', parameters, (error, output) => (error ? reject(error) : resolve(output)));
  });
}

async function xmlCode(answer: Response): Promise<string | undefined> {
  assert.match(answer.headers.get('content-type') ?? '', /^application\/xml/);
  return /<Code>(\w+)<\/Code>/.exec(await answer.text())?.[1];
}

test('a signed URL reads the object, whole or in part', async (t) => {
  const local = await startLocal(t);
  const bytes = randomBytes(400_000);
  await local.client.bucket('box').file('a/b').save(bytes, { resumable: false });
  const url = await read(local, 'a/b');
  const whole = await fetch(url);
  assert.equal(whole.status, 200);
  assert.deepEqual(Buffer.from(await whole.arrayBuffer()), bytes);
  const part = await fetch(url, { headers: { range: 'bytes=1000-1999' } });
  assert.equal(part.status, 206);
  assert.equal(part.headers.get('content-range'), 'bytes 1000-1999/400000');
  assert.deepEqual(Buffer.from(await part.arrayBuffer()), bytes.subarray(1000, 2000));
  const head = await fetch(url, { method: 'HEAD' });
  assert.equal(head.headers.get('content-length'), '400000');
  assert.match(head.headers.get('x-goog-hash')!, /^crc32c=.+,md5=.+/);
});

test('names of every kind in signed URLs', async (t) => {
  const local = await startLocal(t);
  const names = ['a b.csv', 'x+y', '100%', 'ü/日本 😀', "it's (1)!*", '#?&=;', 'a//b', '~t_e-s.t'];
  for (const name of names) {
    await local.client.bucket('box').file(name).save(name, { resumable: false });
    const url = await read(local, name);
    assert.equal(await (await fetch(url)).text(), name);
    assert.equal(await curl('-s', '--globoff', url), name);
  }
});

test('a signed URL of one generation goes on reading that generation', async (t) => {
  const local = await startLocal(t);
  const file = local.client.bucket('kept').file('g');
  await file.save('old', { resumable: false });
  const { generation } = (await file.getMetadata())[0];
  await file.save('new', { resumable: false });
  const [url] = await file.getSignedUrl({
    version: 'v4',
    action: 'read',
    expires: Date.now() + HOUR_MS,
    queryParams: { generation: String(generation) },
  });
  assert.equal(await (await fetch(url)).text(), 'old');
  const changed = await fetch(url.replace(/generation=\d+/, 'generation=1'));
  assert.equal(changed.status, 403);
});

test('whoever changes a signed URL is refused', async (t) => {
  const local = await startLocal(t);
  for (const name of ['mine', 'other']) await local.client.bucket('box').file(name).save(name, { resumable: false });
  const url = await read(local, 'mine');
  const tampered: Record<string, string> = {
    object: url.replace('/mine?', '/other?'),
    bucket: url.replace('/box/', '/kept/'),
    expiry: url.replace(/X-Goog-Expires=\d+/, 'X-Goog-Expires=7200'),
    signature: url.replace(/(X-Goog-Signature=)(.)/, (_, name, first) => `${name}${first === '0' ? '1' : '0'}`),
    signer: url.replace('signer%40', 'somebody%40'),
    addition: `${url}&generation=5`,
  };
  for (const [what, address] of Object.entries(tampered)) {
    const answer = await fetch(address);
    assert.equal(answer.status, 403, what);
    assert.equal(await xmlCode(answer), 'SignatureDoesNotMatch', what);
  }
  assert.equal((await fetch(url, { method: 'HEAD' })).status, 200);
  assert.equal((await fetch(url.replace(/&X-Goog-Signature=\w+/, ''))).status, 400);
});

test('an expired address is refused, and so is a missing object', async (t) => {
  const clock = new ManualClock(Date.now());
  const local = await startLocal(t, { clock });
  await local.client.bucket('box').file('x').save('x', { resumable: false });
  const url = await read(local, 'x', { expires: Date.now() + 60_000 });
  const missing = await fetch(await read(local, 'missing'));
  assert.deepEqual([missing.status, await xmlCode(missing)], [404, 'NoSuchKey']);
  assert.equal((await fetch(url)).status, 200);
  clock.advance(62_000);
  const answer = await fetch(url);
  assert.deepEqual([answer.status, await xmlCode(answer)], [400, 'ExpiredToken']);
});

interface Form {
  url: string;
  fields: Record<string, string>;
}

/** A form for every name below a prefix, which the vendor's client cannot make: it always fixes the name. */
function prefixForm(url: string, prefix: string, endMs: number, conditions: unknown[] = []): Form {
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const fixed = {
    'x-goog-date': date,
    'x-goog-credential': `${SIGNER}/${date.slice(0, 8)}/auto/storage/goog4_request`,
    'x-goog-algorithm': 'GOOG4-RSA-SHA256',
  };
  const document = {
    expiration: new Date(endMs).toISOString(),
    conditions: [
      { bucket: 'box' },
      ['starts-with', '$key', prefix],
      ...Object.entries(fixed).map(([key, value]) => ({ [key]: value })),
      ...conditions,
    ],
  };
  const policy = Buffer.from(JSON.stringify(document)).toString('base64');
  return { url, fields: { ...fixed, policy, 'x-goog-signature': sign(policy) } };
}

function send({ url, fields }: Form, file: Buffer | string, more: Record<string, string> = {}): Promise<Response> {
  const form = new FormData();
  for (const [key, value] of Object.entries({ ...fields, ...more })) form.append(key, value);
  form.append('file', new Blob([new Uint8Array(Buffer.from(file))], { type: 'text/csv' }), 'local name.csv');
  return fetch(url, { method: 'POST', body: form });
}

test("the client's signed form uploads exactly its object", async (t) => {
  const local = await startLocal(t);
  const finalized: string[] = [];
  local.service.onFinalized((object) => void finalized.push(object.name));
  const [form] = await local.client
    .bucket('box')
    .file('results/ü 1.rds')
    .generateSignedPostPolicyV4({
      expires: Date.now() + HOUR_MS,
      conditions: [['content-length-range', 1, 1000]],
      fields: { 'x-goog-meta-job': 'heritability' },
    });
  const answer = await send(form, 'bytes');
  assert.equal(answer.status, 204, await answer.clone().text());
  const file = local.client.bucket('box').file('results/ü 1.rds');
  assert.equal((await file.download())[0].toString(), 'bytes');
  const [metadata] = await file.getMetadata();
  assert.deepEqual([metadata.contentType, metadata.metadata], ['text/csv', { job: 'heritability' }]);
  assert.equal((await send(form, 'bytes', { key: 'results/other' })).status, 403);
  await waitFor('the event', () => finalized.length === 1);
});

test('a form for a prefix', async (t) => {
  const local = await startLocal(t);
  const form = prefixForm(local.url, 'results/a/', Date.now() + HOUR_MS, [['content-length-range', 1, 300_000]]);
  const bytes = randomBytes(300_000);
  assert.equal((await send(form, bytes, { key: 'results/a/1.rds' })).status, 204);
  assert.deepEqual((await local.client.bucket('box').file('results/a/1.rds').download())[0], bytes);
  assert.equal((await send(form, 'x', { key: 'results/a/${filename}' })).status, 204);
  assert.deepEqual(await local.client.bucket('box').file('results/a/local name.csv').exists(), [true]);

  const refusals: [what: string, answer: Response, status: number, code: string][] = [
    ['other prefix', await send(form, 'x', { key: 'results/b/1' }), 403, 'AccessDenied'],
    ['too large', await send(form, randomBytes(300_001), { key: 'results/a/2' }), 400, 'EntityTooLarge'],
    ['too small', await send(form, '', { key: 'results/a/2' }), 400, 'EntityTooSmall'],
    ['unknown field', await send(form, 'x', { key: 'results/a/2', acl: 'public' }), 403, 'AccessDenied'],
    ['bad name', await send(form, 'x', { key: 'results/a/\n' }), 400, 'InvalidArgument'],
    [
      'other bucket',
      await send({ ...form, url: `${local.url}/kept` }, 'x', { key: 'results/a/2' }),
      403,
      'AccessDenied',
    ],
    [
      'other signature',
      await send(form, 'x', { key: 'results/a/2', 'x-goog-signature': sign('other') }),
      403,
      'SignatureDoesNotMatch',
    ],
  ];
  for (const [what, answer, status, code] of refusals) {
    assert.deepEqual([answer.status, await xmlCode(answer)], [status, code], what);
  }
  assert.deepEqual(await local.client.bucket('box').file('results/a/2').exists(), [false]);
  assert.equal((await send({ ...form, url: `${local.url}/box/` }, 'x', { key: 'results/a/3' })).status, 204);
});

test('an expired form, and the answers that a form can ask for', async (t) => {
  const local = await startLocal(t);
  const expired = await send(prefixForm(local.url, '', Date.now() - 1000), 'x', { key: 'late' });
  assert.deepEqual([expired.status, await xmlCode(expired)], [400, 'ExpiredToken']);
  const form = prefixForm(local.url, '', Date.now() + HOUR_MS, [['starts-with', '$success_action_status', '']]);
  const created = await send(form, 'x', { key: 'a&b', success_action_status: '201' });
  assert.equal(created.status, 201);
  assert.match(await created.text(), /<Bucket>box<\/Bucket><Key>a&#38;b<\/Key>/);
});

test('curl sends a large form', async (t) => {
  const local = await startLocal(t);
  const path = join(temporaryFolder(t), 'big.bin');
  const bytes = randomBytes(9_000_001);
  writeFileSync(path, bytes);
  const form = prefixForm(local.url, 'up/', Date.now() + HOUR_MS);
  const fields = Object.entries({ ...form.fields, key: 'up/big' }).flatMap(([key, value]) => ['-F', `${key}=${value}`]);
  const status = await curl('-s', '-w', '%{http_code}', ...fields, '-F', `file=@${path}`, form.url);
  assert.equal(status, '204');
  assert.ok((await local.client.bucket('box').file('up/big').download())[0].equals(bytes));
});
