import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createContext } from '../../local-cloud/context.ts';
import { startGke, type RunningGke } from '../../local-cloud/gke/gke.ts';
import type { Delays } from '../../local-cloud/compute/fleet/delays.ts';
import { startIdentity } from '../../local-cloud/identity/identity.ts';
import {
  createCluster,
  ended,
  fakeCluster,
  fakeNode,
  gkeClient,
  PARENT,
  temporaryDir,
  useMetadataServer,
  type NodeLog,
} from './gke-fixture.ts';
import { waitFor } from '../../testing/wait-for.ts';

const emptyLog = (): NodeLog => ({ started: [], ended: [], removed: [], clusters: [] });

/**
 * One life of the service on a state folder. Its end writes nothing, so the next
 * life finds what kill -9 would have left.
 */
async function life(t: TestContext, stateDir: string, delays: Partial<Delays> = {}) {
  const context = createContext({ stateDir, quiet: true });
  const identity = await startIdentity(context, { port: 0 });
  useMetadataServer(identity);
  const log = emptyLog();
  const gke: RunningGke = await startGke(context, {
    port: 0,
    quotas: {},
    delays,
    startCluster: fakeCluster(log),
    startNode: fakeNode(log),
  });
  const client = gkeClient(gke.url);
  const end = async (): Promise<void> => {
    await client.close();
    await gke.stop();
    await identity.stop();
  };
  t.after(end);
  return { context, gke, client, log, end };
}

test('clusters, pools, machines and operations are the same after a restart; ports stay', async (t) => {
  const stateDir = temporaryDir(t);
  const before = await life(t, stateDir);
  const cluster = await createCluster(before.client, 'ff-again-1', 2);
  await before.end();

  const after = await life(t, stateDir);
  const [found] = await after.client.getCluster({ name: `${PARENT}/clusters/ff-again-1` });
  assert.equal(found.endpoint, cluster.endpoint);
  assert.equal(found.status, 'RUNNING');
  assert.equal(after.log.clusters[0]?.port, before.log.clusters.length + 40_000);
  await waitFor('nodes started again', () => after.log.started.length === 2);
  const bySpec = (log: NodeLog) => log.started.map((start) => [start.name, start.addressPrefix, start.dir]).sort();
  assert.deepEqual(bySpec(after.log), bySpec(before.log));
  assert.equal(after.context.books.machines.size, 2);
  const [operations] = await after.client.listOperations({ parent: PARENT });
  assert.deepEqual(
    operations.operations?.map((each) => [each.operationType, each.status]),
    [['CREATE_CLUSTER', 'DONE']],
  );
});

test('an operation under way goes on after a restart, and its end is reported once', async (t) => {
  const stateDir = temporaryDir(t);
  const before = await life(t, stateDir, { createClusterMs: 600_000 });
  const request = { parent: PARENT, cluster: { name: 'ff-slow-1', initialNodeCount: 2 } };
  const [operation] = await before.client.createCluster(request);
  await before.end();

  const still = await life(t, stateDir, { createClusterMs: 600_000 });
  const [found] = await still.client.getCluster({ name: `${PARENT}/clusters/ff-slow-1` });
  assert.equal(found.status, 'PROVISIONING');
  const [running] = await still.client.getOperation({ name: `${PARENT}/operations/${operation.name}` });
  assert.equal(running.status, 'RUNNING');
  // The time it takes was drawn when it began; the record is the only place to shorten it.
  for (const each of readOperations(stateDir)) each.shorten();
  await still.end();

  const after = await life(t, stateDir);
  assert.equal((await ended(after.client, operation)).error, null);
  const ids: string[] = [];
  after.gke.onOperationDone((entry) => ids.push(entry.operation.id));
  assert.deepEqual(ids, [operation.name]);
  await after.end();

  const last = await life(t, stateDir);
  last.gke.onOperationDone((entry) => ids.push(entry.operation.id));
  assert.equal(ids.length, 1);
});

test('a deletion cut off in the middle ends after the restart, with nothing left', async (t) => {
  const stateDir = temporaryDir(t);
  const before = await life(t, stateDir);
  await createCluster(before.client, 'ff-cut-1', 2);
  before.gke.setDelays({ stopMachineMs: 600_000 });
  const [operation] = await before.client.deleteCluster({ name: `${PARENT}/clusters/ff-cut-1` });
  await waitFor('machines stopping', () => before.log.ended.length === 2);
  await before.end();
  assert.equal(before.context.books.alive().machines.length, 2);

  const after = await life(t, stateDir);
  assert.equal((await ended(after.client, operation)).error, null);
  assert.deepEqual(after.context.books.alive(), { machines: [], clusters: [] });
  // What the first life left running was adopted and switched off.
  assert.deepEqual(
    after.log.ended.map((each) => each.how),
    ['kill', 'kill'],
  );
  assert.equal(after.gke.fleet.groups.size, 0);
});

function readOperations(stateDir: string): { shorten(): void }[] {
  const dir = join(stateDir, 'gke', 'operations');
  return readdirSync(dir).map((file) => ({
    shorten: () => {
      const record = JSON.parse(readFileSync(join(dir, file), 'utf8')) as { delayMs: number };
      writeFileSync(join(dir, file), JSON.stringify({ ...record, delayMs: 0 }));
    },
  }));
}
