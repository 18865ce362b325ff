/** Resumable uploads: by the vendor's client, and by hand where the protocol itself is the question. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { clientFor, startLocal, type LocalStorage } from '../support/storage-local.ts';

const STEP = 256 * 1024;

/** Begins a session by hand and answers its address. */
async function begin(local: LocalStorage, name: string, query = ''): Promise<string> {
  const address = `${local.url}/upload/storage/v1/b/box/o?uploadType=resumable&name=${name}${query}`;
  const answer = await fetch(address, { method: 'POST', body: '{"contentType":"text/plain"}' });
  assert.equal(answer.status, 200);
  return answer.headers.get('location')!;
}

async function put(session: string, range: string | undefined, body?: Buffer, headers: Record<string, string> = {}) {
  const answer = await fetch(session, {
    method: 'PUT',
    redirect: 'manual',
    headers: range === undefined ? headers : { 'content-range': range, ...headers },
    body: body === undefined ? null : new Uint8Array(body),
  });
  return { status: answer.status, range: answer.headers.get('range'), text: await answer.text() };
}

async function read(local: LocalStorage, name: string): Promise<Buffer> {
  return (await local.client.bucket('box').file(name).download())[0];
}

test('a large object in one stream, and in chunks', async (t) => {
  const local = await startLocal(t);
  const bytes = randomBytes(5 * 1024 * 1024 + 123);
  for (const chunkSize of [undefined, 1024 * 1024]) {
    const file = local.client.bucket('box').file(`big-${chunkSize}`);
    const events: string[] = [];
    local.service.onFinalized((object) => void events.push(object.name));
    await file.save(bytes, {
      resumable: true,
      ...(chunkSize === undefined ? {} : { chunkSize }),
      preconditionOpts: { ifGenerationMatch: 0 },
      metadata: { contentType: 'application/x-r' },
    });
    assert.deepEqual((await file.download())[0], bytes);
    const [metadata] = await file.getMetadata();
    assert.equal(metadata.contentType, 'application/x-r');
    assert.equal(metadata.md5Hash, createHash('md5').update(bytes).digest('base64'));
    await assert.rejects(file.save(bytes, { resumable: true, preconditionOpts: { ifGenerationMatch: 0 } }), {
      code: 412,
    });
  }
});

test('chunks by hand: 308 tells how far it got', async (t) => {
  const local = await startLocal(t);
  const bytes = randomBytes(2 * STEP + 10);
  const session = await begin(local, 'chunks');
  assert.deepEqual(await put(session, 'bytes */*'), { status: 308, range: null, text: '' });
  const first = await put(session, `bytes 0-${STEP - 1}/*`, bytes.subarray(0, STEP));
  assert.deepEqual(first, { status: 308, range: `bytes=0-${STEP - 1}`, text: '' });
  // A question that names the total is not the end while bytes are missing.
  assert.equal((await put(session, `bytes */${bytes.length}`)).status, 308);
  assert.equal(
    (await put(session, `bytes ${2 * STEP}-${bytes.length - 1}/${bytes.length}`, bytes.subarray(2 * STEP))).status,
    400,
  );
  // Bytes that are there already are skipped.
  const last = await put(session, `bytes 0-${bytes.length - 1}/${bytes.length}`, bytes);
  assert.equal(last.status, 200);
  assert.deepEqual(await read(local, 'chunks'), bytes);
});

test('an unfinished chunk counts in steps of 256 KiB', async (t) => {
  const local = await startLocal(t);
  const bytes = randomBytes(STEP + 1000);
  const session = await begin(local, 'odd');
  const first = await put(session, `bytes 0-${bytes.length - 1}/*`, bytes);
  assert.deepEqual(first, { status: 308, range: `bytes=0-${STEP - 1}`, text: '' });
  const last = await put(session, `bytes ${STEP}-${bytes.length - 1}/${bytes.length}`, bytes.subarray(STEP));
  assert.equal(last.status, 200);
  assert.deepEqual(await read(local, 'odd'), bytes);
});

test('an upload whose connection breaks goes on, also after a restart', async (t) => {
  const local = await startLocal(t);
  const bytes = randomBytes(3 * STEP);
  let session = await begin(local, 'broken');
  await new Promise<void>((resolve) => {
    const call = request(session, {
      method: 'PUT',
      headers: { 'content-range': `bytes 0-${bytes.length - 1}/${bytes.length}`, 'content-length': bytes.length },
    });
    call.on('error', () => resolve());
    call.write(bytes.subarray(0, 2 * STEP + 5), () => call.destroy());
  });
  await local.restart();
  session = session.replace(/^http:\/\/[^/]+/, local.url);
  const { status, range } = await put(session, `bytes */${bytes.length}`);
  assert.equal(status, 308);
  const next = range === null ? 0 : Number(range.split('-')[1]) + 1;
  assert.ok(next <= 2 * STEP && next % STEP === 0, `${next}`);
  const last = await put(session, `bytes ${next}-${bytes.length - 1}/${bytes.length}`, bytes.subarray(next));
  assert.equal(last.status, 200);
  assert.deepEqual(await read(local, 'broken'), bytes);
  const [metadata] = await local.client.bucket('box').file('broken').getMetadata();
  assert.equal(metadata.md5Hash, createHash('md5').update(bytes).digest('base64'));
});

