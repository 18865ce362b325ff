/** What the functions make of GKE's and Compute's answers: the real clients of the adapter, against the local cloud. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectClusters } from '../../functions/adapters/gke-clusters.ts';
import type { Clusters, ClusterRequest, ClusterView, PoolRequest, PoolView } from '../../functions/ports/clusters.ts';
import { PortError } from '../../functions/ports/port-error.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { PARENT, startFixture, ZONE, type GkeFixture } from './gke-fixture.ts';

function adapterOf({ gke, compute }: GkeFixture): Clusters {
  return connectClusters({
    projectId: 'local-project',
    installation: 'test',
    nodeServiceAccount: null,
    network: null,
    subnetwork: null,
    containerEndpoint: gke.url,
    computeEndpoint: compute.url,
  });
}

const REQUEST: ClusterRequest = {
  name: 'ff-adapter-1',
  location: ZONE,
  job: 'adapter',
  system: { machineType: 'e2-standard-2', spot: false, diskGb: 30 },
  externalIps: false,
  endsByMs: Date.parse('2030-01-01T00:00:00Z'),
  mostMachines: 12,
};

const hasCode = (code: string) => (error: unknown) => error instanceof PortError && error.code === code;

test('the cluster that the functions ask for is one that GKE makes', async (t) => {
  const fixture = await startFixture(t);
  const clusters = adapterOf(fixture);
  await clusters.create(REQUEST);
  const seen = await clusters.get(REQUEST.name, ZONE);
  assert.equal(seen?.ours, true);
  const [cluster] = await fixture.client.getCluster({ name: `${PARENT}/clusters/${REQUEST.name}` });
  const exclusion = cluster.maintenancePolicy?.window?.maintenanceExclusions?.['job'];
  assert.equal(Number(exclusion?.endTime?.seconds) * 1000, REQUEST.endsByMs + 24 * 3600 * 1000);
});

test('machines have a public address only where the job asks, and hide their credentials from pods', async (t) => {
  const fixture = await startFixture(t);
  for (const externalIps of [false, true]) {
    const name = `ff-address-${externalIps ? 2 : 1}`;
    await adapterOf(fixture).create({ ...REQUEST, name, externalIps });
    const [cluster] = await fixture.client.getCluster({ name: `${PARENT}/clusters/${name}` });
    assert.equal(cluster.networkConfig?.defaultEnablePrivateNodes, !externalIps);
    const modes = cluster.nodePools?.map(({ config }) => config?.workloadMetadataConfig?.mode);
    assert.deepEqual(modes, ['GKE_METADATA']);
  }
});

test("a cluster's pod range holds the machines that the job may have, 64 addresses each", async (t) => {
  const fixture = await startFixture(t);
  const rows: [mostMachines: number, block: string][] = [
    [2, '/21'],
    [31, '/21'],
    [32, '/20'],
    [255, '/18'],
    [256, '/17'],
    [3335, '/14'],
  ];
  for (const [index, [mostMachines, block]] of rows.entries()) {
    const name = `ff-adapter-${index}`;
    await adapterOf(fixture).create({ ...REQUEST, name, mostMachines });
    const [cluster] = await fixture.client.getCluster({ name: `${PARENT}/clusters/${name}` });
    assert.equal(cluster.ipAllocationPolicy?.clusterIpv4CidrBlock, block, `${mostMachines} machines`);
    assert.equal(cluster.ipAllocationPolicy?.servicesIpv4CidrBlock ?? '', '');
  }
});

test('a quota that is used up is told from a missing role, though Google answers both with 403', async (t) => {
  const fixture = await startFixture(t, { quotas: { CPUS: 1 } });
  const clusters = adapterOf(fixture);
  await assert.rejects(clusters.create(REQUEST), hasCode('FF-CLUSTER-QUOTA'));
  fixture.context.faults.set([{ service: 'gke', method: 'clusters.create', effect: 'status', status: 403 }]);
  await assert.rejects(clusters.create(REQUEST), hasCode('FF-CLOUD-PERMISSION'));
});

test("a job's leftovers are found by both of its labels", async (t) => {
  const fixture = await startFixture(t);
  const labels = { 'foreach-fleet-installation': 'test', 'foreach-fleet-job': 'adapter' };
  fixture.compute.plantLeftover({ kind: 'disks', name: 'pvc-1', scope: ZONE, labels });
  const foreign = { ...labels, 'foreach-fleet-job': 'other' };
  fixture.compute.plantLeftover({ kind: 'disks', name: 'pvc-2', scope: ZONE, labels: foreign });
  const found = await adapterOf(fixture).leftovers('ff-adapter-1');
  assert.deepEqual(
    found.map((leftover) => leftover.name),
    ['pvc-1'],
  );
});

test('leftovers of all jobs are found by the installation, with their job and age', async (t) => {
  const fixture = await startFixture(t);
  const labels = { 'foreach-fleet-installation': 'test', 'foreach-fleet-job': 'other' };
  fixture.compute.plantLeftover({ kind: 'disks', name: 'pvc-1', scope: ZONE, labels });
  fixture.compute.plantLeftover({ kind: 'addresses', name: 'ip-1', scope: 'us-central1', labels });
  const foreign = { ...labels, 'foreach-fleet-installation': 'foreign' };
  fixture.compute.plantLeftover({ kind: 'disks', name: 'pvc-2', scope: ZONE, labels: foreign });
  const clusters = adapterOf(fixture);
  const found = await clusters.allLeftovers();
  assert.deepEqual(found.map(({ name, job }) => [name, job]).toSorted(), [
    ['ip-1', 'other'],
    ['pvc-1', 'other'],
  ]);
  for (const leftover of found) {
    assert.ok(leftover.createdMs <= fixture.context.clock.nowMs());
    await clusters.removeLeftover(leftover);
  }
  assert.deepEqual(await clusters.allLeftovers(), []);
});

test("groups, rules and templates of a deleted cluster are found by what its template's labels say", async (t) => {
  const fixture = await startFixture(t);
  const plant = (job: string, installation: string): void => {
    const labels = { 'foreach-fleet-installation': installation, 'foreach-fleet-job': job };
    const [prefix, tags] = [`gke-ff-${job}-1`, [`gke-ff-${job}-1-0a1b2c3d-node`]];
    fixture.compute.plantLeftover({ kind: 'instanceTemplates', name: prefix, scope: 'global', labels, tags });
    fixture.compute.plantLeftover({ kind: 'firewalls', name: `${prefix}-all`, scope: 'global', tags });
    const group = { kind: 'instanceGroupManagers', name: `${prefix}-grp`, scope: ZONE } as const;
    fixture.compute.plantLeftover({ ...group, template: prefix });
  };
  plant('gone', 'test');
  plant('other', 'foreign');
  const clusters = adapterOf(fixture);
  const removed: [string, string | null][] = [];
  for (let round = 0; round < 3; round += 1)
    for (const leftover of await clusters.allLeftovers()) {
      await clusters.removeLeftover(leftover);
      removed.push([leftover.kind, leftover.job]);
    }
  assert.deepEqual(removed, [
    ['firewall', 'gone'],
    ['instance-group', 'gone'],
    ['instance-template', 'gone'],
  ]);
});

const POOL: PoolRequest = {
  name: 'ws-b-e2-standard-4',
  job: 'adapter',
  machines: { machineType: 'e2-standard-4', spot: true, diskGb: 30 },
  zone: 'us-central1-b',
  nodes: 2,
  endsByMs: Date.now() + 13 * 3600 * 1000,
};

/** The cluster once it runs, with its pools of workers. */
async function running(clusters: Clusters): Promise<ClusterView> {
  await clusters.create(REQUEST); // "already exists" is success
  return waitFor('the cluster', async () => {
    const seen = await clusters.get(REQUEST.name, ZONE);
    return seen?.state === 'running' ? seen : undefined;
  });
}

