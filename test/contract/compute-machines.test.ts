import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { GoogleAuth } from 'google-auth-library';
import { createCluster, PARENT, startFixture, type GkeFixture } from './gke-fixture.ts';
import { waitFor } from '../../testing/wait-for.ts';

const PROJECT = 'compute/v1/projects/local-project';
const ZONE_PATH = `${PROJECT}/zones/us-central1-a`;

type Api = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) => Promise<any>;

/** Plain REST through google-auth-library, as the control plane does it. */
async function start(t: TestContext): Promise<GkeFixture & { api: Api }> {
  const fixture = await startFixture(t);
  const auth = new GoogleAuth({ scopes: ['https://www.googleapis.com/auth/cloud-platform'] });
  const api: Api = async (method, path, body) => {
    const url = `${fixture.compute.url}/${path}`;
    const response = await auth.request({
      url,
      method,
      timeout: 5000,
      validateStatus: () => true,
      ...(body ? { data: body } : {}),
    });
    return { status: response.status, ...(response.data as object) };
  };
  return { ...fixture, api };
}

test('a managed instance group is read, and machines leave it by name', async (t) => {
  const { api, client, log } = await start(t);
  const cluster = await createCluster(client, 'ff-mig-1', 3);
  const url: string = cluster.nodePools[0].instanceGroupUrls[0];
  const path = url.slice(url.indexOf('compute/v1'));
  const group = await api('GET', path);
  assert.equal(group.targetSize, 3);
  assert.equal(group.status.isStable, true);
  assert.equal(group.currentActions.none, 3);

  const { managedInstances } = await api('POST', `${path}/listManagedInstances`);
  assert.deepEqual(
    managedInstances.map((each: any) => [each.instanceStatus, each.currentAction]),
    Array(3).fill(['RUNNING', 'NONE']),
  );
  const [victim, ...others] = managedInstances as { instance: string; name: string }[];
  const operation = await api('POST', `${path}/deleteInstances`, { instances: [victim?.instance] });
  assert.equal(operation.status, 'RUNNING');
  const done = await api('POST', `${ZONE_PATH}/operations/${operation.name}/wait`);
  assert.equal(done.status, 'DONE');
  await waitFor('victim gone', async () => {
    const { managedInstances: left = [] } = await api('POST', `${path}/listManagedInstances`);
    return left.length === 2 && left.every((each: any) => others.some((other) => other.name === each.name));
  });
  assert.equal((await api('GET', path)).targetSize, 2);
  assert.deepEqual(log.removed, [victim?.name]);
  const unknown = await api('POST', `${path}/deleteInstances`, { instances: ['zones/us-central1-a/instances/other'] });
  assert.equal(unknown.error.code, 400);
});

test('instances and boot disks are found by label, everywhere and in a zone', async (t) => {
  const { api, client } = await start(t);
  await createCluster(client, 'ff-list-1', 2, { spot: true, diskSizeGb: 20 });
  await createCluster(client, 'ff-list-2', 1);
  const all = await api('GET', `${PROJECT}/aggregated/instances?filter=labels.job=ff-list-1`);
  const found = all.items['zones/us-central1-a'].instances;
  assert.equal(found.length, 2);
  assert.equal(found[0].scheduling.provisioningModel, 'SPOT');
  assert.equal(found[0].status, 'RUNNING');
  assert.equal(all.items['zones/us-central1-b'].warning.code, 'NO_RESULTS_ON_PAGE');
  const disks = await api(
    'GET',
    `${ZONE_PATH}/disks?filter=${encodeURIComponent('(labels.job=ff-list-1) (labels.installation=test)')}`,
  );
  assert.deepEqual(
    disks.items.map((disk: any) => disk.sizeGb),
    ['20', '20'],
  );
  const one = await api('GET', `${ZONE_PATH}/instances/${found[0].name}`);
  assert.equal(one.id, found[0].id);
  const inUse = await api('DELETE', `${ZONE_PATH}/disks/${disks.items[0].name}`);
  assert.match(inUse.error.message, /already being used by/);
  const page = await api('GET', `${ZONE_PATH}/instances?maxResults=2`);
  const rest = await api('GET', `${ZONE_PATH}/instances?maxResults=2&pageToken=${page.nextPageToken}`);
  assert.equal(page.items.length + rest.items.length, 3);

  await client.deleteCluster({ name: `${PARENT}/clusters/ff-list-1` });
  await client.deleteCluster({ name: `${PARENT}/clusters/ff-list-2` });
  await waitFor('nothing left', async () => (await api('GET', `${ZONE_PATH}/disks`)).items === undefined);
});

