/**
 * The admin API: books, faults, ticks, machines, logs; and that a cluster, its pods
 * and their lines reach the functions.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { KubeConfig, CoreV1Api } from '@kubernetes/client-node';
import { waitFor } from '../../testing/wait-for.ts';
import { LocalCloudWorld } from '../support/local-cloud-world.ts';

const location = 'us-central1-a';
const parent = `projects/local-project/locations/${location}`;
const cluster = 'ff-admin-1';
let world: LocalCloudWorld;

/** This process and all that it has started. */
function descendantsOf(pid: number): number[] {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const children = tasks.flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' '));
  return [pid, ...children.filter(Boolean).flatMap((child) => descendantsOf(Number(child)))];
}

/** Inodes of the sockets that a process has open. */
function socketsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((fd) => /^socket:\[(\d+)\]$/.exec(targetOf(`${folder}/${fd}`))?.[1] ?? []);
}

/** A descriptor may be closed in between. */
function targetOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** The address is the kernel's: an IPv4 address in hexadecimal, its first byte last. */
function listenersIn(table: string): { address: string; inode: string }[] {
  const rows = readFileSync(table, 'utf8').trim().split('\n').slice(1);
  return rows.flatMap((row) => {
    const [, local = '', , state, , , , , , inode = ''] = row.trim().split(/\s+/);
    return state === '0A' ? [{ address: local.split(':')[0] ?? '', inode }] : [];
  });
}

before(async () => {
  world = await LocalCloudWorld.create();
  await world.start();
});

after(() => world.remove());

async function operationEnded(operation: { name: string }): Promise<void> {
  await waitFor(`the end of ${operation.name}`, async () => {
    const answer = (await world.google('container', 'GET', `/v1/${parent}/operations/${operation.name}`)) as {
      status: string;
    };
    return answer.status === 'DONE';
  });
}

function core(): CoreV1Api {
  const config = new KubeConfig();
  config.loadFromFile(world.endpoints.clientEnvironment['KUBECONFIG'] ?? '');
  return config.makeApiClient(CoreV1Api);
}

test('without the token nothing is answered; unknown calls and bad bodies are errors', async () => {
  assert.equal((await world.admin('GET', '/health', undefined, 'wrong')).status, 401);
  assert.equal((await world.admin('GET', '/nowhere')).status, 404);
  assert.equal((await world.admin('POST', '/nodes/nobody/kill')).status, 404);
  assert.equal((await world.admin('GET', '/logs')).status, 400);
  const { status, body } = await world.admin('PUT', '/faults', {
    rules: [{ service: 'gke', method: '*', effect: 'explode' }],
  });
  assert.equal(status, 400);
  assert.match(body.error, /rules\.0\.effect/);
  assert.equal((await world.admin('PUT', '/delays', { nodeBootsMs: 1 })).status, 400);
});

test('faults, delays and quotas are taken and shown', async () => {
  const rules = [{ service: 'gke', method: 'clusters.create', nth: 7, effect: 'quota' }];
  assert.deepEqual((await world.admin('PUT', '/faults', { rules })).body, { rules });
  assert.equal((await world.admin('PUT', '/faults', { rules: [] })).status, 200);
  assert.deepEqual((await world.admin('PUT', '/delays', { resizeMs: { uniform: [1, 2] } })).body.resizeMs, {
    uniform: [1, 2],
  });
  assert.equal((await world.admin('PUT', '/quotas', { CPUS: 100 })).body.CPUS, 100);
});

test('POST /tick runs the tick function', async () => {
  await world.admin('POST', '/tick');
  const call = await world.called('tick', () => true);
  assert.equal(call.event.source, '//pubsub.googleapis.com/projects/local-project/topics/ff-tick');
});