const poolOf = async (clusters: Clusters, until: (pool: PoolView) => boolean): Promise<PoolView> =>
  waitFor('the pool', async () => {
    const pool = (await clusters.get(REQUEST.name, ZONE))?.pools.find(({ name }) => name === POOL.name);
    return pool !== undefined && until(pool) ? pool : undefined;
  });

test('a cluster begins with the machine of Redis and driver; workers get pools, in other zones too', async (t) => {
  const fixture = await startFixture(t);
  const clusters = adapterOf(fixture);
  const cluster = await running(clusters);
  assert.deepEqual(
    cluster.pools.map(({ name, zone, nodes }) => [name, zone, nodes]),
    [['system', ZONE, 1]],
  );
  await clusters.createPool(cluster, POOL);
  await clusters.createPool(cluster, { ...POOL, nodes: 5 });
  const { state, zone, nodes, spot, refused } = await poolOf(clusters, (pool) => pool.state === 'running');
  assert.deepEqual(
    { state, zone, nodes, spot, refused },
    { state: 'running', zone: POOL.zone, nodes: 2, spot: true, refused: [] },
  );
  const [made] = await fixture.client.getNodePool({
    name: `${PARENT}/clusters/${REQUEST.name}/nodePools/${POOL.name}`,
  });
  assert.equal(made.config?.workloadMetadataConfig?.mode, 'GKE_METADATA');
  const runSeconds = Number(made.config.maxRunDuration?.seconds);
  assert.ok(runSeconds > 13 * 3600 - 300 && runSeconds <= 13 * 3600, `${runSeconds} s`);
  const started = fixture.log.started.filter(({ pool }) => pool === POOL.name);
  assert.deepEqual(new Set(started.map((machine) => machine.zone)), new Set([POOL.zone]));
  assert.ok(started.every(({ labels, taints }) => labels['foreach-fleet/pool'] === 'workers' && taints.length === 1));

  const [first, second] = started.map(({ name }) => name);
  assert.ok(first !== undefined && second !== undefined);
  const seen = await clusters.get(REQUEST.name, ZONE);
  assert.ok(seen);
  await clusters.deleteNodes(seen, [first]);
  await clusters.releaseNodes(seen, second);
  assert.equal((await poolOf(clusters, (pool) => pool.nodes === 1)).nodes, 1);
  await clusters.releaseNodes(seen, null);
  assert.equal((await poolOf(clusters, (pool) => pool.nodes === 0)).nodes, 0);
  assert.equal((await clusters.get(REQUEST.name, ZONE))?.pools[0]?.nodes, 1);
});

