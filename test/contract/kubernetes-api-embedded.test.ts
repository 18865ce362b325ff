/**
 * What only the embedded Kubernetes API has: its disk, tokens, scripted faults,
 * books, and logs passed on from a kubelet.
 */
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { listen } from '../../local-cloud/listen.ts';
import { createStore } from '../../local-cloud/kubernetes/store/store.ts';
import { podLog } from '../../local-cloud/kubernetes/verbs/pod-log.ts';
import { createWatchHub } from '../../local-cloud/kubernetes/verbs/watch-hub.ts';
import { watchObjects } from '../../local-cloud/kubernetes/verbs/watch.ts';
import type { Call } from '../../local-cloud/kubernetes/wire/call.ts';
import { parseRequest } from '../../local-cloud/kubernetes/wire/request.ts';
import { serverIdentity } from '../../local-cloud/kubernetes/wire/tls.ts';
import { startEmbedded, type EmbeddedTarget } from '../support/kubernetes-targets.ts';
import { ManualClock } from '../support/manual-clock.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';

describe('embedded Kubernetes API', () => {
  let target: EmbeddedTarget;
  before(async () => {
    target = await startEmbedded({ controllers: false });
  });
  after(() => target.stop());

  it('asks for the token, and answers for its health without one', async () => {
    const { client } = target;
    const refused = await client.call('GET', MAPS, undefined, { token: 'wrong' });
    assert.deepEqual([refused.code, refused.body.reason], [401, 'Unauthorized']);
    assert.equal((await client.call('GET', '/readyz', undefined, { token: 'wrong' })).text, 'ok');
  });

  it('misbehaves as scripted, before or after the effect', async () => {
    const { client, context } = target;
    context.faults.set([
      { service: 'kubernetes', method: 'create configmaps', nth: 1, effect: 'status', status: 503 },
      { service: 'kubernetes', method: 'create configmaps', nth: 1, when: 'after', effect: 'reset' },
    ]);
    assert.equal((await client.call('POST', MAPS, { metadata: { name: 'f' } })).code, 503);
    await assert.rejects(client.call('POST', MAPS, { metadata: { name: 'f' } }), /socket hang up|ECONNRESET/);
    assert.equal((await client.call('GET', `${MAPS}/f`)).code, 200);
    context.faults.set([]);
  });

  it('books calls by name, but no watches and not what the kubelet does', async () => {
    const { client, context } = target;
    const booked = (): number | undefined => context.books.calls.get('kubernetes.list secrets');
    await client.call('GET', '/api/v1/secrets');
    const watch = await client.watch('/api/v1/secrets?watch=1&timeoutSeconds=1');
    await assert.rejects(watch.next());
    await client.call('GET', '/api/v1/secrets', undefined, { agent: 'foreach-fleet-kubelet/1' });
    assert.equal(booked(), 1);
    assert.equal(context.books.calls.get('kubernetes.watch secrets'), undefined);
  });

  it('tells a watch from long ago to list anew', async () => {
    const store = createStore(join(target.dir, 'short'), { historyLength: 4 });
    store.create('namespaces', { metadata: { name: 'default' } });
    for (let index = 0; index < 10; index += 1) store.create('configmaps', { metadata: { name: `m${index}` } });
    assert.equal(store.since(1), undefined);
    const last = Number(store.resourceVersion());
    assert.deepEqual(
      store.since(last - 2)?.map(({ object }) => object.metadata.name),
      ['m8', 'm9'],
    );
    store.close();
  });
});