test('who lost the last answer asks again and gets the object, not a failed precondition', async (t) => {
  const local = await startLocal(t);
  const session = await begin(local, 'lost', '&ifGenerationMatch=0');
  local.context.faults.set([{ service: 'storage', method: 'objects.insert', when: 'after', nth: 1, effect: 'reset' }]);
  await assert.rejects(put(session, 'bytes 0-4/5', Buffer.from('hello')));
  const again = await put(session, 'bytes */5');
  assert.equal(again.status, 200);
  assert.equal(JSON.parse(again.text).name, 'lost');
  await local.restart();
  const afterRestart = await put(session.replace(/^http:\/\/[^/]+/, local.url), 'bytes 0-4/5', Buffer.from('hello'));
  assert.equal(JSON.parse(afterRestart.text).generation, JSON.parse(again.text).generation);
});

test('a client that retries gets through a service that fails now and then', async (t) => {
  const local = await startLocal(t);
  local.context.faults.set([
    { service: 'storage', method: 'objects.insert.start', nth: 1, effect: 'status', status: 503 },
    { service: 'storage', method: 'objects.insert', nth: 1, effect: 'reset' },
    { service: 'storage', method: 'objects.insert', nth: 2, when: 'after', effect: 'status', status: 503 },
  ]);
  const bytes = randomBytes(STEP * 3);
  const file = clientFor(local.url, true).bucket('box').file('retried');
  await file.save(bytes, { resumable: true, chunkSize: STEP, preconditionOpts: { ifGenerationMatch: 0 } });
  assert.deepEqual(await read(local, 'retried'), bytes);
});

test('the precondition counts when the upload ends', async (t) => {
  const local = await startLocal(t);
  const session = await begin(local, 'late', '&ifGenerationMatch=0');
  await local.client.bucket('box').file('late').save('first', { resumable: false });
  assert.equal((await put(session, 'bytes 0-4/5', Buffer.from('hello'))).status, 412);
  assert.equal((await read(local, 'late')).toString(), 'first');
});

test('a cancelled session is gone', async (t) => {
  const local = await startLocal(t);
  const session = await begin(local, 'cancelled');
  await put(session, `bytes 0-${STEP - 1}/*`, randomBytes(STEP));
  assert.equal((await fetch(session, { method: 'DELETE' })).status, 499);
  assert.equal((await put(session, 'bytes */*')).status, 404);
});

test('checksums at the end of a resumable upload', async (t) => {
  const local = await startLocal(t);
  const session = await begin(local, 'sum');
  const answer = await put(session, 'bytes 0-4/5', Buffer.from('hello'), { 'x-goog-hash': 'crc32c=AAAAAA==' });
  assert.equal(answer.status, 400);
  assert.deepEqual(await local.client.bucket('box').file('sum').exists(), [false]);
});

test('the range of a packed chunk counts unpacked bytes', async (t) => {
  const local = await startLocal(t);
  const session = await begin(local, 'packed');
  const bytes = Buffer.from('0123456789'.repeat(100));
  const answer = await put(session, 'bytes 0-999/1000', gzipSync(bytes), { 'content-encoding': 'gzip' });
  assert.equal(answer.status, 200);
  assert.deepEqual(await read(local, 'packed'), bytes);
});

test('a multipart upload that ends too early is none', async (t) => {
  const local = await startLocal(t);
  const body =
    '--b\r\ncontent-type: application/json\r\n\r\n{"name":"cut"}\r\n--b\r\ncontent-type: text/plain\r\n\r\nhalf of';
  const answer = await fetch(`${local.url}/upload/storage/v1/b/box/o?uploadType=multipart`, {
    method: 'POST',
    headers: { 'content-type': 'multipart/related; boundary=b' },
    body,
  });
  assert.equal(answer.status, 400);
  assert.deepEqual(await local.client.bucket('box').file('cut').exists(), [false]);
});

test('an upload refused while it is under way is answered, not cut off', async (t) => {
  const local = await startLocal(t);
  const bytes = randomBytes(3_000_000);
  const file = local.client.bucket('box').file('there');
  await file.save('x', { resumable: false });
  await assert.rejects(file.save(bytes, { resumable: false, preconditionOpts: { ifGenerationMatch: 0 } }), {
    code: 412,
  });
  const packed = await fetch(`${local.url}/upload/storage/v1/b/box/o?uploadType=media&name=there&ifGenerationMatch=0`, {
    method: 'POST',
    headers: { 'content-encoding': 'gzip' },
    body: gzipSync(bytes),
  });
  assert.equal(packed.status, 412);
  const session = await begin(local, 'long');
  assert.equal((await put(session, 'bytes 0-9/10', bytes)).status, 400);
  local.context.faults.set([{ service: 'storage', method: '*', effect: 'status', status: 503 }]);
  await assert.rejects(file.save(bytes, { resumable: false }), { code: 503 });
});