test('machines that a zone has not are seen at once; taken back, they keep nothing from going on', async (t) => {
  const fixture = await startFixture(t);
  const clusters = adapterOf(fixture);
  const cluster = await running(clusters);
  fixture.context.faults.set([{ service: 'compute', method: `instances.insert:${POOL.zone}`, effect: 'stockout' }]);
  await clusters.createPool(cluster, POOL);
  const short = await poolOf(clusters, (pool) => pool.refused.length === 2);
  assert.equal(short.state, 'provisioning');
  assert.match(short.shortage ?? '', /^ZONE_RESOURCE_POOL_EXHAUSTED: The zone .* does not have enough resources/);
  await assert.rejects(clusters.resizePool(cluster, POOL.name, 3), hasCode('FF-CLUSTER-BUSY'));
  const seen = await clusters.get(REQUEST.name, ZONE);
  assert.ok(seen);
  await clusters.deleteNodes(seen, short.refused);
  fixture.context.faults.set([]);
  const empty = await poolOf(clusters, (pool) => pool.state === 'running');
  assert.deepEqual([empty.nodes, empty.refused], [0, []]);
  await clusters.resizePool(cluster, POOL.name, 1);
  assert.equal((await poolOf(clusters, (pool) => pool.state === 'running' && pool.nodes === 1)).nodes, 1);
});