test('leftovers are listed by label and can be deleted', async (t) => {
  const { api, compute } = await start(t);
  const labels = { installation: 'test', job: 'gone' };
  compute.plantLeftover({ kind: 'disks', name: 'pvc-1', scope: 'us-central1-a', labels });
  compute.plantLeftover({ kind: 'addresses', name: 'ip-1', scope: 'us-central1', labels });
  compute.plantLeftover({ kind: 'forwardingRules', name: 'lb-1', scope: 'global', labels });
  const rows: [string, string, string][] = [
    ['disks', 'zones/us-central1-a', 'pvc-1'],
    ['addresses', 'regions/us-central1', 'ip-1'],
    ['forwardingRules', 'global', 'lb-1'],
  ];
  for (const [collection, scope, name] of rows) {
    const listed = await api('GET', `${PROJECT}/aggregated/${collection}?filter=labels.job=gone`);
    assert.equal(listed.items[scope][collection][0].name, name, collection);
    assert.equal(
      (await api('DELETE', `${PROJECT}/${scope}/${collection}/${name}`)).operationType,
      'delete',
      collection,
    );
    const gone = await api('GET', `${PROJECT}/${scope}/${collection}/${name}`);
    assert.equal(gone.error.code, 404, collection);
    assert.equal(gone.error.errors[0].reason, 'notFound', collection);
  }
});

test('a region shows its quotas and what is used of them', async (t) => {
  const { api, client } = await start(t);
  await createCluster(client, 'ff-use-1', 2);
  const region = await api('GET', `${PROJECT}/regions/us-central1`);
  const cpus = region.quotas.find((quota: any) => quota.metric === 'CPUS');
  assert.deepEqual(cpus, { metric: 'CPUS', limit: 64, usage: 4 });
  const other = await api('GET', `${PROJECT}/regions/us-east1`);
  assert.equal(other.quotas.find((quota: any) => quota.metric === 'CPUS').usage, 0);
  assert.equal((await api('GET', `${PROJECT}/regions/nowhere-1`)).error.code, 400);
  const type = await api('GET', `${ZONE_PATH}/machineTypes/n2d-highmem-8`);
  assert.deepEqual([type.guestCpus, type.memoryMb], [8, 65_536]);
  const zones = await api('GET', `${PROJECT}/zones?filter=name=us-central1-f`);
  assert.equal(zones.items.length, 1);
});

test('a refused machine says why in its group, with the codes of Compute Engine', async (t) => {
  const { api, client, context, gke } = await start(t);
  const cluster = await createCluster(client, 'ff-why-1', 1);
  const url: string = cluster.nodePools[0].instanceGroupUrls[0];
  const path = url.slice(url.indexOf('compute/v1'));
  context.faults.set([{ service: 'compute', method: 'instances.insert', effect: 'stockout' }]);
  await api('POST', `${path}/resize?size=2`);
  const refused = await waitFor('refusal', async () => {
    const { managedInstances } = await api('POST', `${path}/listManagedInstances`);
    return managedInstances.find((each: any) => each.lastAttempt);
  });
  assert.equal(refused.currentAction, 'CREATING');
  assert.equal(refused.lastAttempt.errors.errors[0].code, 'ZONE_RESOURCE_POOL_EXHAUSTED');
  assert.equal((await api('GET', path)).status.isStable, false);
  assert.equal(gke.fleet.usage('us-central1')['CPUS'], 2);
});

test('a filter that is not understood is an error, not everything', async (t) => {
  const { api } = await start(t);
  for (const filter of ['labels.job ~ x OR', 'labels.job=a AND labels.installation=b', '(labels.job=a) labels.x=b']) {
    const answer = await api('GET', `${ZONE_PATH}/instances?filter=${encodeURIComponent(filter)}`);
    assert.equal(answer.error?.code, 400, filter);
  }
});