test('a cluster shows in the books; its end of creation, its pods’ progress and their logs arrive', async () => {
  const operation = (await world.google('container', 'POST', `/v1/${parent}/clusters`, {
    cluster: { name: cluster, initialNodeCount: 1, nodeConfig: { machineType: 'e2-standard-2' } },
  })) as { name: string };
  await operationEnded(operation);
  const created = await world.called('progressReported', ({ event }) => decode(event).operation?.id === operation.name);
  assert.equal(decode(created.event).protoPayload.methodName, 'google.container.v1.ClusterManager.CreateCluster');
  assert.equal(decode(created.event).resource.labels.cluster_name, cluster);

  const lines = [
    '{"ff":"progress","job":"admin","event":"started"}',
    'plain text',
    '{"ff":"completed","job":"admin","outcome":"succeeded"}',
  ];
  await core().createNamespacedPod({
    namespace: 'default',
    body: {
      metadata: { name: 'talker', labels: { app: 'talker' } },
      spec: {
        restartPolicy: 'Never',
        containers: [
          {
            name: 'main',
            image: 'redis',
            command: ['sh', '-c', `printf '%s\\n' '${lines.join("' '")}'; exec sleep 600`],
          },
        ],
      },
    },
  });
  const progress = decode(
    (await world.called('progressReported', ({ event }) => decode(event).jsonPayload?.ff === 'progress')).event,
  );
  assert.equal(progress.resource.type, 'k8s_container');
  assert.equal(progress.resource.labels.cluster_name, cluster);
  assert.equal(progress.resource.labels.location, location);
  await world.called('jobCompleted', ({ event }) => decode(event).jsonPayload?.outcome === 'succeeded');
  const { entries } = (await world.admin('GET', `/logs?cluster=${cluster}&pod=talker&tail=2`)).body;
  assert.deepEqual(
    entries.map((entry: any) => entry.textPayload ?? entry.jsonPayload.ff),
    ['plain text', 'completed'],
  );

  const books = (await world.admin('GET', '/books')).body;
  assert.equal(books.alive.clusters.length, 1);
  assert.equal(books.alive.machines.length, 1);
  assert.ok(books.calls['gke.clusters.create'] >= 1);
  const { processes } = (await world.admin('GET', '/processes')).body;
  assert.ok(processes.some(({ pod }: { pod: string }) => pod === 'talker'));
});

test('everything that it has started listens on loopback only', async () => {
  const own = new Set(descendantsOf(world.endpoints.pid));
  const sockets = new Set([...own].flatMap(socketsOf));
  const listening = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap(listenersIn).filter(({ inode }) => sockets.has(inode));
  assert.ok(listening.length > 8, `${listening.length} sockets`);
  assert.deepEqual(
    listening.filter(({ address }) => !address.endsWith('7F')),
    [],
  );
});

test('a machine that is killed takes its processes along', async () => {
  const [machine] = (await world.admin('GET', '/books')).body.alive.machines;
  assert.equal((await world.admin('POST', `/nodes/${machine.name}/kill`)).status, 200);
  await waitFor('no process left', async () => (await world.admin('GET', '/processes')).body.processes.length === 0);
});

test('a deleted cluster leaves nothing but its logs and its lines in the books', async () => {
  await operationEnded(
    (await world.google('container', 'DELETE', `/v1/${parent}/clusters/${cluster}`)) as { name: string },
  );
  const { alive, machineSeconds } = (await world.admin('GET', '/books')).body;
  assert.deepEqual(alive, { machines: [], clusters: [] });
  assert.ok(machineSeconds > 0);
  const { entries } = (await world.admin('GET', `/logs?cluster=${cluster}&pod=talker`)).body;
  assert.equal(entries.length, 3);
});

test('POST /stop ends the local cloud', async () => {
  const { pid } = world.endpoints;
  assert.equal((await world.admin('POST', '/stop')).status, 200);
  await waitFor('the end of the process', () => {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  });
});

/** The log entry inside a Pub/Sub event. */
function decode(event: { data?: Record<string, any> | undefined }): any {
  return JSON.parse(Buffer.from(String(event.data?.['message']?.data ?? 'e30='), 'base64').toString());
}
