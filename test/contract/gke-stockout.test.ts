/**
 * A zone without machines: what GKE does for 35 minutes and after them, and what goes on meanwhile. Time is the test's.
 */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { waitFor } from '../../testing/wait-for.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { createCluster, ended, type GkeFixture, PARENT, refusedWith, startFixture } from './gke-fixture.ts';

const FAILED_PRECONDITION = 9;
const MINUTE_MS = 60_000;
const NAME = `${PARENT}/clusters/ff-dry-1`;
const DRY = 'us-central1-b';

const pool = (name: string, zone: string, initialNodeCount: number) => ({
  name,
  initialNodeCount,
  locations: [zone],
  config: {
    machineType: 'e2-standard-2',
    labels: { pool: name },
    taints: [{ key: 'pool', value: name, effect: 'NO_SCHEDULE' as const }],
  },
});

const inTheWay = refusedWith(FAILED_PRECONDITION, (error) =>
  assert.equal(error.reason, 'CLUSTER_ALREADY_HAS_OPERATION'),
);

interface Dry extends GkeFixture {
  clock: ManualClock;
  operation: { name?: string | null };
  /** Below compute/v1, of the pool's group. */
  group: string;
  callCompute(method: string, path: string, body?: object): Promise<any>;
}

/** A cluster whose second pool asks a zone that has nothing for two machines. */
async function startDry(t: TestContext, nodeBootMs = 0): Promise<Dry> {
  const clock = new ManualClock();
  const fixture = await startFixture(t, { clock });
  const { client, compute, context, gke } = fixture;
  await createCluster(client, 'ff-dry-1');
  context.faults.set([{ service: 'compute', method: `instances.insert:${DRY}`, effect: 'stockout' }]);
  gke.fleet.delays = { ...gke.fleet.delays, nodeBootMs };
  const [operation] = await client.createNodePool({ parent: NAME, nodePool: pool('dry', DRY, 2) });
  const group = await waitFor('two refusals', () => {
    const found = [...gke.fleet.groups.values()].find((each) => each.pool === 'dry');
    return found && gke.fleet.refused(found).length === 2 ? found.name : undefined;
  });
  return {
    ...fixture,
    clock,
    operation,
    group: `zones/${DRY}/instanceGroupManagers/${group}`,
    async callCompute(method, path, body) {
      const answer = await fetch(`${compute.url}/compute/v1/projects/local-project/${path}`, {
        method,
        ...(body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {}),
      });
      return answer.json();
    },
  };
}

test('for 35 minutes the operation hopes: its pool and cluster refuse changes, other pools do not', async (t) => {
  const { client, clock, operation, group, callCompute, log } = await startDry(t);
  clock.advance(34 * MINUTE_MS);
  assert.equal((await client.getOperation({ name: `${PARENT}/operations/${operation.name}` }))[0].status, 'RUNNING');
  const [hoping] = await client.getNodePool({ name: `${NAME}/nodePools/dry` });
  assert.equal(hoping.status, 'PROVISIONING');
  assert.deepEqual(hoping.conditions, []);
  await assert.rejects(client.deleteCluster({ name: NAME }), inTheWay);
  await assert.rejects(client.setNodePoolSize({ name: `${NAME}/nodePools/dry`, nodeCount: 1 }), inTheWay);
  await assert.rejects(client.deleteNodePool({ name: `${NAME}/nodePools/dry` }), inTheWay);
  const { managedInstances } = await callCompute('POST', `${group}/listManagedInstances`);
  assert.deepEqual(
    managedInstances.map((each: any) => each.lastAttempt.errors.errors[0].code),
    ['ZONE_RESOURCE_POOL_EXHAUSTED', 'ZONE_RESOURCE_POOL_EXHAUSTED'],
  );

  const beside = (await client.createNodePool({ parent: NAME, nodePool: pool('wet', 'us-central1-c', 1) }))[0];
  assert.equal((await ended(client, beside)).error, null);
  const { zone, labels, taints } = log.started.at(-1)!;
  assert.deepEqual(
    [zone, labels['pool'], taints],
    ['us-central1-c', 'wet', [{ key: 'pool', value: 'wet', effect: 'NoSchedule' }]],
  );
});

test('machines that are no longer wanted end the hope: then the cluster can be deleted', async (t) => {
  const { client, operation, group, callCompute, context } = await startDry(t);
  const { managedInstances } = await callCompute('POST', `${group}/listManagedInstances`);
  const instances = managedInstances.map((each: any) => `zones/${DRY}/instances/${each.name}`);
  await callCompute('POST', `${group}/deleteInstances`, { instances });
  assert.equal((await ended(client, operation)).error, null);
  assert.equal((await callCompute('GET', group)).targetSize, 0);
  await ended(client, (await client.deleteCluster({ name: NAME }))[0]);
  assert.deepEqual(context.books.alive(), { machines: [], clusters: [] });
});

test('after that the pool is in error, says why, and goes on saying so when its machines have come', async (t) => {
  const { client, clock, operation, context } = await startDry(t);
  clock.advance(35 * MINUTE_MS);
  const { error } = await ended(client, operation);
  assert.match(error.message, /Not all instances running in IGM after 2100s\. Expected 2, running 0, transitioning 2/);
  const read = async () => (await client.getNodePool({ name: `${NAME}/nodePools/dry` }))[0];
  const failed = await read();
  assert.equal(failed.status, 'ERROR');
  assert.equal(failed.statusMessage, error.message);
  assert.deepEqual(
    failed.conditions?.map(({ code, canonicalCode }) => [code, canonicalCode]),
    [
      ['GCE_STOCKOUT', 'RESOURCE_EXHAUSTED'],
      ['UNKNOWN', 'RESOURCE_EXHAUSTED'],
    ],
  );
  context.faults.set([]);
  await waitFor('its machines', () => {
    clock.advance(MINUTE_MS);
    return context.books.alive().machines.filter((machine) => machine.pool === 'dry').length === 2;
  });
  const later = await read();
  assert.deepEqual([later.status, later.conditions?.length], ['ERROR', 2]);
  await ended(client, (await client.deleteNodePool({ name: `${NAME}/nodePools/dry` }))[0]);
});

test('machines that come in the last of these minutes are waited for until they are up', async (t) => {
  const { client, clock, operation, context, gke, log } = await startDry(t, 10 * MINUTE_MS);
  const dry = [...gke.fleet.groups.values()].find((each) => each.pool === 'dry');
  assert.ok(dry !== undefined);
  clock.advance(34 * MINUTE_MS);
  context.faults.set([]);
  await waitFor('both are granted', () => {
    clock.advance(1000);
    return gke.fleet.refused(dry).length === 0;
  });
  clock.advance(2 * MINUTE_MS);
  const started = log.started.length;
  const [hoping] = await client.getOperation({ name: `${PARENT}/operations/${operation.name}` });
  assert.equal(hoping.status, 'RUNNING');
  clock.advance(10 * MINUTE_MS);
  assert.equal((await ended(client, operation)).error, null);
  assert.equal(log.started.length, started + 2);
});
