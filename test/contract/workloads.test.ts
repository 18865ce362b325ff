/**
 * What a pass sees of a cluster, and does to it: on the embedded API server and on a real one, with
 * nodes and pods in every state that counts.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { KubeConfig } from '@kubernetes/client-node';
import { manifestsFor, NAMESPACE } from '../../functions/adapters/manifests.ts';
import { workloadOf } from '../../functions/adapters/kubernetes-workloads.ts';
import { PortError } from '../../functions/ports/port-error.ts';
import type { PodView, Workload, WorkloadRequest } from '../../functions/ports/workloads.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { startEmbeddedKubernetes } from '../support/kubelet-embedded.ts';
import type { ApiServer } from '../support/kubelet-world.ts';
import { connectTo, type KubernetesClient } from '../support/kubernetes-client.ts';
import { needs } from '../support/needs-program.ts';
import { startRealKubernetes } from '../support/real-kubernetes.ts';

const request: WorkloadRequest = {
  ...{ job: 'seen', attempt: 3, workers: 0, worker: { cpu: 1, memoryBytes: 2 ** 30 }, graceSeconds: 30 },
  image: `registry.test/worker@sha256:${'a'.repeat(64)}`,
  redisImage: `registry.test/redis@sha256:${'b'.repeat(64)}`,
  ...{ env: {}, inputs: { schema: 1, files: ['x'.repeat(1000)] }, largeMemoryBytes: null },
};

const running = { ready: true, restartCount: 0, state: { running: {} } };
const condition = (type: string, status: 'True' | 'False', reason?: string, message?: string): object => ({
  ...{ type, status, reason, message },
});

/** Workers as a kubelet (or the lack of one) leaves them, and how they are to be seen. */
const workers: [name: string, node: string | null, status: object, seen: Partial<PodView>][] = [
  ['busy', 'machine', { phase: 'Running', ...of(running, true) }, { ready: true }],
  ['crashed', 'machine', { phase: 'Running', ...of(ended('Error', 1), false) }, {}],
  ['done', 'machine', { phase: 'Succeeded', ...of(ended('Completed', 0), false) }, { ended: true }],
  [
    'evicted',
    'machine',
    { phase: 'Failed', reason: 'Evicted', message: 'The node was low on memory' },
    { ended: true, trouble: 'Evicted: The node was low on memory' },
  ],
  // Nobody takes back what its kubelet last said of the container: only the condition tells.
  ['lost', 'lost-machine', { phase: 'Running', ...of(running, false) }, {}],
  [
    'pulling',
    'machine',
    { phase: 'Pending', ...of(waiting('ImagePullBackOff', 'no such image'), false) },
    { trouble: 'ImagePullBackOff: no such image' },
  ],
  ['starting', 'machine', { phase: 'Pending', ...of(waiting('ContainerCreating'), false) }, {}],
  [
    'unscheduled',
    null,
    { phase: 'Pending', conditions: [condition('PodScheduled', 'False', 'Unschedulable', '0/2 nodes')] },
    { trouble: 'Unschedulable: 0/2 nodes' },
  ],
];

function of(container: object, ready: boolean): object {
  const containerStatus = { name: 'worker', image: 'i', imageID: 'i', restartCount: 1, ready: false, ...container };
  return { containerStatuses: [containerStatus], conditions: [condition('Ready', ready ? 'True' : 'False')] };
}

function ended(reason: string, exitCode: number): object {
  return { state: { terminated: { reason, exitCode } } };
}

function waiting(reason: string, message?: string): object {
  return { state: { waiting: { reason, message } } };
}

