/**
 * A Kubernetes API that always gives the same answer: the pods and nodes of a large job, as an API server writes them (managed fields included).
 * `kubernetes-lists.ts WORKERS` is its process, so that writing the lists costs the measured one nothing. Plain HTTP: without the cost of TLS.
 */
import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { manifestsFor } from '../functions/adapters/manifests.ts';

const script = fileURLToPath(import.meta.url);
const AT = '2026-11-23T12:00:00Z';
const PER_MACHINE = 3;

export async function startKubernetesLists(workers: number): Promise<{ url: string; stop(): Promise<void> }> {
  const child = fork(script, [String(workers)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const url = await new Promise<string>((resolve, reject) => {
    child.once('message', (message) => resolve(String(message)));
    child.once('exit', () => reject(new Error('the Kubernetes lists ended before they were ready')));
  });
  const stop = async (): Promise<void> => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.disconnect();
    await ended;
  };
  return { url, stop };
}

function serve(workers: number): void {
  const nodes = Array.from({ length: Math.ceil(workers / PER_MACHINE) + 1 }, (_, index) => node(index));
  const pods = Array.from({ length: workers }, (_, index) => pod(index));
  const replies = new Map([
    ['/api/v1/namespaces/foreach-fleet/pods', list('PodList', pods)],
    ['/api/v1/nodes', list('NodeList', nodes)],
  ]);
  const missing = JSON.stringify({
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    reason: 'NotFound',
    code: 404,
  });
  const server = createServer((request, response) => {
    const text = replies.get((request.url ?? '').split('?')[0]!);
    response.writeHead(text === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(text ?? missing);
  });
  server.listen(0, '127.0.0.1', () => {
    process.send!(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  process.once('disconnect', () => process.exit(0));
}

function list(kind: string, items: object[]): string {
  return JSON.stringify({ kind, apiVersion: 'v1', metadata: { resourceVersion: '1' }, items });
}

/** The template of manifests/ with what scheduler, kubelet and field management add. */
function pod(index: number): object {
  const image = `worker@sha256:${'a'.repeat(64)}`;
  const { template } = manifestsFor({
    ...{ job: 'bench', attempt: 1, workers: 1, worker: { cpu: 1, memoryBytes: 2 ** 31 }, graceSeconds: 30 },
    ...{ image, redisImage: image, env: {}, inputs: {} },
  }).find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'workers')!['spec'];
  const name = `workers-6d5f8b9c7d-${index.toString(36).padStart(5, 'x')}`;
  const address = `10.8.${index >> 8}.${index & 255}`;
  const condition = (type: string): object => ({ type, status: 'True', lastProbeTime: null, lastTransitionTime: AT });
  return {
    metadata: {
      ...{
        name,
        generateName: 'workers-6d5f8b9c7d-',
        namespace: 'foreach-fleet',
        uid: uid(index),
        creationTimestamp: AT,
      },
      labels: { ...template.metadata.labels, 'pod-template-hash': '6d5f8b9c7d' },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'workers-6d5f8b9c7d', uid: uid(0), controller: true },
      ],
      managedFields: ['kube-controller-manager', 'kubelet'].map((manager) => ({
        ...{ manager, operation: 'Update', apiVersion: 'v1', time: AT, fieldsType: 'FieldsV1' },
        fieldsV1: { 'f:metadata': fields(template.metadata), 'f:spec': fields(template.spec) },
      })),
    },
    spec: {
      ...template.spec,
      nodeName: nodeName(1 + Math.floor(index / PER_MACHINE)),
      schedulerName: 'default-scheduler',
    },
    status: {
      ...{
        phase: 'Running',
        hostIP: '10.128.0.2',
        podIP: address,
        podIPs: [{ ip: address }],
        startTime: AT,
        qosClass: 'Burstable',
      },
      conditions: ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map(
        condition,
      ),
      containerStatuses: [
        {
          ...{ name: 'worker', ready: true, restartCount: 0, image, imageID: image, started: true },
          ...{ state: { running: { startedAt: AT } }, lastState: {}, containerID: `containerd://${'b'.repeat(64)}` },
        },
      ],
    },
  };
}

function node(index: number): object {
  const resources = { cpu: '3920m', memory: '12696312Ki', pods: '110', 'ephemeral-storage': '7538310000' };
  const condition = (type: string): object => ({
    ...{ type, status: type === 'Ready' ? 'True' : 'False', lastHeartbeatTime: AT, lastTransitionTime: AT },
    ...{ reason: `Kubelet${type}`, message: `what the kubelet has to say about ${type}` },
  });
  const pressures = ['FrequentKubeletRestart', 'KernelDeadlock', 'ReadonlyFilesystem', 'NetworkUnavailable'];
  return {
    metadata: {
      ...{ name: nodeName(index), uid: uid(index), creationTimestamp: AT },
      labels: { 'foreach-fleet/pool': index === 0 ? 'system' : 'workers', 'kubernetes.io/os': 'linux' },
      managedFields: [{ manager: 'kubelet', operation: 'Update', fieldsV1: { 'f:status': fields(resources) } }],
    },
    spec: { podCIDR: '10.8.0.0/24', providerID: `gce://bench/us-central1-a/${nodeName(index)}` },
    status: {
      ...{ capacity: resources, allocatable: resources },
      conditions: [...pressures, 'MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready'].map(condition),
      images: Array.from({ length: 30 }, (_, image) => ({
        names: [`image-${image}@sha256:${'c'.repeat(64)}`],
        sizeBytes: 1e8,
      })),
      nodeInfo: {
        kubeletVersion: 'v1.33.5-gke.1',
        osImage: 'Container-Optimized OS from Google',
        architecture: 'amd64',
      },
    },
  };
}

/** As managed fields are written: one entry for each field. */
function fields(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [`f:${name}`, fields(part)]));
}

function nodeName(index: number): string {
  return `gke-ff-bench-1-workers-1a2b3c4d-${index.toString(36).padStart(4, '0')}`;
}

function uid(index: number): string {
  return `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
}

if (process.argv[1] === script) serve(Number(process.argv[2]));
