import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCluster, ended, PARENT, refusedWith, startFixture } from './gke-fixture.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { waitFor } from '../../testing/wait-for.ts';

const FAILED_PRECONDITION = 9;
const RESOURCE_EXHAUSTED = 8;
const PERMISSION_DENIED = 7;
const ALREADY_EXISTS = 6;

const pool = (name: string, initialNodeCount: number, config: object = {}) => ({
  name,
  initialNodeCount,
  config: { machineType: 'e2-standard-2', ...config },
});

test('a pool is added, grown, shrunk newest first, and deleted', async (t) => {
  const { client, context, gke, log } = await startFixture(t);
  await createCluster(client, 'ff-pool-1');
  const parent = `${PARENT}/clusters/ff-pool-1`;
  const name = `${parent}/nodePools/workers`;
  const [creation] = await client.createNodePool({ parent, nodePool: pool('workers', 1, { spot: true }) });
  assert.equal(creation.operationType, 'CREATE_NODE_POOL');
  assert.equal((await ended(client, creation)).error, null);
  await assert.rejects(client.createNodePool({ parent, nodePool: pool('workers', 1) }), refusedWith(ALREADY_EXISTS));

  const first = log.started.at(-1)?.name;
  await ended(client, (await client.setNodePoolSize({ name, nodeCount: 3 }))[0]);
  assert.equal(context.books.alive().machines.filter((machine) => machine.spot).length, 3);
  await ended(client, (await client.setNodePoolSize({ name, nodeCount: 1 }))[0]);
  const left = context.books.alive().machines.filter((machine) => machine.pool === 'workers');
  assert.deepEqual(
    left.map((machine) => machine.name),
    [first],
  );
  assert.equal(log.removed.length, 2);
  assert.equal(new Set(log.started.map((start) => start.addressPrefix)).size, log.started.length);

  await ended(client, (await client.setNodePoolSize({ name, nodeCount: 0 }))[0]);
  const [empty] = await client.getNodePool({ name });
  assert.equal(empty.status, 'RUNNING');
  await ended(client, (await client.deleteNodePool({ name }))[0]);
  const [pools] = await client.listNodePools({ parent });
  assert.deepEqual(
    pools.nodePools?.map((each) => each.name),
    ['system'],
  );
  assert.equal(gke.fleet.groups.size, 1);
});

test('operations exclude each other as GKE documents: cluster alone, one per pool, five at once', async (t) => {
  const { client, gke } = await startFixture(t);
  await createCluster(client, 'ff-lock-1');
  gke.setDelays({ createNodePoolMs: 600_000, resizeMs: 600_000 });
  const parent = `${PARENT}/clusters/ff-lock-1`;
  const resize = { name: `${parent}/nodePools/system`, nodeCount: 1 };
  await client.setNodePoolSize(resize);
  const [busy] = await client.getCluster({ name: parent });
  assert.equal(busy.status, 'RECONCILING');
  assert.equal(busy.nodePools?.[0]?.status, 'RECONCILING');
  const inTheWay = refusedWith(FAILED_PRECONDITION, (error) =>
    assert.equal(error.reason, 'CLUSTER_ALREADY_HAS_OPERATION'),
  );
  await assert.rejects(client.setNodePoolSize(resize), inTheWay);
  await assert.rejects(client.deleteCluster({ name: parent }), inTheWay);
  for (const name of ['a', 'b', 'c', 'd']) await client.createNodePool({ parent, nodePool: pool(name, 0) });
  await assert.rejects(
    client.createNodePool({ parent, nodePool: pool('e', 0) }),
    refusedWith(RESOURCE_EXHAUSTED, (error) => assert.match(error.message, /concurrent operations quota 5/)),
  );
});

test('quota: a create call is refused whole, a resize gives what there is and ends with an error', async (t) => {
  const { client, gke } = await startFixture(t, { quotas: { CPUS: 8, IN_USE_ADDRESSES: 8 } });
  await createCluster(client, 'ff-quota-1');
  const parent = `${PARENT}/clusters/ff-quota-1`;
  await assert.rejects(
    client.createNodePool({ parent, nodePool: pool('big', 4) }),
    refusedWith(PERMISSION_DENIED, (error) => {
      assert.match(error.message, /resource "CPUS": request requires '8\.0' and is short '2\.0'\. /);
      assert.match(error.message, /short '2\.0'\. project has a quota of '8\.0' with '6\.0' available/);
    }),
  );
  await assert.rejects(
    client.createCluster({ parent: PARENT, cluster: { name: 'ff-two-1', nodePools: [pool('a', 2), pool('b', 2)] } }),
    refusedWith(PERMISSION_DENIED),
  );
  const name = `${parent}/nodePools/system`;
  const done = await ended(client, (await client.setNodePoolSize({ name, nodeCount: 6 }))[0]);
  assert.equal(done.error.code, RESOURCE_EXHAUSTED);
  const [numbers = '', failure = ''] = done.error.message.split('Current errors: ');
  assert.match(numbers, /Expected 6, running 4, transitioning 2\. $/);
  assert.match(failure, /^\[GCE_QUOTA_EXCEEDED\]: Instance '.*' creation failed: Quota 'CPUS' exceeded\. {2}/);
  assert.match(failure, /exceeded\. {2}Limit: 8\.0 in region us-central1/);
  const [after] = await client.getNodePool({ name });
  assert.equal(after.status, 'RUNNING');
  assert.equal(after.conditions?.[0]?.code, 'GCE_QUOTA_EXCEEDED');
  assert.equal(gke.fleet.usage('us-central1')['CPUS'], 8);
  assert.equal((await ended(client, (await client.setNodePoolSize({ name, nodeCount: 4 }))[0])).error, null);
});

