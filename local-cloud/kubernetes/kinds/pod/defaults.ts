/**
 * Defaults of pod specs, alone and in templates, and what admission adds to a pod
 * itself. Changes its argument in place.
 */
import type { Container, HttpGet, Pod, PodSpec, Probe, Toleration, Variable, Volume } from '../../objects.ts';
import { setDefault } from '../set-default.ts';

const DEFAULT_MODE = 0o644;

/** Defaults that a pod and a template share. */
export function defaultPodSpec(spec: PodSpec): void {
  setDefault(spec, 'restartPolicy', 'Always');
  setDefault(spec, 'dnsPolicy', 'ClusterFirst');
  setDefault(spec, 'schedulerName', 'default-scheduler');
  setDefault(spec, 'terminationGracePeriodSeconds', 30);
  setDefault(spec, 'securityContext', {});
  if (spec.serviceAccountName && !spec.serviceAccount) spec.serviceAccount = spec.serviceAccountName;
  if (spec.serviceAccount && !spec.serviceAccountName) spec.serviceAccountName = spec.serviceAccount;
  for (const container of containersOf(spec)) defaultContainer(container);
  for (const volume of spec.volumes ?? []) defaultVolume(volume);
}

/** Containers and init containers. */
export function containersOf(spec: PodSpec): Container[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
}

function defaultContainer(container: Container): void {
  setDefault(container, 'imagePullPolicy', pullPolicyFor(container.image ?? ''));
  setDefault(container, 'terminationMessagePath', '/dev/termination-log');
  setDefault(container, 'terminationMessagePolicy', 'File');
  const resources = (container.resources ??= {});
  if (resources.limits) resources.requests = { ...resources.limits, ...resources.requests };
  for (const port of container.ports ?? []) setDefault(port, 'protocol', 'TCP');
  defaultEnvironment(container.env ?? []);
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) defaultProbe(container[name]);
  for (const hook of ['postStart', 'preStop'] as const) defaultHttpGet(container.lifecycle?.[hook]?.httpGet);
}

function defaultEnvironment(variables: Variable[]): void {
  for (const variable of variables) {
    const fieldRef = variable.valueFrom?.fieldRef;
    if (fieldRef) setDefault(fieldRef, 'apiVersion', 'v1');
  }
}

/** An image that may change under its name is always pulled. */
function pullPolicyFor(image: string): 'Always' | 'IfNotPresent' {
  if (image.includes('@')) return 'IfNotPresent';
  const tag = /:([^:/]+)$/.exec(image)?.[1];
  return tag === undefined || tag === 'latest' ? 'Always' : 'IfNotPresent';
}

function defaultProbe(probe: Probe | undefined): void {
  if (!probe) return;
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  defaultHttpGet(probe.httpGet);
  if (probe.grpc) setDefault(probe.grpc, 'service', '');
}

function defaultHttpGet(httpGet: HttpGet | undefined): void {
  if (!httpGet) return;
  setDefault(httpGet, 'path', '/');
  setDefault(httpGet, 'scheme', 'HTTP');
}

function defaultVolume(volume: Volume): void {
  if (Object.keys(volume).length <= 1) volume.emptyDir = {};
  for (const source of [volume.secret, volume.configMap, volume.downwardAPI, volume.projected])
    if (source) setDefault(source, 'defaultMode', DEFAULT_MODE);
  const sources = volume.projected?.sources ?? [];
  for (const { serviceAccountToken: token } of sources) if (token) setDefault(token, 'expirationSeconds', 3600);
  for (const { downwardAPI } of [volume, ...sources]) {
    for (const { fieldRef } of downwardAPI?.items ?? []) if (fieldRef) setDefault(fieldRef, 'apiVersion', 'v1');
  }
}

/** What only a pod gets, not a template: account, priority, tolerations of short failures, first status. */
export function admitPod(pod: Pod, spec: PodSpec, priorityOf: (className: string) => number | undefined): void {
  setDefault(spec, 'serviceAccountName', 'default');
  setDefault(spec, 'serviceAccount', spec.serviceAccountName ?? 'default');
  setDefault(spec, 'enableServiceLinks', true);
  spec.priority = (spec.priorityClassName ? priorityOf(spec.priorityClassName) : undefined) ?? spec.priority ?? 0;
  setDefault(spec, 'preemptionPolicy', 'PreemptLowerPriority');
  spec.tolerations = withFailureTolerations(spec.tolerations ?? []);
  pod.status = { phase: 'Pending', qosClass: qosClass(spec) };
}

const FAILURE_TAINTS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

function withFailureTolerations(tolerations: Toleration[]): Toleration[] {
  const isTolerated = (taint: string): boolean =>
    tolerations.some(({ key, effect }) => (!key || key === taint) && (!effect || effect === 'NoExecute'));
  const added = FAILURE_TAINTS.filter((taint) => !isTolerated(taint));
  return [
    ...tolerations,
    ...added.map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 })),
  ];
}

type Amounts = Record<string, string> | undefined;

/** Guaranteed: every container limits cpu and memory and requests no less; BestEffort: none says anything. */
function qosClass(spec: PodSpec): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const resources = containersOf(spec).map((container) => container.resources ?? {});
  const counted = (list: Amounts = {}): string[] =>
    Object.keys(list).filter((name) => name === 'cpu' || name === 'memory');
  if (resources.every(({ limits, requests }) => counted(limits).length + counted(requests).length === 0))
    return 'BestEffort';
  const isFixed = ({ limits = {}, requests = {} }: { limits?: Amounts; requests?: Amounts }): boolean =>
    ['cpu', 'memory'].every((name) => limits[name] !== undefined && (requests[name] ?? limits[name]) === limits[name]);
  return resources.every(isFixed) ? 'Guaranteed' : 'Burstable';
}