function defineSuite(start: () => Promise<ApiServer>): void {
  let server: ApiServer;
  let client: KubernetesClient;
  let workload: Workload;

  before(async () => {
    server = await start();
    client = connectTo(server);
    workload = workloadOf(configOf(server));
    await workload.apply(request);
    await makeMachine(client, 'machine', 'workers', true);
    await makeMachine(client, 'lost-machine', 'workers', false);
    await makeMachine(client, 'system-machine', 'system', true);
    for (const [name, node, status] of workers) await makeWorker(client, name, node, status);
  });
  after(() => server?.stop());

  const named = async (): Promise<Map<string, PodView>> =>
    new Map((await workload.observe()).pods.map((pod) => [pod.name, pod]));

  it('sees every worker as it is', async () => {
    const seen = await named();
    for (const [name, node, , expected] of workers) {
      const plain = { name, role: 'worker', ready: false, ended: false, node, trouble: null };
      assert.deepEqual(seen.get(name), { ...plain, ...expected });
    }
    assert.equal([...seen.values()].filter((pod) => pod.role === 'worker').length, workers.length);
  });

  it('sees the machines of the workers', async () => {
    const { nodes } = await workload.observe();
    const expected = [
      { name: 'lost-machine', ready: false },
      { name: 'machine', ready: true },
    ];
    assert.deepEqual(nodes, expected);
  });

  it('sees the job, its attempt and when its inputs were signed', async () => {
    const view = await workload.observe();
    const { applied, attempt, driver, workersWanted, redis } = view;
    assert.deepEqual(
      { applied, attempt, driver, workersWanted, redis },
      {
        ...{ applied: true, attempt: 3, driver: 'running', workersWanted: 0, redis: null },
      },
    );
    assert.ok(Math.abs(view.inputsSignedMs! - Date.now()) < 300_000);
  });

  it('a worker that is told to go still holds its machine', async () => {
    await client.call('DELETE', `/api/v1/namespaces/${NAMESPACE}/pods/busy`, { gracePeriodSeconds: 600 });
    const busy = (await named()).get('busy')!;
    assert.deepEqual([busy.ended, busy.node, busy.trouble], [false, 'machine', null]);
  });

  it('finds Redis by its pod once it is ready, and the password', async () => {
    await makePod(client, 'redis-0', 'redis', 'system-machine', {
      ...{ phase: 'Running', podIP: '10.1.2.3', podIPs: [{ ip: '10.1.2.3' }], ...of(running, true) },
    });
    const { redis } = await workload.observe();
    assert.equal(redis?.host, '10.1.2.3');
    assert.match(redis.password, /^[\w-]{32}$/);
  });

  it('marks the workers that may go, those that are gone excepted, and sets the number', async () => {
    const { workersWanted } = await workload.observe();
    const outdated = workload.scaleWorkers(workersWanted + 1, 5, ['starting']);
    await assert.rejects(outdated, { code: 'FF-WORKLOAD-CHANGED' });
    await workload.scaleWorkers(workersWanted, 5, ['starting', 'no-such-pod', 'pulling']);
    assert.equal((await workload.observe()).workersWanted, 5);
    const marked = [];
    for (const [name] of workers) {
      const { body } = await client.call('GET', `/api/v1/namespaces/${NAMESPACE}/pods/${name}`);
      if (body.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] === '-100') marked.push(name);
    }
    assert.deepEqual(marked, ['pulling', 'starting']);
  });

  it('tells how containers have ended: one that waits or runs again has it behind it', async () => {
    const killed = { reason: 'OOMKilled', exitCode: 137, finishedAt: '2026-11-26T12:00:01Z' };
    const behind = { lastState: { terminated: killed } };
    await makeWorker(client, 'again', 'machine', { phase: 'Running', ...of({ ...running, ...behind }, true) });
    await makeWorker(client, 'waits', 'machine', {
      phase: 'Running',
      ...of({ ...waiting('CrashLoopBackOff'), ...behind }, false),
    });
    await makeWorker(client, 'over', 'machine', { phase: 'Running', ...of({ state: { terminated: killed } }, false) });
    const seen = await workload.podEnds(['again', 'waits', 'over', 'starting', 'no-such-pod']);
    const finishedSeconds = Date.parse(killed.finishedAt) / 1000;
    const end = { reason: 'OOMKilled', exitCode: 137, finishedSeconds, memoryLimit: '1Gi' };
    assert.deepEqual(seen, { again: end, waits: end, over: end, starting: null, 'no-such-pod': 'gone' });
  });

  it('says what was refused, and whether to try again', async () => {
    const stranger = workloadOf(configOf({ ...server, token: 'not-a-token' }));
    await assert.rejects(stranger.observe(), (error: unknown) => {
      assert.ok(error instanceof PortError);
      assert.deepEqual([error.code, error.retry], ['FF-KUBERNETES', false]);
      assert.match(error.message, /^(listing|reading) .*: 401: Unauthorized/);
      return true;
    });
  });
}

function configOf({ url, caPem, token }: Pick<ApiServer, 'url' | 'caPem' | 'token'>): KubeConfig {
  const config = new KubeConfig();
  const caData = Buffer.from(caPem).toString('base64');
  config.loadFromClusterAndUser({ name: 'test', server: url, caData, skipTLSVerify: false }, { name: 'user', token });
  return config;
}

async function makeMachine(client: KubernetesClient, name: string, pool: string, ready: boolean): Promise<void> {
  await client.call('POST', '/api/v1/nodes', { metadata: { name, labels: { 'foreach-fleet/pool': pool } } });
  const status = { conditions: [condition('Ready', ready ? 'True' : 'False', 'Test')] };
  const path = `/api/v1/nodes/${name}/status`;
  assert.equal(
    (await client.call('PATCH', path, { status }, { contentType: 'application/merge-patch+json' })).code,
    200,
  );
}

function makeWorker(client: KubernetesClient, name: string, node: string | null, status: object): Promise<void> {
  return makePod(client, name, 'worker', node, status);
}

async function makePod(
  client: KubernetesClient,
  name: string,
  role: string,
  nodeName: string | null,
  status: object,
): Promise<void> {
  const deployment = manifestsFor(request).find(({ metadata }) => metadata.name === 'workers')!;
  const spec = { ...deployment.spec?.template?.spec, nodeSelector: undefined };
  const metadata = { name, labels: { 'foreach-fleet/role': role } };
  // Nobody but this test decides where it runs.
  const pod = { metadata, spec: { ...spec, schedulerName: 'nobody', ...(nodeName === null ? {} : { nodeName }) } };
  const path = `/api/v1/namespaces/${NAMESPACE}/pods`;
  const made = await waitFor('the account of the pods', async () => {
    const answer = await client.call('POST', path, pod);
    return answer.code === 201 && answer;
  });
  assert.equal(made.code, 201);
  const patched = await client.call(
    'PATCH',
    `${path}/${name}/status`,
    { status },
    { contentType: 'application/merge-patch+json' },
  );
  assert.equal(patched.code, 200, JSON.stringify(patched.body));
}

describe('the embedded API server', () => defineSuite(startEmbeddedKubernetes));

describe('a real API server', { skip: needs('kube-apiserver') }, () => defineSuite(startRealKubernetes));
