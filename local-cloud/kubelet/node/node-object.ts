/** The Node object of a simulated machine, as pure data. Does not talk to the API server. */
import { release } from 'node:os';
import type { NodeObject, NodeResources, NodeSpec } from '../types.ts';

const KUBELET_VERSION = 'v1.33.5';

/** What the node says about itself at a moment. */
export interface NodeHealth {
  ready: boolean;
  reason: string;
  message: string;
}

export const HEALTHY: NodeHealth = { ready: true, reason: 'KubeletReady', message: 'kubelet is posting ready status' };

export interface NodeFacts {
  spec: NodeSpec;
  port: number;
  /** Stable per node directory. */
  machineId: string;
  /** New with each start of the kubelet. */
  bootId: string;
  images: { name: string; sizeBytes: number }[];
}

/** Labels every kubelet sets, overridden by the given ones. */
export function nodeLabels(spec: NodeSpec): Record<string, string> {
  const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
  return {
    'kubernetes.io/hostname': spec.name,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': arch,
    'beta.kubernetes.io/os': 'linux',
    'beta.kubernetes.io/arch': arch,
    'node.kubernetes.io/instance-type': spec.machineType,
    ...spec.labels,
  };
}

/** The object to create when the node registers. */
export function newNode(spec: NodeSpec): NodeObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: spec.name, labels: nodeLabels(spec), annotations: spec.annotations },
    spec: { providerID: spec.providerId, taints: spec.taints },
  };
}

export function nodeStatus(
  facts: NodeFacts,
  health: NodeHealth,
  previous: NodeObject | undefined,
  now: string,
): NonNullable<NodeObject['status']> {
  const { spec } = facts;
  return {
    capacity: quantities(spec.capacity),
    allocatable: quantities(spec.allocatable),
    addresses: [
      { type: 'InternalIP', address: `${spec.addressPrefix}.1` },
      { type: 'Hostname', address: spec.name },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: facts.port } },
    nodeInfo: nodeInfo(facts),
    images: facts.images.map((image) => ({ names: [image.name], sizeBytes: image.sizeBytes })),
    conditions: conditions(health, previous, now),
  };
}

function quantities(resources: NodeResources): Record<string, string> {
  return {
    cpu: Number.isInteger(resources.cpu) ? `${resources.cpu}` : `${Math.round(resources.cpu * 1000)}m`,
    memory: `${Math.floor(resources.memoryBytes / 1024)}Ki`,
    pods: `${resources.pods}`,
    'ephemeral-storage': resources.ephemeralStorage,
  };
}

function nodeInfo(facts: NodeFacts): NonNullable<NodeObject['status']>['nodeInfo'] {
  return {
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    bootID: facts.bootId,
    machineID: facts.machineId,
    systemUUID: facts.machineId,
    operatingSystem: 'linux',
    osImage: 'foreach-fleet local machine',
    kernelVersion: release(),
    kubeletVersion: KUBELET_VERSION,
    kubeProxyVersion: '',
    containerRuntimeVersion: 'process://1',
  };
}

type Condition = NonNullable<NonNullable<NodeObject['status']>['conditions']>[number];

/** The four conditions of a kubelet; those of others (for example NetworkUnavailable) are kept. */
function conditions(health: NodeHealth, previous: NodeObject | undefined, now: string): Condition[] {
  const old = previous?.status?.conditions ?? [];
  const own: Omit<Condition, 'lastHeartbeatTime' | 'lastTransitionTime'>[] = [
    {
      type: 'MemoryPressure',
      status: 'False',
      reason: 'KubeletHasSufficientMemory',
      message: 'kubelet has sufficient memory available',
    },
    {
      type: 'DiskPressure',
      status: 'False',
      reason: 'KubeletHasNoDiskPressure',
      message: 'kubelet has no disk pressure',
    },
    {
      type: 'PIDPressure',
      status: 'False',
      reason: 'KubeletHasSufficientPID',
      message: 'kubelet has sufficient PID available',
    },
    { type: 'Ready', status: health.ready ? 'True' : 'False', reason: health.reason, message: health.message },
  ];
  const foreign = old.filter((condition) => !own.some((mine) => mine.type === condition.type));
  return [
    ...foreign,
    ...own.map((mine) => ({
      ...mine,
      lastHeartbeatTime: now,
      lastTransitionTime: transition(old, mine.type, mine.status, now),
    })),
  ];
}

function transition(old: Condition[], type: string, status: string, now: string): string {
  const before = old.find((condition) => condition.type === type);
  return before?.status === status && before.lastTransitionTime ? before.lastTransitionTime : now;
}
