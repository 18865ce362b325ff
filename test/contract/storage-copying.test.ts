/** Objects made of objects. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { CRC32C } from '@google-cloud/storage';
import * as fc from 'fast-check';
import { combineCrc32c, crc32c } from '../../local-cloud/storage/semantics/checksums.ts';
import { startLocal } from '../support/storage-local.ts';

function crcOf(bytes: Buffer): string {
  const crc = new CRC32C();
  crc.update(bytes);
  return crc.toString();
}

test('compose joins bytes, in order, with the right checksum', async (t) => {
  const { client } = await startLocal(t);
  const bucket = client.bucket('box');
  const parts = [randomBytes(300_000), Buffer.alloc(0), randomBytes(7), randomBytes(70_000)];
  await Promise.all(parts.map((bytes, n) => bucket.file(`p${n}`).save(bytes, { resumable: false })));
  await bucket.combine(['p0', 'p1', 'p2', 'p3'], 'whole', { ifGenerationMatch: 0 });
  const whole = Buffer.concat(parts);
  assert.deepEqual((await bucket.file('whole').download())[0], whole);
  const [metadata] = await bucket.file('whole').getMetadata();
  assert.equal(metadata.crc32c, crcOf(whole));
  assert.equal(metadata.md5Hash, undefined);
  assert.equal(metadata.componentCount, 4);
  const [middle] = await bucket.file('whole').download({ start: 299_998, end: 300_010 });
  assert.deepEqual(middle, whole.subarray(299_998, 300_011));
  // The parts may go: the whole stays.
  await Promise.all(parts.map((_, n) => bucket.file(`p${n}`).delete()));
  await bucket.combine(['whole', 'whole'], 'twice');
  assert.deepEqual((await bucket.file('twice').download())[0], Buffer.concat([whole, whole]));
  await assert.rejects(bucket.combine(['whole', 'twice'], 'whole', { ifGenerationMatch: 1 }), { code: 412 });
  await assert.rejects(bucket.combine(['whole', 'absent'], 'x'), { code: 404 });
  await assert.rejects(bucket.combine(Array<string>(33).fill('whole'), 'x'), { code: 400 });
});

test('appending to an object by composing it with itself', async (t) => {
  const { client } = await startLocal(t);
  const bucket = client.bucket('box');
  await bucket.file('log').save('0', { resumable: false });
  for (let n = 1; n < 10; n++) {
    await bucket.file('more').save(String(n), { resumable: false });
    await bucket.combine(['log', 'more'], 'log');
  }
  assert.equal((await bucket.file('log').download())[0].toString(), '0123456789');
});

test('copies and moves', async (t) => {
  const { client } = await startLocal(t);
  const bucket = client.bucket('box');
  const file = bucket.file('from');
  await file.save('bytes', { resumable: false, metadata: { contentType: 'text/csv', metadata: { k: 'v' } } });
  await file.copy(client.bucket('kept').file('to'), { preconditionOpts: { ifGenerationMatch: 0 } });
  const [copy] = await client.bucket('kept').file('to').getMetadata();
  assert.deepEqual([copy.contentType, copy.metadata, copy.size], ['text/csv', { k: 'v' }, '5']);
  await assert.rejects(file.copy(client.bucket('kept').file('to'), { preconditionOpts: { ifGenerationMatch: 0 } }), {
    code: 412,
  });
  await file.copy(bucket.file('typed'), { contentType: 'text/plain', metadata: { other: '1' } });
  assert.deepEqual((await bucket.file('typed').getMetadata())[0].metadata, { other: '1' });
  await file.moveFileAtomic('moved');
  assert.deepEqual(await file.exists(), [false]);
  assert.equal((await bucket.file('moved').download())[0].toString(), 'bytes');
  await assert.rejects(bucket.file('absent').copy('x'), { code: 404, message: /No such object: box\/absent/ });
});

test('a rewrite in several calls, with the first token used again and again', async (t) => {
  const { client, url } = await startLocal(t);
  const bytes = randomBytes(3 * 1024 * 1024 + 5);
  await client.bucket('box').file('large').save(bytes, { resumable: false });
  const address = `${url}/storage/v1/b/box/o/large/rewriteTo/b/kept/o/target?maxBytesRewrittenPerCall=1048576`;
  const call = async (token: string) => (await (await fetch(`${address}${token}`, { method: 'POST' })).json()) as any;
  const first = await call('');
  assert.deepEqual([first.done, first.totalBytesRewritten, first.objectSize], [false, '1048576', String(bytes.length)]);
  const token = `&rewriteToken=${first.rewriteToken}`;
  assert.equal((await call(token)).done, false);
  assert.deepEqual(await client.bucket('kept').file('target').exists(), [false]);
  assert.equal((await call(token)).done, false);
  const last = await call(token);
  assert.deepEqual([last.done, last.resource.bucket, last.resource.name], [true, 'kept', 'target']);
  assert.deepEqual((await client.bucket('kept').file('target').download())[0], bytes);
});

test('a file that is being read stays readable while its object is replaced', async (t) => {
  const { client } = await startLocal(t);
  const file = client.bucket('box').file('busy');
  const bytes = randomBytes(8 * 1024 * 1024);
  await file.save(bytes, { resumable: false });
  const chunks: Buffer[] = [];
  let isReplaced = false;
  for await (const chunk of file.createReadStream({ validation: false })) {
    if (!isReplaced) await file.save('new', { resumable: false });
    isReplaced = true;
    chunks.push(chunk as Buffer);
  }
  assert.ok(Buffer.concat(chunks).equals(bytes));
  assert.equal((await file.download())[0].toString(), 'new');
});

test('checksums agree with the vendor and can be combined', () => {
  const bytes = fc.uint8Array({ maxLength: 100 });
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      const whole = Buffer.concat([a, b]);
      const expected = Buffer.from(crcOf(whole), 'base64').readUInt32BE();
      assert.equal(crc32c(whole), expected);
      assert.equal(crc32c(b, crc32c(a)), expected);
      assert.equal(combineCrc32c(crc32c(a), crc32c(b), b.length), expected);
    }),
  );
  const [a, b] = [randomBytes(1_000_003), randomBytes(3_000_001)];
  assert.equal(combineCrc32c(crc32c(a), crc32c(b), b.length), crc32c(Buffer.concat([a, b])));
});
