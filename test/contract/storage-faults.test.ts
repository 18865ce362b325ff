/** Scripted faults as clients of the local Cloud Storage see them, and the books that are kept. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { FaultRule } from '../../local-cloud/faults.ts';
import { clientFor, startLocal } from '../support/storage-local.ts';
import { waitFor } from '../../testing/wait-for.ts';

const storage = (method: string, rest: Omit<FaultRule, 'service' | 'method'>): FaultRule => ({
  service: 'storage',
  method,
  ...rest,
});

test('a failing call is answered in the protocol of the call', async (t) => {
  const { client, context, url } = await startLocal(t);
  await client.bucket('box').file('x').save('x', { resumable: false });
  context.faults.set([storage('*', { effect: 'status', status: 503 })]);
  await assert.rejects(client.bucket('box').file('x').getMetadata(), (error: any) => {
    assert.deepEqual([error.code, error.errors[0].reason], [503, 'backendError']);
    return true;
  });
  const xml = await fetch(`${url}/box/x`);
  assert.equal(xml.status, 503);
  assert.match(await xml.text(), /<Code>ServiceUnavailable<\/Code>/);
  context.faults.set([storage('objects.list', { effect: 'quota', reason: 'userRateLimitExceeded' })]);
  await assert.rejects(client.bucket('box').getFiles(), (error: any) => {
    assert.deepEqual([error.code, error.errors[0].reason], [429, 'userRateLimitExceeded']);
    return true;
  });
});

test('before a call nothing has happened, after it everything has', async (t) => {
  const { client, context } = await startLocal(t);
  const file = client.bucket('box').file('x');
  for (const when of ['before', 'after'] as const) {
    context.faults.set([storage('objects.insert', { when, effect: 'status', status: 500 })]);
    await assert.rejects(file.save(when, { resumable: false }), { code: 500 });
    context.faults.set([]);
    assert.deepEqual(await file.exists(), [when === 'after']);
  }
});

test('a download cut off in the middle does not pass for a whole one', async (t) => {
  const { client, context } = await startLocal(t);
  const file = client.bucket('box').file('x');
  await file.save(randomBytes(500_000), { resumable: false });
  context.faults.set([storage('objects.get', { when: 'after', effect: 'reset', nth: 1 })]);
  await assert.rejects(file.download());
  assert.equal((await file.download())[0].length, 500_000);
});

test('a call that hangs holds nobody else up and ends with the service', async (t) => {
  const { client, context, service } = await startLocal(t);
  context.faults.set([storage('objects.list', { effect: 'hang' })]);
  const hanging = assert.rejects(client.bucket('box').getFiles());
  await waitFor('the call', () => context.books.calls.get('storage.objects.list') === 1);
  await client.bucket('box').file('x').save('x', { resumable: false });
  await service.stop();
  await hanging;
});

test("the client's retries get through", async (t) => {
  const { url, context } = await startLocal(t);
  const client = clientFor(url, true);
  context.faults.set([
    storage('objects.insert', { nth: 1, effect: 'status', status: 503 }),
    storage('objects.get', { nth: 1, effect: 'reset' }),
    storage('objects.list', { nth: 1, effect: 'status', status: 429 }),
  ]);
  await client
    .bucket('box')
    .file('x')
    .save('x', { resumable: false, preconditionOpts: { ifGenerationMatch: 0 } });
  assert.equal((await client.bucket('box').file('x').getMetadata())[0].size, '1');
  assert.equal((await client.bucket('box').getFiles())[0].length, 1);
  assert.equal(context.books.calls.get('storage.objects.insert'), 2);
  assert.equal(context.books.calls.get('storage.objects.list'), 2);
});
