/** Contract of the Kubernetes API: the four kinds of patch, and who manages which field. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { KubernetesClient } from './kubernetes-client.ts';
import { deployment } from './kubernetes-suite-objects.ts';
import { freshNamespace } from './kubernetes-targets.ts';

const json = { contentType: 'application/json-patch+json' };
const merge = { contentType: 'application/merge-patch+json' };
const strategic = { contentType: 'application/strategic-merge-patch+json' };
const apply = { contentType: 'application/apply-patch+yaml' };

export function patchSuite(client: KubernetesClient): void {
  describe('patches', () => {
    let space = '';
    let maps = '';
    let deployments = '';
    before(async () => {
      space = await freshNamespace(client);
      maps = `/api/v1/namespaces/${space}/configmaps`;
      deployments = `/apis/apps/v1/namespaces/${space}/deployments`;
    });
    const containers = (body: any): any[] => body.spec.template.spec.containers;
    const podSpec = (spec: unknown): unknown => ({ spec: { template: { spec } } });

    it('of the merge kind set, and remove by null', async () => {
      await client.call('POST', maps, { metadata: { name: 'm' }, data: { a: '1', b: '2' } });
      const { body } = await client.call('PATCH', `${maps}/m`, { data: { a: null, c: '3' } }, merge);
      assert.deepEqual(body.data, { b: '2', c: '3' });
      const stale = await client.call(
        'PATCH',
        `${maps}/m`,
        { metadata: { resourceVersion: '1' }, data: { d: '4' } },
        merge,
      );
      assert.equal(stale.code, 409);
      assert.equal((await client.call('PATCH', `${maps}/nope`, {}, merge)).code, 404);
      assert.equal((await client.call('PATCH', `${maps}/m`, { metadata: { name: 'n' } }, merge)).code, 400);
    });

    it('of the JSON kind are done as a whole or not at all', async () => {
      await client.call('POST', maps, { metadata: { name: 'j' }, data: { a: '1' } });
      const good = [
        { op: 'test', path: '/data/a', value: '1' },
        { op: 'add', path: '/data/x~1y', value: '2' },
        { op: 'move', from: '/data/a', path: '/data/z' },
      ];
      // A key with a slash is no valid key of a ConfigMap: the patch is understood and its result refused.
      assert.equal((await client.call('PATCH', `${maps}/j`, good, json)).code, 422);
      const { body } = await client.call(
        'PATCH',
        `${maps}/j`,
        good.filter(({ path }) => !path.includes('~')),
        json,
      );
      assert.deepEqual(body.data, { z: '1' });
      const failing = [
        { op: 'remove', path: '/data/z' },
        { op: 'test', path: '/data/q', value: '1' },
      ];
      assert.equal((await client.call('PATCH', `${maps}/j`, failing, json)).code, 422);
      assert.deepEqual((await client.call('GET', `${maps}/j`)).body.data, { z: '1' });
      assert.equal((await client.call('PATCH', `${maps}/j`, { op: 'add' }, json)).code, 400);
      const rows: [operation: unknown, code: number, data?: object][] = [
        [5, 400],
        [null, 422],
        [{ op: 'increase', path: '/data/z' }, 422],
        [{ path: '/data/z' }, 422],
        [{ op: 'add', value: '1' }, 422],
        [{ op: 'add', path: '', value: { data: { x: '1' } } }, 422],
        [{ op: 'replace', path: '/data/toString', value: '1' }, 200, { z: '1', toString: '1' }],
        [{ op: 'remove', path: '/data/toString' }, 422],
        [{ op: 'replace', path: '/labels/q', value: '1' }, 422],
        [{ op: 'replace', path: '/metadata/finalizers/0', value: 'a/b' }, 422],
        [{ op: 'add', path: '/metadata/finalizers/-', value: 'a/b' }, 422],
        [{ op: 'test', path: '/data/q', value: null }, 200, { z: '1' }],
        [{ op: 'copy', from: '/data/z', path: '/data/r' }, 200, { z: '1', r: '1' }],
        [{ op: 'move', from: '/data/q', path: '/data/r' }, 422],
      ];
      for (const [operation, code, data] of rows) {
        const answer = await client.call('PATCH', `${maps}/j?dryRun=All`, [operation], json);
        assert.equal(answer.code, code, JSON.stringify([operation, answer.body]));
        if (data !== undefined) assert.deepEqual(answer.body.data, data);
      }
      assert.equal((await client.call('PATCH', `${maps}/j`, {})).code, 415);
    });

    it('of the strategic kind merge lists by their keys, with directives', async () => {
      await client.call('POST', deployments, deployment('s', 0));
      const patch = async (spec: unknown): Promise<any> =>
        (await client.call('PATCH', `${deployments}/s`, podSpec(spec), strategic)).body;
      const env = [
        { name: 'A', value: '1' },
        { name: 'B', value: '2' },
      ];
      assert.deepEqual(containers(await patch({ containers: [{ name: 'c', env }] }))[0].env, env);
      const changed = await patch({
        containers: [
          {
            name: 'c',
            env: [
              { name: 'A', $patch: 'delete' },
              { name: 'C', value: '3' },
            ],
          },
          { name: 'd', image: 'i' },
        ],
      });
      assert.deepEqual(containers(changed)[0].env, [
        { name: 'C', value: '3' },
        { name: 'B', value: '2' },
      ]);
      assert.deepEqual(
        containers(changed).map(({ name }) => name),
        ['c', 'd'],
      );
      const ordered = await patch({
        '$setElementOrder/containers': [{ name: 'd' }, { name: 'c' }],
        containers: [{ name: 'c', image: 'k' }],
      });
      assert.deepEqual(
        containers(ordered).map(({ name, image }) => [name, image]),
        [
          ['d', 'i'],
          ['c', 'k'],
        ],
      );
      const tolerations = [{ key: 'x', operator: 'Exists' }];
      await patch({ tolerations: [{ key: 'y', operator: 'Exists' }] });
      assert.deepEqual((await patch({ tolerations })).spec.template.spec.tolerations, tolerations);
      const replaced = await patch({ containers: [{ $patch: 'replace' }, { name: 'z', image: 'z' }] });
      assert.deepEqual(
        containers(replaced).map(({ name }) => name),
        ['z'],
      );
      const strategy = { $retainKeys: ['type'], type: 'Recreate' };
      const { body } = await client.call('PATCH', `${deployments}/s`, { spec: { strategy } }, strategic);
      assert.deepEqual(body.spec.strategy, { type: 'Recreate' });
    });

    it('of the apply kind create, share, conflict, take over by force, and let go', async () => {
      const config = (data: unknown): unknown => ({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'a' },
        data,
      });
      const send = (manager: string, data: unknown, more = ''): Promise<any> =>
        client.call('PATCH', `${maps}/a?fieldManager=${manager}${more}`, config(data), apply);
      assert.equal((await client.call('PATCH', `${maps}/a`, config({}), apply)).code, 422);
      assert.equal((await send('one', { x: '1', y: '2' })).code, 201);
      const conflict = await send('two', { x: '9', z: '3' });
      assert.equal(conflict.code, 409);
      assert.equal(conflict.body.message, 'Apply failed with 1 conflict: conflict with "one": .data.x');
      assert.deepEqual(conflict.body.details.causes, [
        { reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.x' },
      ]);
      assert.equal((await send('two', { x: '1', z: '3' })).code, 200);
      assert.deepEqual((await send('two', { x: '9', z: '3' }, '&force=true')).body.data, { x: '9', y: '2', z: '3' });
      const { body } = await send('one', {});
      assert.deepEqual(body.data, { x: '9', z: '3' });
      const managers = body.metadata.managedFields.map(({ manager, operation, fieldsV1 }: any) => [
        manager,
        operation,
        fieldsV1,
      ]);
      assert.deepEqual(managers, [
        ['one', 'Apply', { 'f:data': {} }],
        ['two', 'Apply', { 'f:data': { 'f:x': {}, 'f:z': {} } }],
      ]);
      const unchanged = await send('two', { x: '9', z: '3' });
      assert.equal(unchanged.body.metadata.resourceVersion, body.metadata.resourceVersion);
    });

    it('of the apply kind know items of lists, and changes by others', async () => {
      const base = deployment('l', 0);
      const path = (manager: string): string => `${deployments}/l?fieldManager=${manager}`;
      await client.call('PATCH', path('one'), base, apply);
      const part = (spec: unknown): unknown => ({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'l' },
        ...(podSpec(spec) as object),
      });
      const env = [{ name: 'X', value: '1' }];
      const two = await client.call(
        'PATCH',
        path('two'),
        part({
          containers: [
            { name: 'c', env },
            { name: 'side', image: 's' },
          ],
        }),
        apply,
      );
      assert.deepEqual(
        containers(two.body).map(({ name, image }) => [name, image]),
        [
          ['c', 'example/image:1'],
          ['side', 's'],
        ],
      );
      const less = await client.call('PATCH', path('two'), part({ containers: [{ name: 'c' }] }), apply);
      assert.deepEqual(
        containers(less.body).map(({ name, env: left }) => [name, left]),
        [['c', undefined]],
      );
      await client.call('PATCH', path('three'), podSpec({ containers: [{ name: 'c', image: 'other' }] }), strategic);
      const conflict = await client.call('PATCH', path('one'), base, apply);
      assert.equal(conflict.code, 409);
      assert.match(
        conflict.body.message,
        /conflict with "three" using apps\/v1: \.spec\.template\.spec\.containers\[name="c"\]\.image$/,
      );
    });
  });
}
