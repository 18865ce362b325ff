/**
 * The bucket of a pass against the local Cloud Storage when it misbehaves, and when
 * it holds more than one page of a list.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { connectBuckets } from '../../functions/adapters/gcs-bucket.ts';
import type { Bucket } from '../../functions/ports/bucket.ts';
import { PortError } from '../../functions/ports/port-error.ts';
import { listen } from '../../local-cloud/listen.ts';
import { startIdentity } from '../../local-cloud/identity/identity.ts';
import { startLocal, type LocalStorage } from '../support/storage-local.ts';

async function openBox(
  t: TestContext,
  changes: { callMs?: number; endpoint?: string } = {},
): Promise<{ box: Bucket; local: LocalStorage }> {
  const local = await startLocal(t);
  const identity = await startIdentity(local.context, { port: 0 });
  t.after(() => identity.stop());
  Object.assign(process.env, { GCE_METADATA_HOST: identity.host, METADATA_SERVER_DETECTION: 'assume-present' });
  const { projectId } = local.context;
  const names = { uploads: 'box', state: 'box', results: 'box' };
  const endpoints = { endpoint: local.url, signingEndpoint: identity.url };
  const { state } = connectBuckets({ projectId, buckets: names, ...endpoints, ...changes });
  return { box: state, local };
}

test('a read that the storage refuses, and refuses again, is an error or is done, and ends no process', async (t) => {
  const { box, local } = await openBox(t);
  await local.client.bucket('box').file('there').save('x', { resumable: false });
  const refuse = (method: string, nth: number[]): void =>
    local.context.faults.set([{ service: 'storage', method, nth, effect: 'status', status: 503 }]);
  refuse('*', [2]);
  assert.equal(String((await box.read('there', 100))?.bytes), 'x');
  refuse('*', [2, 3, 4, 5, 6, 7, 8]);
  await assert.rejects(box.read('there', 100), { code: 'FF-BUCKET', retry: true });
  local.context.faults.set([{ service: 'storage', method: '*', nth: 2, effect: 'status', status: 404 }]);
  assert.equal(String((await box.read('there', 100))?.bytes), 'x');
});

test('a storage that never answers is given up, whatever was asked of it', async (t) => {
  const { box, local } = await openBox(t, { callMs: 300 });
  const contentType = 'text/plain';
  await local.client.bucket('box').file('there').save('x', { resumable: false });
  local.context.faults.set([{ service: 'storage', method: '*', effect: 'hang' }]);
  const calls: Record<string, Promise<unknown>> = {
    read: box.read('there', 100),
    list: box.list(''),
    folders: box.listFolders(''),
    sum: box.bytesBelow(''),
    write: box.write('new', 'x', { ifGeneration: '0', contentType }),
    'write without a condition': box.write('new', 'x', { contentType }),
    'large write': box.write('large', Buffer.alloc(9 * 1024 ** 2), { ifGeneration: '0', contentType }),
    removal: box.remove('there'),
  };
  const ends = await Promise.allSettled(Object.values(calls));
  for (const [index, what] of Object.keys(calls).entries()) {
    const end = ends[index]!;
    assert.ok(end.status === 'rejected' && end.reason instanceof PortError, what);
    assert.deepEqual([end.reason.code, end.reason.retry], ['FF-BUCKET', true], what);
  }
});

/** Of no size that the storage would like, and so many that they are sent in several pieces. */
async function* manyChunks(): AsyncGenerator<Buffer> {
  for (let chunk = 0; chunk < 200; chunk += 1) yield Buffer.alloc(100_001, chunk);
}

test('what is written while it is made arrives whole, in one object, also where a piece is refused', async (t) => {
  const { box, local } = await openBox(t);
  const expected = await buffer(manyChunks());
  const contentType = 'text/plain';
  const first = await box.writeChunks('made', manyChunks(), { contentType });
  local.context.faults.set([{ service: 'storage', method: '*', nth: 3, effect: 'status', status: 503 }]);
  const second = await box.writeChunks('made', manyChunks(), { contentType });
  const there = await box.read('made', expected.length);
  assert.ok(there !== null && there.bytes.equals(expected));
  assert.deepEqual([there.generation, first === second], [second, false]);
});

test('nothing is written of what could not be made, nor to a storage that never answers', async (t) => {
  const { box, local } = await openBox(t, { callMs: 300 });
  const broken = async function* (): AsyncGenerator<Buffer> {
    yield Buffer.from('a beginning');
    throw new PortError('FF-TEST', 'the rest cannot be read', { retry: true });
  };
  const contentType = 'text/plain';
  await assert.rejects(box.writeChunks('broken', broken(), { contentType }), { code: 'FF-TEST' });
  assert.equal(await box.info('broken'), null);
  local.context.faults.set([{ service: 'storage', method: '*', effect: 'hang' }]);
  await assert.rejects(box.writeChunks('made', manyChunks(), { contentType }), { code: 'FF-BUCKET', retry: true });
});

test('a write without a condition takes the second try from nobody', async (t) => {
  const { box, local } = await openBox(t);
  const contentType = 'text/plain';
  const { faults } = local.context;
  faults.set([{ service: 'storage', method: 'objects.insert', nth: 2, effect: 'delay', delayMs: 200 }]);
  await Promise.all([
    box.write('status.json', '{}', { contentType }),
    box.write('record.json', '{}', { ifGeneration: '0', contentType }),
  ]);
  faults.set([{ service: 'storage', method: 'objects.get', nth: 1, effect: 'status', status: 503 }]);
  assert.equal((await box.read('record.json', 100))?.bytes.toString(), '{}');
});

/** A storage whose list of objects has these pages, by their tokens. */
async function openPages(t: TestContext, pages: Record<string, object>): Promise<Bucket> {
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://test');
    response.writeHead(200, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify(pages[searchParams.get('pageToken') ?? '']));
  });
  const port = await listen(server, 0);
  t.after(() => server.close());
  return (await openBox(t, { endpoint: `http://127.0.0.1:${port}` })).box;
}

test('folders beyond the first page of a list are found', async (t) => {
  const box = await openPages(t, {
    '': { prefixes: ['jobs/a/'], items: [], nextPageToken: 'second' },
    second: { prefixes: ['jobs/b/'], nextPageToken: 'third' },
    third: { prefixes: ['jobs/c/'] },
  });
  assert.deepEqual(await box.listFolders('jobs/'), ['jobs/a/', 'jobs/b/', 'jobs/c/']);
});

test('a list without an end is left when there are too many', async (t) => {
  const items = [{ name: 'a', size: '1', generation: '1', updated: '2026-11-26T12:00:00Z' }];
  const page = { items, nextPageToken: 'more' };
  const box = await openPages(t, { '': page, more: page });
  assert.equal((await box.list('', { most: 7 })).length, 8);
});

test('what lies below a prefix is summed up over all pages', async (t) => {
  const object = (name: string, size: string): object => ({
    name,
    size,
    generation: '1',
    updated: '2026-11-26T12:00:00Z',
  });
  const box = await openPages(t, {
    '': { items: [object('a', '3'), object('b', '4')], nextPageToken: 'second' },
    second: { nextPageToken: 'third' },
    third: { items: [object('c', '1099511627776')] },
  });
  assert.equal(await box.bytesBelow(''), 1024 ** 4 + 7);
});
