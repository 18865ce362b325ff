/**
 * Defaults of pod specs, alone and in templates, and what admission adds to a pod
 * itself. Changes its argument in place.
 */
import type { Plain } from '../../object.ts';
import { setDefault } from '../set-default.ts';

const DEFAULT_MODE = 0o644;

/** Defaults that a pod and a template share. */
export function defaultPodSpec(spec: Plain): void {
  setDefault(spec, 'restartPolicy', 'Always');
  setDefault(spec, 'dnsPolicy', 'ClusterFirst');
  setDefault(spec, 'schedulerName', 'default-scheduler');
  setDefault(spec, 'terminationGracePeriodSeconds', 30);
  setDefault(spec, 'securityContext', {});
  if (spec['serviceAccountName'] && !spec['serviceAccount']) spec['serviceAccount'] = spec['serviceAccountName'];
  if (spec['serviceAccount'] && !spec['serviceAccountName']) spec['serviceAccountName'] = spec['serviceAccount'];
  for (const container of containersOf(spec)) defaultContainer(container);
  for (const volume of (spec['volumes'] ?? []) as Plain[]) defaultVolume(volume);
}

/** Containers and init containers. */
export function containersOf(spec: Plain): Plain[] {
  return [...((spec['initContainers'] ?? []) as Plain[]), ...((spec['containers'] ?? []) as Plain[])];
}

function defaultContainer(container: Plain): void {
  setDefault(container, 'imagePullPolicy', pullPolicyFor(String(container['image'] ?? '')));
  setDefault(container, 'terminationMessagePath', '/dev/termination-log');
  setDefault(container, 'terminationMessagePolicy', 'File');
  setDefault(container, 'resources', {});
  const resources = container['resources'] as { limits?: Plain; requests?: Plain };
  if (resources.limits) resources.requests = { ...resources.limits, ...resources.requests };
  for (const port of (container['ports'] ?? []) as Plain[]) setDefault(port, 'protocol', 'TCP');
  defaultEnvironment((container['env'] ?? []) as Plain[]);
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe'])
    defaultProbe(container[name] as Plain | undefined);
  const hooks = (container['lifecycle'] ?? {}) as Plain;
  for (const hook of ['postStart', 'preStop']) defaultHttpGet(hooks[hook]?.httpGet as Plain | undefined);
}

function defaultEnvironment(variables: Plain[]): void {
  for (const variable of variables) {
    const fieldRef = variable['valueFrom']?.fieldRef as Plain | undefined;
    if (fieldRef) setDefault(fieldRef, 'apiVersion', 'v1');
  }
}

/** An image that may change under its name is always pulled. */
function pullPolicyFor(image: string): 'Always' | 'IfNotPresent' {
  if (image.includes('@')) return 'IfNotPresent';
  const tag = /:([^:/]+)$/.exec(image)?.[1];
  return tag === undefined || tag === 'latest' ? 'Always' : 'IfNotPresent';
}

function defaultProbe(probe: Plain | undefined): void {
  if (!probe) return;
  const defaults = { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 };
  for (const [key, value] of Object.entries(defaults)) if (!probe[key]) probe[key] = value;
  defaultHttpGet(probe['httpGet'] as Plain | undefined);
  if (probe['grpc']) setDefault(probe['grpc'] as Plain, 'service', '');
}

function defaultHttpGet(httpGet: Plain | undefined): void {
  if (!httpGet) return;
  setDefault(httpGet, 'path', '/');
  setDefault(httpGet, 'scheme', 'HTTP');
}

function defaultVolume(volume: Plain): void {
  if (Object.keys(volume).length <= 1) volume['emptyDir'] = {};
  for (const source of ['secret', 'configMap', 'downwardAPI', 'projected']) {
    if (volume[source]) setDefault(volume[source] as Plain, 'defaultMode', DEFAULT_MODE);
  }
  const items = [...(volume['downwardAPI']?.items ?? []), ...projectedItems(volume)] as Plain[];
  for (const item of items) if (item['fieldRef']) setDefault(item['fieldRef'] as Plain, 'apiVersion', 'v1');
}

function projectedItems(volume: Plain): Plain[] {
  const sources = (volume['projected']?.sources ?? []) as Plain[];
  for (const { serviceAccountToken: token } of sources)
    if (token) setDefault(token as Plain, 'expirationSeconds', 3600);
  return sources.flatMap((source) => (source['downwardAPI']?.items ?? []) as Plain[]);
}

/** What only a pod gets, not a template: account, priority, tolerations of short failures, first status. */
export function admitPod(pod: Plain, priorityOf: (className: string) => number | undefined): void {
  const spec = pod['spec'] as Plain;
  setDefault(spec, 'serviceAccountName', 'default');
  setDefault(spec, 'serviceAccount', spec['serviceAccountName']);
  setDefault(spec, 'enableServiceLinks', true);
  spec['priority'] =
    (spec['priorityClassName'] ? priorityOf(String(spec['priorityClassName'])) : undefined) ?? spec['priority'] ?? 0;
  setDefault(spec, 'preemptionPolicy', 'PreemptLowerPriority');
  spec['tolerations'] = withFailureTolerations((spec['tolerations'] ?? []) as Plain[]);
  pod['status'] = { phase: 'Pending', qosClass: qosClass(spec) };
}

const FAILURE_TAINTS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

function withFailureTolerations(tolerations: Plain[]): Plain[] {
  const isTolerated = (taint: string): boolean =>
    tolerations.some(
      (each) => (!each['key'] || each['key'] === taint) && (!each['effect'] || each['effect'] === 'NoExecute'),
    );
  const added = FAILURE_TAINTS.filter((taint) => !isTolerated(taint));
  return [
    ...tolerations,
    ...added.map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 })),
  ];
}

/** Guaranteed: every container limits cpu and memory and requests no less; BestEffort: none says anything. */
export function qosClass(spec: Plain): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const resources = containersOf(spec).map(
    (container) => (container['resources'] ?? {}) as { limits?: Plain; requests?: Plain },
  );
  const counted = (list: Plain = {}): string[] =>
    Object.keys(list).filter((name) => name === 'cpu' || name === 'memory');
  if (resources.every(({ limits, requests }) => counted(limits).length + counted(requests).length === 0))
    return 'BestEffort';
  const isFixed = ({ limits = {}, requests = {} }: { limits?: Plain; requests?: Plain }): boolean =>
    ['cpu', 'memory'].every((name) => limits[name] !== undefined && (requests[name] ?? limits[name]) === limits[name]);
  return resources.every(isFixed) ? 'Guaranteed' : 'Burstable';
}