test('a cluster that hopes for machines gives them up when it is to go, and goes when it is asked again', async (t) => {
  const fixture = await startFixture(t);
  const clusters = adapterOf(fixture);
  const cluster = await running(clusters);
  fixture.context.faults.set([{ service: 'compute', method: `instances.insert:${POOL.zone}`, effect: 'stockout' }]);
  await clusters.createPool(cluster, POOL);
  await poolOf(clusters, (pool) => pool.refused.length === 2);
  await assert.rejects(clusters.delete(REQUEST.name, ZONE), hasCode('FF-CLUSTER-BUSY'));
  await poolOf(clusters, (pool) => pool.state === 'running');
  await clusters.delete(REQUEST.name, ZONE);
  await waitFor('its end', async () => ((await clusters.get(REQUEST.name, ZONE)) === null ? true : undefined));
  assert.deepEqual(fixture.context.books.alive(), { machines: [], clusters: [] });
});

test('a quota that has no room for a pool is told by its name, as for a cluster', async (t) => {
  const fixture = await startFixture(t, { quotas: { CPUS: 4 } });
  const clusters = adapterOf(fixture);
  const cluster = await running(clusters);
  await assert.rejects(clusters.createPool(cluster, POOL), hasCode('FF-CLUSTER-QUOTA'));
});

test('two clusters that take ranges of one subnetwork at once: one is in error, and may be made again', async (t) => {
  const fixture = await startFixture(t);
  const clusters = adapterOf(fixture);
  fixture.context.faults.set([{ service: 'compute', method: 'subnetworks.use', effect: 'status', nth: 1 }]);
  await clusters.create(REQUEST);
  const failed = await waitFor('its error', async () => {
    const seen = await clusters.get(REQUEST.name, ZONE);
    return seen?.state === 'error' ? seen : undefined;
  });
  assert.match(failed.message, /^Google Compute Engine: The resource '.*\/subnetworks\/default' is not ready\.$/);
  assert.deepEqual([failed.mayBeMadeAgain, failed.stockout], [true, false]);
});

const notices: [version: string, graceSeconds: number, noticeSeconds: number][] = [
  ['1.34.1-gke.1431000', 15, 30],
  ['1.35.0-gke.1171000', 105, 120],
];
for (const [version, graceSeconds, noticeSeconds] of notices)
  test(`a Spot machine of GKE ${version} leaves ${graceSeconds} s to pods, and is planned with`, async (t) => {
    const fixture = await startFixture(t);
    const clusters = adapterOf(fixture);
    const pool = { name: 'system', initialNodeCount: 1 };
    const resourceLabels = { 'foreach-fleet-installation': 'test', 'foreach-fleet-job': 'adapter' };
    const cluster = { name: REQUEST.name, initialClusterVersion: version, resourceLabels, nodePools: [pool] };
    await fixture.client.createCluster({ parent: PARENT, cluster });
    const seen = await running(clusters);
    assert.equal(seen.spotGraceSeconds, graceSeconds);
    await clusters.createPool(seen, { ...POOL, nodes: 1 });
    const onDemand = { ...POOL.machines, spot: false };
    await clusters.createPool(seen, { ...POOL, name: 'w-b-e2-standard-4', machines: onDemand, nodes: 1 });
    await poolOf(clusters, ({ state }) => state === 'running');
    const { name } = (await waitFor('its machine', () => fixture.log.started.find((one) => one.pool === POOL.name)))!;
    fixture.gke.preemptNode(name);
    const ended = await waitFor('its end', () => fixture.log.ended.find((one) => one.name === name));
    assert.equal(ended.noticeSeconds, noticeSeconds);
  });
