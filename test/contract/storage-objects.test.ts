/** Objects of the local Cloud Storage as the vendor's client sees them. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { CRC32C } from '@google-cloud/storage';
import { startLocal } from '../support/storage-local.ts';

const never = { ifGenerationMatch: 0 };

test('what is saved is what is read, with checksums and a full resource', async (t) => {
  const { client } = await startLocal(t);
  const file = client.bucket('box').file('a/b.txt');
  const bytes = Buffer.from('hello\r\nworld\r');
  await file.save(bytes, {
    resumable: false,
    metadata: { contentType: 'text/plain', metadata: { job: 'x', ümlaut: 'ä' } },
    preconditionOpts: never,
  });
  const [back] = await file.download();
  assert.deepEqual(back, bytes);
  const [resource] = await file.getMetadata();
  const crc = new CRC32C();
  crc.update(bytes);
  assert.equal(resource.kind, 'storage#object');
  assert.equal(resource.crc32c, crc.toString());
  assert.equal(resource.md5Hash, createHash('md5').update(bytes).digest('base64'));
  assert.equal(resource.size, String(bytes.length));
  assert.equal(resource.contentType, 'text/plain');
  assert.deepEqual(resource.metadata, { job: 'x', ümlaut: 'ä' });
  assert.match(String(resource.generation), /^\d{16}$/);
  assert.equal(resource.metageneration, '1');
  assert.equal(resource.storageClass, 'STANDARD');
  assert.ok(Math.abs(Date.parse(resource.timeCreated!) - Date.now()) < 60_000);
});

test('generation 0 means that the object must not exist', async (t) => {
  const { client } = await startLocal(t);
  const file = client.bucket('box').file('once');
  await file.save('1', { resumable: false, preconditionOpts: never });
  await assert.rejects(file.save('2', { resumable: false, preconditionOpts: never }), (error: any) => {
    assert.equal(error.code, 412);
    assert.equal(error.errors[0].reason, 'conditionNotMet');
    return true;
  });
  assert.equal((await file.download())[0].toString(), '1');
});

test('of many writers with the same precondition exactly one wins', async (t) => {
  const { client } = await startLocal(t);
  const attempts = Array.from({ length: 20 }, (_, n) =>
    client.bucket('box').file('race').save(`${n}`, { resumable: false, preconditionOpts: never }),
  );
  const results = await Promise.allSettled(attempts);
  assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1);
});

test('generations grow and guard overwriting and deleting', async (t) => {
  const { client } = await startLocal(t);
  const file = client.bucket('box').file('state');
  await file.save('1', { resumable: false });
  const first = Number((await file.getMetadata())[0].generation);
  await file.save('2', { resumable: false, preconditionOpts: { ifGenerationMatch: first } });
  const second = Number((await file.getMetadata())[0].generation);
  assert.ok(second > first);
  await assert.rejects(file.save('3', { resumable: false, preconditionOpts: { ifGenerationMatch: first } }), {
    code: 412,
  });
  await assert.rejects(file.delete({ ifGenerationMatch: first }), { code: 412 });
  await file.delete({ ifGenerationMatch: second });
  await assert.rejects(file.download(), { code: 404, message: /No such object: box\/state/ });
  await assert.rejects(file.delete(), { code: 404 });
});

test('the bucket decides, not the answer that got lost: a retried insert fails its own precondition', async (t) => {
  const { client, context } = await startLocal(t);
  context.faults.set([{ service: 'storage', method: 'objects.insert', nth: 1, when: 'after', effect: 'reset' }]);
  const file = client.bucket('box').file('self');
  await assert.rejects(file.save('1', { resumable: false, preconditionOpts: never }));
  await assert.rejects(file.save('1', { resumable: false, preconditionOpts: never }), { code: 412 });
  assert.equal((await file.download())[0].toString(), '1');
});

test('conditions on reading: 412 for a mismatch, 304 for what the caller has', async (t) => {
  const { client, url } = await startLocal(t);
  const file = client.bucket('box').file('r');
  await file.save('1', { resumable: false });
  const { generation, metageneration } = (await file.getMetadata())[0];
  const ask = async (query: string) => (await fetch(`${url}/storage/v1/b/box/o/r?${query}`)).status;
  assert.equal(await ask(`ifGenerationMatch=${generation}`), 200);
  assert.equal(await ask('ifGenerationMatch=1'), 412);
  assert.equal(await ask(`ifGenerationNotMatch=${generation}`), 304);
  assert.equal(await ask(`ifMetagenerationMatch=${metageneration}`), 200);
  assert.equal(await ask(`ifMetagenerationNotMatch=${metageneration}&alt=media`), 304);
  assert.equal(await ask('ifGenerationMatch=x'), 400);
});

test('metadata can be changed without the bytes', async (t) => {
  const { client } = await startLocal(t);
  const file = client.bucket('box').file('m');
  await file.save('1', { resumable: false, metadata: { metadata: { a: '1', b: '2' } } });
  const [before] = await file.getMetadata();
  await file.setMetadata({ contentType: 'text/csv', metadata: { b: null, c: '3' } });
  const [after] = await file.getMetadata();
  assert.equal(after.generation, before.generation);
  assert.equal(after.metageneration, '2');
  assert.equal(after.contentType, 'text/csv');
  assert.deepEqual(after.metadata, { a: '1', c: '3' });
  await assert.rejects(file.setMetadata({ contentType: 'x/y' }, { ifMetagenerationMatch: 1 }), { code: 412 });
});

test('ranges of bytes', async (t) => {
  const { client, url } = await startLocal(t);
  const file = client.bucket('box').file('digits');
  await file.save('0123456789', { resumable: false });
  const read = async (options: object) => (await file.download(options))[0].toString();
  assert.equal(await read({ start: 2, end: 4 }), '234');
  assert.equal(await read({ start: 7 }), '789');
  assert.equal(await read({ end: -3 }), '789');
  assert.equal(await read({ start: 8, end: 100 }), '89');
  const beyond = await fetch(`${url}/storage/v1/b/box/o/digits?alt=media`, { headers: { range: 'bytes=10-' } });
  assert.equal(beyond.status, 416);
  const part = await fetch(`${url}/storage/v1/b/box/o/digits?alt=media`, { headers: { range: 'bytes=1-1' } });
  assert.equal(part.status, 206);
  assert.equal(part.headers.get('content-range'), 'bytes 1-1/10');
});

test('an empty object', async (t) => {
  const { client } = await startLocal(t);
  for (const resumable of [false, true]) {
    const file = client.bucket('box').file(`empty-${resumable}`);
    await file.save('', { resumable });
    assert.equal((await file.download())[0].length, 0);
    assert.equal((await file.getMetadata())[0].crc32c, 'AAAAAA==');
  }
});

test('a gzipped object is unpacked for those who do not take gzip', async (t) => {
  const { client, url } = await startLocal(t);
  const file = client.bucket('box').file('z');
  const text = 'abc'.repeat(1000);
  await file.save(text, { resumable: false, gzip: true });
  assert.equal((await file.download())[0].toString(), text);
  const address = `${url}/storage/v1/b/box/o/z?alt=media`;
  const plain = await fetch(address, { headers: { 'accept-encoding': 'identity' } });
  assert.equal(plain.headers.get('content-encoding'), null);
  assert.equal(plain.headers.get('x-goog-stored-content-encoding'), 'gzip');
  assert.equal(await plain.text(), text);
});

test('an upload packed for the way is stored unpacked', async (t) => {
  const { client, url } = await startLocal(t);
  const answer = await fetch(`${url}/upload/storage/v1/b/box/o?uploadType=media&name=way`, {
    method: 'POST',
    headers: { 'content-encoding': 'gzip', 'content-type': 'text/plain' },
    body: gzipSync('plain text'),
  });
  assert.equal(answer.status, 200);
  assert.equal((await client.bucket('box').file('way').download())[0].toString(), 'plain text');
});

test('odd names are names like any other; impossible ones are refused', async (t) => {
  const { client } = await startLocal(t);
  const bucket = client.bucket('box');
  const odd = [
    'a b',
    'ü/ñ/日本/😀',
    'x+y%2Fz%',
    '../../etc/passwd',
    'a//b',
    '/lead',
    'trail/',
    '?#[]*&=;:@',
    '-',
    'x'.repeat(1024),
  ];
  for (const name of odd) await bucket.file(name).save(name, { resumable: false, preconditionOpts: never });
  for (const name of odd) assert.equal((await bucket.file(name).download())[0].toString(), name);
  const [files] = await bucket.getFiles();
  assert.deepEqual(files.map((file) => file.name).sort(), [...odd].sort());
  const impossible = ['.', '..', 'a\nb', 'a\rb', 'x'.repeat(1025), 'ü'.repeat(513), '.well-known/acme-challenge/x'];
  for (const name of impossible) {
    await assert.rejects(bucket.file(name).save('x', { resumable: false }), { code: 400 }, JSON.stringify(name));
  }
});

test('wrong checksums are refused and leave nothing', async (t) => {
  const { client } = await startLocal(t);
  const file = client.bucket('box').file('sum');
  const metadata = { md5Hash: createHash('md5').update('other').digest('base64') };
  await assert.rejects(file.save('this', { resumable: false, metadata }), { code: 400, message: /MD5/ });
  assert.deepEqual(await file.exists(), [false]);
});

test('buckets: create, find, configure, delete', async (t) => {
  const { client } = await startLocal(t);
  const [bucket] = await client.createBucket('new-one', { versioning: { enabled: true } });
  await assert.rejects(client.createBucket('new-one'), { code: 409 });
  await assert.rejects(client.createBucket('Bad_Name'), { code: 400 });
  await bucket.setMetadata({ labels: { team: 'a' } });
  const [metadata] = await bucket.getMetadata();
  assert.deepEqual(metadata.labels, { team: 'a' });
  assert.deepEqual(metadata.versioning, { enabled: true });
  const [buckets] = await client.getBuckets();
  assert.deepEqual(buckets.map((each) => each.name).sort(), ['box', 'kept', 'new-one']);
  await bucket.file('x').save('x', { resumable: false });
  await assert.rejects(bucket.delete(), { code: 409, message: /not empty/ });
  const generation = Number((await bucket.file('x').getMetadata())[0].generation);
  await bucket.file('x', { generation }).delete();
  await bucket.delete();
  assert.deepEqual(await bucket.exists(), [false]);
  await assert.rejects(client.bucket('absent').file('x').save('x', { resumable: false }), {
    code: 404,
    message: /bucket does not exist/,
  });
});

test('a versioned bucket keeps what is overwritten and deleted', async (t) => {
  const { client } = await startLocal(t);
  const bucket = client.bucket('kept');
  const file = bucket.file('v');
  const generations: number[] = [];
  for (const text of ['one', 'two']) {
    await file.save(text, { resumable: false });
    generations.push(Number((await file.getMetadata())[0].generation));
  }
  await file.delete();
  await assert.rejects(file.download(), { code: 404 });
  assert.equal((await bucket.getFiles())[0].length, 0);
  const [versions] = await bucket.getFiles({ versions: true });
  assert.deepEqual(
    versions.map((version) => Number(version.metadata.generation)),
    generations,
  );
  assert.ok(versions.every((version) => version.metadata.timeDeleted !== undefined));
  const [old] = await bucket.file('v', { generation: generations[0]! }).download();
  assert.equal(old.toString(), 'one');
  for (const generation of generations) await bucket.file('v', { generation }).delete();
  assert.equal((await bucket.getFiles({ versions: true }))[0].length, 0);
});

test('one change a second for each name, when asked for', async (t) => {
  const { client } = await startLocal(t, { enforceRateLimit: true });
  const file = client.bucket('box').file('hot');
  await file.save('1', { resumable: false });
  await assert.rejects(file.save('2', { resumable: false }), (error: any) => {
    assert.equal(error.code, 429);
    assert.equal(error.errors[0].reason, 'rateLimitExceeded');
    return true;
  });
  await client.bucket('box').file('cold').save('1', { resumable: false });
});
