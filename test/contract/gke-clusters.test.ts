import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StartNode } from '../../local-cloud/gke/pools/machines.ts';
import { createCluster, ended, PARENT, refusedWith, startFixture } from './gke-fixture.ts';
import { waitFor } from '../../testing/wait-for.ts';

const NOT_FOUND = 5;
const ALREADY_EXISTS = 6;
const FAILED_PRECONDITION = 9;

const PRIVATE_ADDRESS_ONLY = { ipEndpointsConfig: { enabled: true, enablePublicEndpoint: false } };

test('a cluster is created, described, listed and deleted through the client library', async (t) => {
  const { client, context, gke, log } = await startFixture(t);
  const entries: any[] = [];
  gke.onOperationDone((entry) => entries.push(entry));

  const cluster = await createCluster(client, 'ff-one-1', 2);
  assert.equal(cluster.status, 'RUNNING');
  assert.match(cluster.endpoint, /^127\.0\.0\.1:\d+$/);
  assert.equal(Buffer.from(cluster.masterAuth.clusterCaCertificate, 'base64').toString(), 'certificate');
  assert.deepEqual(cluster.resourceLabels, { installation: 'test', job: 'ff-one-1' });
  assert.equal(cluster.currentNodeCount, 2);
  assert.equal(cluster.nodePools[0].status, 'RUNNING');
  assert.equal(cluster.nodePools[0].config.machineType, 'e2-standard-2');
  assert.match(
    cluster.nodePools[0].instanceGroupUrls[0],
    /^https:\/\/www\.googleapis\.com\/compute\/v1\/projects\/local-project\/zones\/us-central1-a\//,
  );
  assert.match(
    cluster.nodePools[0].instanceGroupUrls[0],
    /\/us-central1-a\/instanceGroupManagers\/gke-ff-one-1-system-[0-9a-f]{8}-grp$/,
  );
  assert.equal(log.started.length, 2);
  assert.match(log.started[0]?.name ?? '', /^gke-ff-one-1-system-[0-9a-f]{8}-[a-z0-9]{4}$/);
  assert.equal(context.books.alive().machines.length, 2);
  assert.equal(context.books.alive().clusters[0]?.labels['job'], 'ff-one-1');

  const [everywhere] = await client.listClusters({ parent: 'projects/local-project/locations/-' });
  assert.deepEqual(
    everywhere.clusters?.map((each) => each.name),
    ['ff-one-1'],
  );

  const [deletion] = await client.deleteCluster({ name: `${PARENT}/clusters/ff-one-1` });
  assert.equal(deletion.operationType, 'DELETE_CLUSTER');
  assert.equal((await ended(client, deletion)).error, null);
  await assert.rejects(client.getCluster({ name: `${PARENT}/clusters/ff-one-1` }), refusedWith(NOT_FOUND));
  assert.deepEqual(context.books.alive(), { machines: [], clusters: [] });
  assert.deepEqual(
    log.ended.map((each) => each.how),
    ['kill', 'kill'],
  );
  assert.deepEqual(
    entries.map((entry) => [entry.protoPayload.methodName, entry.operation.last, entry.resource.labels.cluster_name]),
    [
      ['google.container.v1.ClusterManager.CreateCluster', true, 'ff-one-1'],
      ['google.container.v1.ClusterManager.DeleteCluster', true, 'ff-one-1'],
    ],
  );
});

test('a cluster on its way up can be neither deleted nor made again', async (t) => {
  const { client, gke } = await startFixture(t, { delays: { createClusterMs: 600_000 } });
  const request = { parent: PARENT, cluster: { name: 'ff-slow-1', initialNodeCount: 1 } };
  const [operation] = await client.createCluster(request);
  assert.equal(operation.status, 'RUNNING');
  const [cluster] = await client.getCluster({ name: `${PARENT}/clusters/ff-slow-1` });
  assert.equal(cluster.status, 'PROVISIONING');
  assert.equal(cluster.endpoint, '');
  await assert.rejects(
    client.deleteCluster({ name: `${PARENT}/clusters/ff-slow-1` }),
    refusedWith(FAILED_PRECONDITION, (error) => {
      assert.equal(error.reason, 'CLUSTER_ALREADY_HAS_OPERATION');
      assert.match(error.message, /running incompatible operation operation-/);
    }),
  );
  await assert.rejects(client.createCluster(request), refusedWith(ALREADY_EXISTS));
  await assert.rejects(
    client.cancelOperation({ name: `${PARENT}/operations/${operation.name}` }),
    refusedWith(FAILED_PRECONDITION),
  );
  assert.equal(gke.fleet.groups.size, 0);
});

