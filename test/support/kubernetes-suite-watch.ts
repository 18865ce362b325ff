/** Contract of the Kubernetes API: watches. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { KubernetesClient } from './kubernetes-client.ts';
import { freshNamespace } from './kubernetes-targets.ts';

const merge = { contentType: 'application/merge-patch+json' };

export function watchSuite(client: KubernetesClient): void {
  describe('watches', () => {
    let items = '';
    before(async () => {
      items = `/api/v1/namespaces/${await freshNamespace(client)}/secrets`;
    });

    it('go on from the version of a list, in order', async () => {
      const { body } = await client.call('GET', items);
      await client.call('POST', items, { metadata: { name: 'w1' } });
      const watch = await client.watch(`${items}?watch=1&resourceVersion=${body.metadata.resourceVersion}`);
      await client.call('PATCH', `${items}/w1`, { metadata: { labels: { a: 'b' } } }, merge);
      await client.call('DELETE', `${items}/w1`);
      const seen = [await watch.next(), await watch.next(), await watch.next()];
      watch.stop();
      assert.deepEqual(
        seen.map(({ type, object }) => [type, object.metadata.name]),
        [
          ['ADDED', 'w1'],
          ['MODIFIED', 'w1'],
          ['DELETED', 'w1'],
        ],
      );
      const versions = seen.map(({ object }) => Number(object.metadata.resourceVersion));
      assert.deepEqual(
        versions,
        [...new Set(versions)].sort((a, b) => a - b),
      );
    });

    it('without a version begin with what is there', async () => {
      await client.call('POST', items, { metadata: { name: 'w2' } });
      const watch = await client.watch(`${items}?watch=true&fieldSelector=metadata.name%3Dw2`);
      const first = await watch.next();
      watch.stop();
      assert.deepEqual([first.type, first.object.metadata.name, first.object.kind], ['ADDED', 'w2', 'Secret']);
    });

    it('with a selector show objects that enter it as added and that leave it as deleted', async () => {
      await client.call('POST', items, { metadata: { name: 'w3' } });
      const { body } = await client.call('GET', items);
      const query = `watch=1&labelSelector=hot&resourceVersion=${body.metadata.resourceVersion}`;
      const watch = await client.watch(`${items}?${query}`);
      await client.call('PATCH', `${items}/w3`, { metadata: { labels: { hot: '1' } } }, merge);
      await client.call('PATCH', `${items}/w3`, { metadata: { labels: { hot: '2' } } }, merge);
      await client.call('PATCH', `${items}/w3`, { metadata: { labels: { hot: null } } }, merge);
      const types = [await watch.next(), await watch.next(), await watch.next()].map(({ type }) => type);
      watch.stop();
      assert.deepEqual(types, ['ADDED', 'MODIFIED', 'DELETED']);
    });

    it('can begin with a list of their own that ends in a bookmark', async () => {
      await client.call('POST', items, { metadata: { name: 'w4' } });
      const query =
        'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true' +
        '&fieldSelector=metadata.name%3Dw4';
      const watch = await client.watch(`${items}?${query}`);
      const added = await watch.next();
      const bookmark = await watch.next();
      watch.stop();
      assert.equal(added.type, 'ADDED');
      assert.equal(bookmark.type, 'BOOKMARK');
      assert.equal(bookmark.object.metadata.annotations['k8s.io/initial-events-end'], 'true');
    });

    it('end after timeoutSeconds', async () => {
      const { body } = await client.call('GET', items);
      const watch = await client.watch(
        `${items}?watch=1&timeoutSeconds=1&resourceVersion=${body.metadata.resourceVersion}`,
      );
      await assert.rejects(watch.next(), /the watch has ended/);
    });

    it('come as tables too, with the columns said once', async () => {
      const { body } = await client.call('GET', items);
      const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
      const watch = await client.watch(`${items}?watch=1&resourceVersion=${body.metadata.resourceVersion}`, table);
      await client.call('POST', items, { metadata: { name: 'w5' }, stringData: { a: 'b' } });
      await client.call('PATCH', `${items}/w5`, { stringData: { c: 'd' } }, merge);
      const [first, second] = [await watch.next(), await watch.next()];
      watch.stop();
      assert.equal(first.object.kind, 'Table');
      assert.deepEqual(
        first.object.columnDefinitions.map((column: any) => column.name),
        ['Name', 'Type', 'Data', 'Age'],
      );
      assert.equal(second.object.columnDefinitions, null);
      assert.deepEqual(second.object.rows[0].cells.slice(0, 3), ['w5', 'Opaque', 2]);
    });
  });
}
