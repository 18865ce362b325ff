/** Defaults of everything but pods and workloads. Changes its argument in place. */
import { setDefault } from './defaults-pod.ts';
import type { KubeObject, ObjectStore } from '../object.ts';

type Plain = Record<string, any>;

export function defaultNamespace(namespace: KubeObject): void {
  const { metadata } = namespace;
  metadata.labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name };
  namespace.spec = { ...namespace.spec, finalizers: namespace.spec?.finalizers ?? ['kubernetes'] };
}

export function defaultSecret(secret: Plain): void {
  setDefault(secret, 'type', 'Opaque');
  const texts = Object.entries((secret['stringData'] ?? {}) as Record<string, string>);
  delete secret['stringData'];
  if (texts.length === 0) return;
  const encoded = texts.map(([key, text]) => [key, Buffer.from(text).toString('base64')] as const);
  secret['data'] = { ...secret['data'], ...Object.fromEntries(encoded) };
}

const NO_NODE_INFO = Object.fromEntries(
  [
    ...['machineID', 'systemUUID', 'bootID', 'kernelVersion', 'osImage', 'containerRuntimeVersion'],
    ...['kubeletVersion', 'kubeProxyVersion', 'operatingSystem', 'architecture'],
  ].map((name) => [name, '']),
);

export function defaultNode(node: Plain): void {
  const status = (node['status'] ??= {}) as Plain;
  if (status['capacity'] && !status['allocatable']) status['allocatable'] = { ...status['capacity'] };
  setDefault(status, 'daemonEndpoints', { kubeletEndpoint: { Port: 0 } });
  setDefault(status, 'nodeInfo', { ...NO_NODE_INFO });
}

export function defaultEvent(event: Plain): void {
  for (const name of ['eventTime', 'firstTimestamp', 'lastTimestamp']) event[name] ??= null;
  event['reportingComponent'] ??= event['source']?.component ?? '';
  event['reportingInstance'] ??= event['source']?.host ?? '';
  setDefault(event, 'source', {});
}

export function defaultNetworkPolicy({ spec }: Plain): void {
  if (!spec) return;
  if (!spec.policyTypes) spec.policyTypes = spec.egress === undefined ? ['Ingress'] : ['Ingress', 'Egress'];
  for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])] as Plain[]) {
    for (const port of (rule['ports'] ?? []) as Plain[]) setDefault(port, 'protocol', 'TCP');
  }
}

export function defaultEndpoints(endpoints: Plain): void {
  for (const subset of (endpoints['subsets'] ?? []) as Plain[]) {
    for (const port of (subset['ports'] ?? []) as Plain[]) setDefault(port, 'protocol', 'TCP');
  }
}

export function defaultEndpointSlice(slice: Plain): void {
  for (const port of (slice['ports'] ?? []) as Plain[]) {
    port['name'] ??= '';
    setDefault(port, 'protocol', 'TCP');
  }
  for (const endpoint of (slice['endpoints'] ?? []) as Plain[]) setDefault(endpoint, 'conditions', {});
}

export function defaultPriorityClass(priority: Plain): void {
  setDefault(priority, 'preemptionPolicy', 'PreemptLowerPriority');
}

export function defaultAutoscaler({ spec }: Plain): void {
  if (spec) setDefault(spec, 'minReplicas', 1);
}

export function defaultClaim({ spec }: Plain): void {
  if (spec) setDefault(spec, 'volumeMode', 'Filesystem');
}

const SERVICE_NETWORK = '10.96';
const FIRST_NODE_PORT = 30_000;
const LAST_NODE_PORT = 32_767;

export function defaultService(service: KubeObject, store: ObjectStore): void {
  const spec = (service.spec ??= {}) as Plain;
  setDefault(spec, 'type', 'ClusterIP');
  setDefault(spec, 'sessionAffinity', 'None');
  for (const port of (spec['ports'] ?? []) as Plain[]) {
    setDefault(port, 'protocol', 'TCP');
    if (!port['targetPort']) port['targetPort'] = port['port'] ?? 0;
  }
  if (spec['type'] === 'ExternalName') return;
  setDefault(spec, 'internalTrafficPolicy', 'Cluster');
  if (!spec['clusterIP']) spec['clusterIP'] = spec['clusterIPs']?.[0] ?? freeClusterAddress(store);
  setDefault(spec, 'clusterIPs', [spec['clusterIP']]);
  setDefault(spec, 'ipFamilies', ['IPv4']);
  setDefault(spec, 'ipFamilyPolicy', 'SingleStack');
  if (spec['type'] !== 'ClusterIP') defaultNodePorts(spec, store);
}

/** The address of a service stays when an update does not mention it. */
export function keepServiceAddress(next: KubeObject, stored: KubeObject): void {
  const spec = (next.spec ??= {}) as Plain;
  if (spec['type'] === 'ExternalName') return;
  for (const key of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy']) {
    if (spec[key] === undefined && stored.spec?.[key] !== undefined) spec[key] = stored.spec[key];
  }
}

function defaultNodePorts(spec: Plain, store: ObjectStore): void {
  setDefault(spec, 'externalTrafficPolicy', 'Cluster');
  if (spec['type'] === 'LoadBalancer') setDefault(spec, 'allocateLoadBalancerNodePorts', true);
  const taken = new Set(
    store
      .list('services')
      .flatMap(({ spec: other }) => ((other?.ports ?? []) as Plain[]).map((port) => port['nodePort'])),
  );
  let next = FIRST_NODE_PORT;
  for (const port of (spec['ports'] ?? []) as Plain[]) {
    while (taken.has(next) && next < LAST_NODE_PORT) next += 1;
    if (!port['nodePort']) port['nodePort'] = next++;
  }
}

function freeClusterAddress(store: ObjectStore): string {
  const taken = new Set(store.list('services').map((each) => each.spec?.clusterIP as string | undefined));
  // The first addresses are those of the API (0.1) and of cluster DNS (0.10) on a real cluster.
  for (let number = 11; number < 65_535; number += 1) {
    const address = `${SERVICE_NETWORK}.${number >> 8}.${number & 255}`;
    if (!taken.has(address)) return address;
  }
  throw new Error('no cluster address is free');
}