test('requests are checked field by field', async (t) => {
  const { gke, identity } = await startFixture(t);
  const post = async (path: string, body: unknown): Promise<{ status: number; error: any }> => {
    const headers = { authorization: `Bearer ${identity.issueToken()}`, 'content-type': 'application/json' };
    const response = await fetch(`${gke.url}/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    const answer = (await response.json()) as { error?: unknown };
    return { status: response.status, error: answer.error };
  };
  const rows: [string, object, RegExp][] = [
    [
      'unknown field',
      { cluster: { name: 'a', nodeCount: 1 } },
      /Unknown name "nodeCount" at 'cluster': Cannot find field/,
    ],
    [
      'wrong type',
      { cluster: { name: 'a', initialNodeCount: 'many' } },
      /Invalid value at 'cluster.initialNodeCount' \(TYPE_INT32\), "many"/,
    ],
    [
      'unknown enum',
      { cluster: { name: 'a', nodePools: [{ name: 'p', config: { taints: [{ effect: 'NEVER' }] } }] } },
      /taints\[0\]\.effect/,
    ],
    ['bad name', { cluster: { name: 'Upper', initialNodeCount: 1 } }, /cluster\.name/],
    ['no nodes', { cluster: { name: 'a' } }, /initial_node_count/],
    [
      'machine type',
      { cluster: { name: 'a', initialNodeCount: 1, nodeConfig: { machineType: 'e9-huge' } } },
      /e9-huge/,
    ],
    ['label', { cluster: { name: 'a', initialNodeCount: 1, resourceLabels: { Job: 'x' } } }, /Job=x/],
    [
      'private address alone',
      { cluster: { name: 'a', initialNodeCount: 1, controlPlaneEndpointsConfig: PRIVATE_ADDRESS_ONLY } },
      /Master authorized networks must be enabled if private endpoint is enabled/,
    ],
  ];
  for (const [what, body, message] of rows) {
    const { status, error } = await post(`${PARENT}/clusters`, body);
    assert.equal(status, 400, what);
    assert.equal(error.status, 'INVALID_ARGUMENT', what);
    assert.match(error.message, message, what);
  }
  assert.equal((await post('projects/other/locations/us-central1-a/clusters', {})).status, 403);
});

test('enums are names for gcloud and numbers for callers that ask for them; both paths work', async (t) => {
  const { client, gke, identity } = await startFixture(t);
  await createCluster(client, 'ff-enum-1');
  const get = async (rest: string): Promise<any> =>
    (
      await fetch(`${gke.url}/v1/projects/local-project/${rest}`, {
        headers: { authorization: `Bearer ${identity.issueToken()}` },
      })
    ).json();
  assert.equal((await get('locations/us-central1-a/clusters/ff-enum-1')).status, 'RUNNING');
  assert.equal((await get('zones/us-central1-a/clusters/ff-enum-1')).status, 'RUNNING');
  const numbers = await get('locations/-/clusters?$alt=json;enum-encoding=int');
  assert.equal(numbers.clusters[0].status, 2);
  assert.equal(numbers.clusters[0].nodePools[0].status, 2);
  assert.equal((await get('locations/us-central1-a/serverConfig')).channels[1].channel, 'REGULAR');
});

test('labels change only with the fingerprint that was read', async (t) => {
  const { client } = await startFixture(t);
  const cluster = await createCluster(client, 'ff-label-1');
  const name = `${PARENT}/clusters/ff-label-1`;
  const change = { name, resourceLabels: { job: 'other' } };
  await assert.rejects(client.setLabels({ ...change, labelFingerprint: 'stale' }), refusedWith(FAILED_PRECONDITION));
  const [operation] = await client.setLabels({ ...change, labelFingerprint: cluster.labelFingerprint });
  await ended(client, operation);
  const [after] = await client.getCluster({ name });
  assert.deepEqual(after.resourceLabels, { job: 'other' });
});

test('what is given comes back: private nodes, policies, exclusions, small ranges', async (t) => {
  const { client, gke } = await startFixture(t, { quotas: { CPUS: 64, IN_USE_ADDRESSES: 0 } });
  const asked = {
    name: 'ff-echo-1',
    networkConfig: { datapathProvider: 'ADVANCED_DATAPATH' as const, defaultEnablePrivateNodes: true },
    ipAllocationPolicy: { useIpAliases: true, clusterIpv4CidrBlock: '/21', servicesIpv4CidrBlock: '/27' },
    maintenancePolicy: {
      window: { maintenanceExclusions: { job: { startTime: { seconds: 1 }, endTime: { seconds: 2 } } } },
    },
    workloadIdentityConfig: { workloadPool: 'local-project.svc.id.goog' },
    nodePools: [
      {
        name: 'workers',
        initialNodeCount: 1,
        config: {
          spot: true,
          machineType: 't2d-standard-4',
          labels: { tier: 'w' },
          taints: [{ key: 'spot', value: 'yes', effect: 'NO_SCHEDULE' as const }],
        },
      },
    ],
  };
  const [operation] = await client.createCluster({ parent: PARENT, cluster: asked });
  await ended(client, operation);
  const [cluster] = await client.getCluster({ name: `${PARENT}/clusters/ff-echo-1` });
  assert.equal(cluster.networkConfig?.datapathProvider, 'ADVANCED_DATAPATH');
  assert.equal(cluster.ipAllocationPolicy?.clusterIpv4CidrBlock, '/21');
  assert.deepEqual(Object.keys(cluster.maintenancePolicy?.window?.maintenanceExclusions ?? {}), ['job']);
  assert.equal(cluster.nodePools?.[0]?.config?.spot, true);
  assert.equal(gke.fleet.usage('us-central1')['IN_USE_ADDRESSES'], 0);
});

test('a machine of a pool is a node with the labels, taints and room that GKE gives it', async (t) => {
  const { client, log } = await startFixture(t);
  await createCluster(client, 'ff-node-1', 1, {
    machineType: 'e2-standard-4',
    diskSizeGb: 100,
    spot: true,
    labels: { 'foreach-fleet/pool': 'workers' },
    taints: [{ key: 'spot', value: 'yes', effect: 'NO_SCHEDULE' }],
  });
  const node = log.started[0];
  assert.ok(node);
  assert.equal(node.labels['foreach-fleet/pool'], 'workers');
  assert.equal(node.labels['cloud.google.com/gke-spot'], 'true');
  assert.equal(node.labels['topology.kubernetes.io/zone'], 'us-central1-a');
  assert.deepEqual(node.taints, [{ key: 'spot', value: 'yes', effect: 'NoSchedule' }]);
  assert.match(node.addressPrefix, /^127\.\d+\.\d+$/);
  // Published for a 4-CPU, 16-GB machine: 3.92 CPU; memory 16 GiB less 2.66 GiB reserved and 100 MiB for eviction.
  assert.equal(node.allocatable.cpuMillis, 3920);
  assert.equal(node.allocatable.memoryMi, 16_384 - 2663 - 100);
  // The page's sample of a node with 100 GB: capacity 98831908Ki, allocatable 47060071478 (this is 150 bytes off).
  assert.equal(node.allocatable.storageCapacityKi, 98_831_908);
  assert.ok(Math.abs(node.allocatable.storageBytes - 47_060_071_478) < 200, String(node.allocatable.storageBytes));
  assert.equal(node.providerId, `gce://local-project/us-central1-a/${node.name}`);
});

test('deleting a cluster waits for no machine, not even for one that is shutting down in order', async (t) => {
  const orders: string[] = [];
  const startNode: StartNode = async () => {
    const off = Promise.withResolvers<void>();
    const end = (how: string) => async () => {
      orders.push(how);
      if (how !== 'stop') off.resolve();
      await off.promise;
    };
    return { stop: end('stop'), kill: end('kill'), preempt: end('preempt'), release: end('release') };
  };
  const { client, gke } = await startFixture(t, { startNode });
  await createCluster(client, 'ff-hurry-1', 2);
  const [group] = gke.fleet.groups.values();
  assert.ok(group);
  gke.fleet.deleteMachines(group, [group.machines[0]?.name ?? '']);
  await waitFor('the machine shuts down', () => orders.length === 1);
  const [deletion] = await client.deleteCluster({ name: `${PARENT}/clusters/ff-hurry-1` });
  assert.equal((await ended(client, deletion)).error, null);
  assert.deepEqual(orders, ['stop', 'kill', 'kill']);
});

test('networks run out of ranges when clusters take the default size', async (t) => {
  const { client } = await startFixture(t, { quotas: {} });
  const block = (size: string, name: string) => ({
    name,
    initialNodeCount: 1,
    ipAllocationPolicy: { clusterIpv4CidrBlock: size },
  });
  await client.createCluster({ parent: PARENT, cluster: block('/9', 'huge-1') });
  await client.createCluster({ parent: PARENT, cluster: block('/10', 'huge-2') });
  const [last] = await client.createCluster({ parent: PARENT, cluster: block('/10', 'huge-3') });
  const done = await ended(client, last);
  assert.match(done.error.message, /IP_SPACE_EXHAUSTED/);
  const [cluster] = await client.getCluster({ name: `${PARENT}/clusters/huge-3` });
  assert.equal(cluster.status, 'ERROR');
  const [deletion] = await client.deleteCluster({ name: `${PARENT}/clusters/huge-3` });
  assert.equal((await ended(client, deletion)).error, null);
});

test('a scripted fault is answered as Google would; a lost answer leaves its effect', async (t) => {
  const { client, context } = await startFixture(t);
  context.faults.set([
    {
      service: 'gke',
      method: 'clusters.create',
      nth: 1,
      effect: 'status',
      status: 400,
      reason: 'CLUSTER_ALREADY_HAS_OPERATION',
    },
    { service: 'gke', method: 'clusters.create', nth: 2, when: 'after', effect: 'reset' },
  ]);
  const request = { parent: PARENT, cluster: { name: 'ff-fault-1', initialNodeCount: 1 } };
  await assert.rejects(
    client.createCluster(request),
    refusedWith(FAILED_PRECONDITION, (error) => assert.equal(error.reason, 'CLUSTER_ALREADY_HAS_OPERATION')),
  );
  // Two matching rules count their own calls: the second call hits nothing 'before', and the
  // first effect 'after' is the second answered.
  await client.createCluster(request);
  await waitFor(
    'cluster running',
    async () => (await client.getCluster({ name: `${PARENT}/clusters/ff-fault-1` }))[0].status === 'RUNNING',
  );
  const second = { parent: PARENT, cluster: { name: 'ff-fault-2', initialNodeCount: 1 } };
  await assert.rejects(client.createCluster(second), refusedWith(14));
  const [found] = await client.getCluster({ name: `${PARENT}/clusters/ff-fault-2` });
  assert.equal(found.name, 'ff-fault-2');
  assert.ok((context.books.calls.get('gke.clusters.create') ?? 0) >= 3);
});

test('a caller without a valid token is refused', async (t) => {
  const { gke } = await startFixture(t);
  const response = await fetch(`${gke.url}/v1/${PARENT}/clusters`, { headers: { authorization: 'Bearer nonsense' } });
  assert.equal(response.status, 401);
  assert.equal(((await response.json()) as any).error.status, 'UNAUTHENTICATED');
});