test('stockout: the cluster is left in ERROR with an empty pool, and comes off by deletion', async (t) => {
  const { client, context } = await startFixture(t, { delays: { stockoutMs: 0 } });
  context.faults.set([{ service: 'compute', method: 'instances.insert:us-central1-a:spot', effect: 'stockout' }]);
  const cluster = { name: 'ff-out-1', nodePools: [pool('system', 1), pool('workers', 2, { spot: true })] };
  const done = await ended(client, (await client.createCluster({ parent: PARENT, cluster }))[0]);
  const zone = 'projects/local-project/zones/us-central1-a';
  assert.match(done.error.message, /\[GCE_STOCKOUT\]: Instance '.*' creation failed: The zone '/);
  assert.ok(done.error.message.includes(`The zone '${zone}' does not have enough resources`));
  const [left] = await client.getCluster({ name: `${PARENT}/clusters/ff-out-1` });
  assert.equal(left.status, 'ERROR');
  assert.equal(left.conditions?.[0]?.code, 'GCE_STOCKOUT');
  assert.deepEqual(
    left.nodePools?.map((each) => each.status),
    ['RUNNING', 'ERROR'],
  );
  assert.equal(context.books.alive().machines.length, 1);
  await ended(client, (await client.deleteCluster({ name: `${PARENT}/clusters/ff-out-1` }))[0]);
  assert.deepEqual(context.books.alive(), { machines: [], clusters: [] });
});

test('a group goes on asking for what was refused', async (t) => {
  const { client, context } = await startFixture(t, { delays: { capacityRetryMs: 5, stockoutMs: 0 } });
  await createCluster(client, 'ff-retry-1');
  context.faults.set([{ service: 'gke', method: 'nodePools.setSize', effect: 'stockout' }]);
  const name = `${PARENT}/clusters/ff-retry-1/nodePools/system`;
  const [operation] = await client.setNodePoolSize({ name, nodeCount: 2 });
  assert.ok((await ended(client, operation)).error);
  await waitFor('second machine', () => context.books.alive().machines.length === 2);
});

test('a preempted machine and a lost one are replaced under the same name', async (t) => {
  const { client, context, gke, log } = await startFixture(t);
  await createCluster(client, 'ff-lost-1', 2, { spot: true });
  const [one, two] = context.books.alive().machines.map((machine) => machine.name);
  assert.ok(one !== undefined && two !== undefined);
  gke.preemptNode(one);
  gke.killNode(two);
  await waitFor('replacements', () => log.started.length === 4);
  assert.deepEqual(
    log.ended.map((each) => [each.name, each.how]),
    [
      [one, 'preempt'],
      [two, 'kill'],
    ],
  );
  assert.deepEqual(log.removed.sort(), [one, two].sort());
  assert.deepEqual(
    context.books
      .alive()
      .machines.map((machine) => machine.name)
      .sort(),
    [`${one}#2`, `${two}#2`].sort(),
  );
  assert.throws(() => gke.killNode('gke-none'), /no machine gke-none/);
});

test('a machine whose pool limits its time ends by itself when that is over, and is made anew', async (t) => {
  const clock = new ManualClock();
  const { client, log } = await startFixture(t, { clock });
  await createCluster(client, 'ff-limited-1');
  const config = { machineType: 'e2-standard-2', maxRunDuration: { seconds: 48 * 3600 } };
  const nodePool = { name: 'limited', initialNodeCount: 1, config };
  await ended(client, (await client.createNodePool({ parent: `${PARENT}/clusters/ff-limited-1`, nodePool }))[0]);
  const first = log.started.find(({ pool }) => pool === 'limited');
  assert.ok(first);
  clock.advance(47 * 3600_000);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(log.ended, []);
  await waitFor('its end', () => {
    clock.advance(3600_000);
    return log.ended.length > 0;
  });
  assert.deepEqual(
    log.ended.map(({ name, how }) => [name, how]),
    [[first.name, 'preempt']],
  );
  await waitFor('another one', () => {
    clock.advance(60_000);
    return log.started.filter(({ name }) => name === first.name).length === 2;
  });
});

test('a machine takes its boot time: granted first, billed when the VM runs, a node at the end', async (t) => {
  const { client, context, gke, log } = await startFixture(t, {
    delays: { nodeBootMs: { uniform: [600_000, 700_000] } },
  });
  await client.createCluster({ parent: PARENT, cluster: { name: 'ff-boot-1', initialNodeCount: 1 } });
  const machine = await waitFor('capacity', () => {
    const [group] = gke.fleet.groups.values();
    return group?.machines.find((each) => each.phase === 'starting');
  });
  assert.ok(machine.bootMs >= 600_000 && machine.bootMs <= 700_000);
  assert.equal(machine.billed, false);
  assert.deepEqual(context.books.alive().machines, []);
  assert.equal(log.started.length, 0);
});
