/** Contract of the Kubernetes API: creating, reading, changing and deleting objects, selectors, pages, watches. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { KubernetesClient } from './kubernetes-client.ts';
import { freshNamespace } from './kubernetes-targets.ts';

export function objectsSuite(client: KubernetesClient): void {
  describe('objects', () => {
    let space = '';
    let maps = '';
    before(async () => {
      space = await freshNamespace(client);
      maps = `/api/v1/namespaces/${space}/configmaps`;
    });

    it('fills in what is the server’s when creating, and refuses the same name twice', async () => {
      const { code, body } = await client.call('POST', maps, {
        metadata: { name: 'one', labels: { a: 'b' } },
        data: { x: '1' },
      });
      assert.equal(code, 201);
      assert.equal(body.kind, 'ConfigMap');
      assert.match(body.metadata.uid, /^[0-9a-f-]{36}$/);
      assert.match(body.metadata.creationTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      assert.match(body.metadata.resourceVersion, /^\d+$/);
      const again = await client.call('POST', maps, { metadata: { name: 'one' } });
      assert.equal(again.code, 409);
      assert.equal(again.body.reason, 'AlreadyExists');
      assert.equal(again.body.message, 'configmaps "one" already exists');
    });

    it('makes up a name from generateName', async () => {
      const { body } = await client.call('POST', maps, { metadata: { generateName: 'gen-' } });
      assert.match(body.metadata.name, /^gen-[a-z0-9]{5}$/);
    });

    it('answers 404 with the real words for objects, resources and paths that are not there', async () => {
      const object = await client.call('GET', `${maps}/nope`);
      assert.equal(object.code, 404);
      assert.equal(object.body.message, 'configmaps "nope" not found');
      assert.deepEqual(object.body.details, { name: 'nope', kind: 'configmaps' });
      const grouped = await client.call('GET', `/apis/apps/v1/namespaces/${space}/deployments/nope`);
      assert.equal(grouped.body.message, 'deployments.apps "nope" not found');
      const resource = await client.call('GET', `/api/v1/namespaces/${space}/foos`);
      assert.equal(resource.code, 404);
      assert.equal(resource.body.message, 'the server could not find the requested resource');
      assert.equal((await client.call('GET', '/apis/no.such.group/v1')).code, 404);
    });

    it('refuses objects for a namespace that is missing or another one than the path says', async () => {
      const missing = await client.call('POST', '/api/v1/namespaces/no-such/configmaps', { metadata: { name: 'x' } });
      assert.equal(missing.code, 404);
      assert.equal(missing.body.message, 'namespaces "no-such" not found');
      const other = await client.call('POST', maps, { metadata: { name: 'x', namespace: 'default' } });
      assert.equal(other.code, 400);
    });

    it('updates only the version it was shown, and changes nothing when nothing changes', async () => {
      const { body: made } = await client.call('POST', maps, { metadata: { name: 'two' }, data: { x: '1' } });
      const { code, body } = await client.call('PUT', `${maps}/two`, { ...made, data: { x: '2' } });
      assert.equal(code, 200);
      assert.ok(Number(body.metadata.resourceVersion) > Number(made.metadata.resourceVersion));
      const stale = await client.call('PUT', `${maps}/two`, { ...made, data: { x: '3' } });
      assert.equal(stale.code, 409);
      assert.equal(stale.body.reason, 'Conflict');
      assert.match(stale.body.message, /the object has been modified; please apply your changes to the latest version/);
      const same = await client.call('PUT', `${maps}/two`, body);
      assert.equal(same.body.metadata.resourceVersion, body.metadata.resourceVersion);
    });

    it('counts generations by changes of the spec and keeps the status apart', async () => {
      const path = `/apis/apps/v1/namespaces/${space}/deployments`;
      const { body: made } = await client.call('POST', path, { ...deployment('gen', 0), status: { replicas: 9 } });
      assert.equal(made.metadata.generation, 1);
      assert.equal(made.status.replicas, undefined);
      const merge = { contentType: 'application/merge-patch+json' };
      const labelled = await client.call('PATCH', `${path}/gen`, { metadata: { labels: { x: 'y' } } }, merge);
      assert.equal(labelled.body.metadata.generation, 1);
      const paused = await client.call('PATCH', `${path}/gen`, { spec: { paused: true } }, merge);
      assert.equal(paused.body.metadata.generation, 2);
      const status = await client.call(
        'PATCH',
        `${path}/gen/status`,
        { spec: { paused: false }, status: { collisionCount: 3 } },
        merge,
      );
      assert.equal(status.body.spec.paused, true);
      assert.equal(status.body.status.collisionCount, 3);
    });

    it('writes nothing with dryRun', async () => {
      const { code, body } = await client.call('POST', `${maps}?dryRun=All`, { metadata: { name: 'dry' } });
      assert.equal(code, 201);
      assert.equal(body.metadata.name, 'dry');
      assert.equal((await client.call('GET', `${maps}/dry`)).code, 404);
    });

    it('selects by labels with every operator, and by fields', async () => {
      const items = `/api/v1/namespaces/${space}/secrets`;
      for (const [name, labels] of Object.entries({ s1: { tier: 'a' }, s2: { tier: 'b', hot: '1' }, s3: {} })) {
        await client.call('POST', items, { metadata: { name, labels }, type: name === 's3' ? 'special' : 'Opaque' });
      }
      const rows: [query: string, names: string[]][] = [
        ['labelSelector=tier=a', ['s1']],
        ['labelSelector=tier==b,hot', ['s2']],
        ['labelSelector=tier!=a', ['s2', 's3']],
        ['labelSelector=tier in (a, b)', ['s1', 's2']],
        ['labelSelector=tier notin (a)', ['s2', 's3']],
        ['labelSelector=!tier', ['s3']],
        ['labelSelector=tier,!hot', ['s1']],
        ['fieldSelector=metadata.name=s2', ['s2']],
        ['fieldSelector=metadata.name!=s2,type=Opaque', ['s1']],
      ];
      for (const [query, names] of rows) {
        const { body } = await client.call('GET', `${items}?${new URLSearchParams(splitQuery(query))}`);
        assert.deepEqual(
          body.items.map((item: any) => item.metadata.name),
          names,
          query,
        );
      }
      assert.equal((await client.call('GET', `${items}?labelSelector=a%20b%20c`)).code, 400);
      assert.equal((await client.call('GET', `${items}?fieldSelector=data.x%3D1`)).code, 400);
    });

    it('hands out long lists in pages', async () => {
      const own = `/api/v1/namespaces/${await freshNamespace(client)}/secrets`;
      for (const name of ['a', 'b', 'c', 'd', 'e']) await client.call('POST', own, { metadata: { name } });
      const names: string[] = [];
      let token = '';
      do {
        const { body } = await client.call('GET', `${own}?limit=2&continue=${encodeURIComponent(token)}`);
        assert.ok(body.items.length <= 2);
        names.push(...body.items.map((item: any) => item.metadata.name));
        token = body.metadata.continue ?? '';
      } while (token !== '');
      assert.deepEqual(names, ['a', 'b', 'c', 'd', 'e']);
      assert.equal((await client.call('GET', `${own}?limit=2&continue=zzz`)).code, 400);
    });

    it('deletes with preconditions, one by one and many at once', async () => {
      const { body } = await client.call('POST', maps, { metadata: { name: 'gone', labels: { many: '1' } } });
      const wrong = await client.call('DELETE', `${maps}/gone`, { preconditions: { uid: 'other' } });
      assert.equal(wrong.code, 409);
      const done = await client.call('DELETE', `${maps}/gone`, { preconditions: { uid: body.metadata.uid } });
      assert.equal(done.body.status, 'Success');
      assert.deepEqual(done.body.details, { name: 'gone', kind: 'configmaps', uid: body.metadata.uid });
      assert.equal((await client.call('DELETE', `${maps}/gone`)).code, 404);
      for (const name of ['m1', 'm2']) await client.call('POST', maps, { metadata: { name, labels: { many: '1' } } });
      const many = await client.call('DELETE', `${maps}?labelSelector=many`);
      assert.equal(many.body.items.length, 2);
      assert.equal((await client.call('GET', `${maps}?labelSelector=many`)).body.items.length, 0);
    });

    it('keeps what has a finalizer until the finalizer is taken away', async () => {
      await client.call('POST', maps, { metadata: { name: 'held', finalizers: ['example.com/hold'] } });
      const { body } = await client.call('DELETE', `${maps}/held`);
      assert.ok(body.metadata.deletionTimestamp);
      const merge = { contentType: 'application/merge-patch+json' };
      const more = await client.call(
        'PATCH',
        `${maps}/held`,
        { metadata: { finalizers: ['a.b/c', 'example.com/hold'] } },
        merge,
      );
      assert.equal(more.code, 422);
      await client.call('PATCH', `${maps}/held`, { metadata: { finalizers: null } }, merge);
      assert.equal((await client.call('GET', `${maps}/held`)).code, 404);
    });
  });
}

const splitQuery = (query: string): Record<string, string> => {
  const at = query.indexOf('=');
  return { [query.slice(0, at)]: query.slice(at + 1) };
};

const podSpec = { containers: [{ name: 'c', image: 'example/image:1' }] };

/** A Deployment whose pods are labelled with its name. */
export function deployment(name: string, replicas: number, spec: object = podSpec): Record<string, any> {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec },
    },
  };
}
