/** Which pods stand behind a Service, and on which ports: shared by Endpoints and EndpointSlices. */
import { matchesSelector, toSelector } from '../labels.ts';
import type { StoreEvent } from '../object-store.ts';
import type { Pod, Service } from '../objects.ts';
import { keyOf, type ControllerContext } from './controller.ts';
import { isFinished, isReady } from './pod-state.ts';

export interface EndpointPort {
  name?: string;
  port: number;
  protocol: string;
  appProtocol?: string;
}

export interface ServicePod {
  pod: Pod;
  address: string;
  ready: boolean;
  terminating: boolean;
  ports: EndpointPort[];
}

/** Whether endpoints of the Service are made here at all: without a selector its owner makes them. */
export function hasSelector(service: Service): boolean {
  return Object.keys(service.spec?.selector ?? {}).length > 0 && service.spec?.type !== 'ExternalName';
}

/** Selected pods with an address that have not ended, by name. */
export function podsBehind({ index }: ControllerContext, service: Service): ServicePod[] {
  const selector = toSelector(service.spec?.selector ?? {});
  const found: ServicePod[] = [];
  const samePorts = hasNamedTarget(service) ? undefined : portsFor(service, undefined);
  for (const pod of index.inNamespace('pods', service.metadata.namespace)) {
    const address = pod.status?.podIP;
    if (!address || isFinished(pod) || !matchesSelector(selector, pod.metadata.labels)) continue;
    found.push({
      pod,
      address,
      ready: isReady(pod),
      terminating: pod.metadata.deletionTimestamp !== undefined,
      ports: samePorts ?? portsFor(service, pod),
    });
  }
  return found.sort((a, b) => (a.pod.metadata.name < b.pod.metadata.name ? -1 : 1));
}

/** Whether a port goes by a name, which each pod may give to another number. */
function hasNamedTarget({ spec }: Service): boolean {
  return (spec?.ports ?? []).some(({ targetPort: target }) => typeof target === 'string');
}

function portsFor({ spec }: Service, pod: Pod | undefined): EndpointPort[] {
  const ports: EndpointPort[] = [];
  for (const each of spec?.ports ?? []) {
    const { protocol = 'TCP' } = each;
    const port = targetPort(each.targetPort ?? each.port, protocol, pod);
    if (port === undefined) continue;
    ports.push({
      ...(each.name ? { name: each.name } : {}),
      port,
      protocol,
      ...(each.appProtocol ? { appProtocol: each.appProtocol } : {}),
    });
  }
  return ports;
}

/** A number, or the name of a port that one of the pod's containers declares. */
function targetPort(target: number | string | undefined, protocol: string, pod: Pod | undefined): number | undefined {
  if (typeof target === 'number') return target;
  if (!pod) return undefined;
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  return [...containers, ...initContainers]
    .flatMap(({ ports = [] }) => ports)
    .find((port) => port.name === target && (port.protocol ?? 'TCP') === protocol)?.containerPort;
}

/** Keys of Services that a change of a Service or a pod concerns. */
export function* concernedServices({ index }: ControllerContext, event: StoreEvent): Iterable<string> {
  if (event.resource === 'services') yield keyOf(event.object);
  if (event.resource !== 'pods') return;
  for (const service of index.inNamespace('services', event.object.metadata.namespace)) {
    if (!hasSelector(service)) continue;
    const selector = toSelector(service.spec?.selector ?? {});
    const concerned = [event.object, event.previous].some(
      (pod) => pod !== undefined && matchesSelector(selector, pod.metadata.labels),
    );
    if (concerned) yield keyOf(service);
  }
}

/** How endpoints refer to a pod. */
export function targetRef(pod: Pod) {
  const { name, namespace, uid } = pod.metadata;
  return { kind: 'Pod', name, namespace, uid };
}

/** Pods grouped by the ports they serve. */
export function groupByPorts(pods: readonly ServicePod[]): Map<string, ServicePod[]> {
  const groups = new Map<string, ServicePod[]>();
  const keys = new Map<EndpointPort[], string>();
  for (const each of pods) {
    const key = keys.get(each.ports) ?? JSON.stringify(each.ports);
    keys.set(each.ports, key);
    const group = groups.get(key);
    if (group) group.push(each);
    else groups.set(key, [each]);
  }
  return groups;
}