describe('the disk of the embedded Kubernetes API', () => {
  it('has everything after an end at any moment, and versions go on', () => {
    const dir = mkdtempSync(join(tmpdir(), 'kubernetes-store-'));
    const first = createStore(dir);
    first.create('namespaces', { metadata: { name: 'default' } });
    const made = first.create('configmaps', { metadata: { name: 'a' }, data: { x: '1' } });
    first.create('configmaps', { metadata: { name: 'b' } });
    first.delete('configmaps', 'default', 'b');
    // The process ended in the middle of writing the next line.
    appendFileSync(join(dir, 'log.jsonl'), '{"version":99,"type":"ADD');
    const second = createStore(dir);
    assert.deepEqual(second.get('configmaps', 'default', 'a'), made);
    assert.equal(second.get('configmaps', 'default', 'b'), undefined);
    assert.equal(second.resourceVersion(), first.resourceVersion());
    assert.deepEqual(
      second.since(Number(made.metadata.resourceVersion))?.map(({ type }) => type),
      ['ADDED', 'DELETED'],
    );
    second.create('configmaps', { metadata: { name: 'c' } });
    const third = createStore(dir);
    assert.equal(third.get('configmaps', 'default', 'c')?.metadata.resourceVersion, second.resourceVersion());
    for (const store of [first, second, third]) store.close();
    rmSync(dir, { recursive: true });
  });

  it('keeps certificates and objects of a server over restarts', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'kubernetes-api-'));
    const first = await startEmbedded({ dir, controllers: false });
    await first.client.call('POST', MAPS, { metadata: { name: 'kept' } });
    await first.stop();
    const second = await startEmbedded({ dir, controllers: false });
    assert.equal(second.server.caPem, first.server.caPem);
    assert.equal((await second.client.call('GET', `${MAPS}/kept`)).code, 200);
    await second.stop();
    rmSync(dir, { recursive: true });
  });

  it('tells listeners what was committed, in order, when they write themselves', () => {
    const dir = mkdtempSync(join(tmpdir(), 'kubernetes-store-'));
    const store = createStore(dir);
    store.create('namespaces', { metadata: { name: 'default' } });
    const seen: string[] = [];
    store.subscribe(({ object }) => {
      if (object.metadata.name === 'a') store.create('configmaps', { metadata: { name: 'b' } });
    });
    store.subscribe(({ object }) => seen.push(object.metadata.name));
    store.create('configmaps', { metadata: { name: 'a' } });
    assert.deepEqual(seen, ['a', 'b']);
    assert.throws(() => {
      (store.get('configmaps', 'default', 'a') as any).metadata.labels = {};
    }, TypeError);
    store.close();
    rmSync(dir, { recursive: true });
  });

  it('tells every listener of every change, also when one of them throws', () => {
    const dir = mkdtempSync(join(tmpdir(), 'kubernetes-store-'));
    const store = createStore(dir);
    store.create('namespaces', { metadata: { name: 'default' } });
    const seen: string[] = [];
    store.subscribe(({ object }) => {
      if (object.metadata.name !== 'a') return;
      store.create('configmaps', { metadata: { name: 'b' } });
      throw new Error('a listener');
    });
    store.subscribe(({ object }) => seen.push(object.metadata.name));
    assert.throws(() => store.create('configmaps', { metadata: { name: 'a' } }), /a listener/);
    assert.deepEqual(seen, ['a', 'b']);
    store.close();
    rmSync(dir, { recursive: true });
  });
});

/** A call whose client has gone before its turn came. */
function abandonedCall(target: EmbeddedTarget, path: string, clock: ManualClock): Call {
  const http = new IncomingMessage(new Socket());
  const response = new ServerResponse(http);
  response.destroy();
  const request = parseRequest('GET', new URL(path, 'https://localhost'));
  assert.ok(request);
  const { store } = target.server;
  const context = { ...target.context, clock };
  return { context, store, hub: createWatchHub(store), request, http, response, agent: 'test', warn: () => {} };
}

describe('clients that have gone before their turn came', () => {
  let target: EmbeddedTarget;
  before(async () => {
    target = await startEmbedded({ controllers: false });
  });
  after(() => target.stop());

  it('leave no watch behind', () => {
    const clock = new ManualClock();
    const call = abandonedCall(target, `${MAPS}?watch=1&allowWatchBookmarks=1`, clock);
    watchObjects(call);
    assert.equal(clock.pending(), 0);
  });
});

describe('logs', () => {
  let target: EmbeddedTarget;
  let kubelet: Server;
  const asked: string[] = [];
  before(async () => {
    target = await startEmbedded({ controllers: false });
    const { certPem, keyPem } = await serverIdentity(join(target.dir, 'kubelet'), 'kubelet');
    kubelet = createServer({ cert: certPem, key: keyPem }, (request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.write('first line\n');
      setImmediate(() => response.end('second line\n'));
    });
    const port = await listen(kubelet, 0);
    const { store } = target.server;
    store.create('nodes', {
      metadata: { name: 'n' },
      status: {
        addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
        daemonEndpoints: { kubeletEndpoint: { Port: port } },
      },
    });
    const pod = store.create('pods', {
      metadata: { name: 'p' },
      spec: { nodeName: 'n', containers: [{ name: 'c', image: 'i' }] },
    });
    store.updateStatus('pods', {
      ...pod,
      status: { phase: 'Running', containerStatuses: [{ name: 'c', restartCount: 0, state: { running: {} } }] },
    });
    store.create('pods', {
      metadata: { name: 'waiting' },
      spec: { nodeName: 'n', containers: [{ name: 'c', image: 'i' }] },
    });
  });
  after(async () => {
    await target.stop();
    await new Promise((resolve) => kubelet.close(resolve));
  });

  it('come from the kubelet of the node, with the options of the request', async () => {
    const { code, text } = await target.client.call(
      'GET',
      '/api/v1/namespaces/default/pods/p/log?tailLines=5&follow=true',
    );
    assert.equal(code, 200);
    assert.equal(text, 'first line\nsecond line\n');
    assert.deepEqual(asked, ['/containerLogs/default/p/c?follow=true&tailLines=5']);
  });

  it('are not asked for when the client has gone', async () => {
    asked.length = 0;
    const path = '/api/v1/namespaces/default/pods/p/log?follow=true';
    await podLog(abandonedCall(target, path, new ManualClock()));
    assert.deepEqual(asked, []);
  });

  it('of a container that has not started say so', async () => {
    const { code, body } = await target.client.call('GET', '/api/v1/namespaces/default/pods/waiting/log');
    assert.equal(code, 400);
    assert.equal(body.message, 'container "c" in pod "waiting" is waiting to start: ContainerCreating');
  });
});
