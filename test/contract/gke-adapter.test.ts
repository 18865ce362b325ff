/** What the functions make of GKE's and Compute's answers: the real clients of the adapter, against the local cloud. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectClusters } from '../../functions/adapters/gke-clusters.ts';
import type { Clusters, ClusterRequest } from '../../functions/ports/clusters.ts';
import { PortError } from '../../functions/ports/port-error.ts';
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
  workers: { machineType: 'e2-standard-4', spot: true, diskGb: 30, nodes: 1 },
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
    assert.deepEqual(modes, ['GKE_METADATA', 'GKE_METADATA']);
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
  const fixture = await startFixture(t, { quotas: { CPUS: 4 } });
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
