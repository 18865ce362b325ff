/**
 * The objects of a large job as an API server holds them, managed fields included: what is in manifests/
 * and what scheduler, kubelet and others add.
 */
import { manifestsFor, type Manifest } from '../functions/adapters/manifests.ts';
import type { KubeObject } from '../local-cloud/kubernetes/object.ts';

const AT = '2026-11-23T12:00:00Z';
const PER_MACHINE = 3;
const DEPLOYED = '6d5f8b9c7d';
const image = `worker@sha256:${'a'.repeat(64)}`;

/** By the last part of their path. */
export function largeCluster(workers: number): Record<string, KubeObject[]> {
  const manifests = manifestsFor({
    ...{ job: 'bench', attempt: 1, workers, worker: { cpu: 1, memoryBytes: 2 ** 31 }, graceSeconds: 30 },
    ...{ image, redisImage: image, env: {}, inputs: {}, largeMemoryBytes: null },
  });
  const named = (kind: string, name: string): Manifest =>
    manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name)!;
  const template = (kind: string, name: string): PodTemplate => {
    const found = named(kind, name).spec?.template;
    if (found === undefined) throw new Error(`${kind} ${name} has no pods`);
    return found;
  };
  const machines = Math.ceil(workers / PER_MACHINE);
  const own = [template('Deployment', 'redis'), template('Job', 'driver')];
  return {
    pods: [
      ...own.map((each, index) => pod(each, `own-${index}`, workers + index, nodeName(0))),
      ...Array.from({ length: workers }, (_, index) =>
        pod(template('Deployment', 'workers'), podName(index), index, nodeName(1 + Math.floor(index / PER_MACHINE))),
      ),
    ],
    nodes: Array.from({ length: machines + 1 }, (_, index) => node(index)),
    deployments: ['redis', 'workers'].map((name) => stored(named('Deployment', name))),
    jobs: [stored(named('Job', 'driver'))],
    secrets: [secret('redis', { password: 'c2VjcmV0' }), secret('job', { 'inputs.json': 'A'.repeat(100_000) })],
  };
}

interface PodTemplate {
  metadata: { labels: Record<string, string> };
  spec: object;
}

function stored(manifest: Manifest): KubeObject {
  const managed = { manager: 'node-fetch', operation: 'Update', time: AT, fieldsType: 'FieldsV1' };
  const metadata = { ...manifest.metadata, managedFields: [{ ...managed, fieldsV1: fields(manifest['spec']) }] };
  const own = { uid: uid(0), resourceVersion: '1', creationTimestamp: AT };
  return { ...manifest, metadata: { ...metadata, ...own } } as unknown as KubeObject;
}

function secret(name: string, data: Record<string, string>): KubeObject {
  const annotations = { 'foreach-fleet/inputs-signed-at': AT };
  const metadata = { name, namespace: 'foreach-fleet', uid: uid(0), creationTimestamp: AT, annotations };
  return { apiVersion: 'v1', kind: 'Secret', metadata, data } as unknown as KubeObject;
}

const podName = (index: number): string => `workers-${DEPLOYED}-${index.toString(36).padStart(5, 'x')}`;

function pod(template: PodTemplate, name: string, index: number, nodeOfPod: string): KubeObject {
  const address = `10.8.${index >> 8}.${index & 255}`;
  const owner = `workers-${DEPLOYED}`;
  const condition = (type: string): object => ({ type, status: 'True', lastProbeTime: null, lastTransitionTime: AT });
  const metadata = {
    ...{ name, generateName: `${owner}-`, namespace: 'foreach-fleet', uid: uid(index), creationTimestamp: AT },
    labels: { ...template.metadata.labels, 'pod-template-hash': DEPLOYED },
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: uid(0), controller: true }],
    managedFields: ['kube-controller-manager', 'kubelet'].map((manager) => ({
      ...{ manager, operation: 'Update', apiVersion: 'v1', time: AT, fieldsType: 'FieldsV1' },
      fieldsV1: { 'f:metadata': fields(template.metadata), 'f:spec': fields(template.spec) },
    })),
  };
  const container = {
    ...{ name: 'worker', ready: true, restartCount: 0, image, imageID: image, started: true },
    ...{ state: { running: { startedAt: AT } }, lastState: {}, containerID: `containerd://${'b'.repeat(64)}` },
  };
  const conditions = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'];
  const status = {
    ...{ phase: 'Running', hostIP: '10.128.0.2', podIP: address, podIPs: [{ ip: address }], startTime: AT },
    ...{ qosClass: 'Burstable', conditions: conditions.map(condition), containerStatuses: [container] },
  };
  const spec = { ...template.spec, nodeName: nodeOfPod, schedulerName: 'default-scheduler' };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec, status } as unknown as KubeObject;
}

function node(index: number): KubeObject {
  const resources = { cpu: '3920m', memory: '12696312Ki', pods: '110', 'ephemeral-storage': '7538310000' };
  const condition = (type: string): object => ({
    ...{ type, status: type === 'Ready' ? 'True' : 'False', lastHeartbeatTime: AT, lastTransitionTime: AT },
    ...{ reason: `Kubelet${type}`, message: `what the kubelet has to say about ${type}` },
  });
  const pressures = ['FrequentKubeletRestart', 'KernelDeadlock', 'ReadonlyFilesystem', 'NetworkUnavailable'];
  return {
    ...{ apiVersion: 'v1', kind: 'Node' },
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
  } as unknown as KubeObject;
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
