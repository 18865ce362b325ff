/** Rows of services, events, configuration and the other small kinds. Pure. */
import type { KubeObject } from '../object.ts';
import { age, at, limited, printLabels, printSelector } from './tables-format.ts';

type Plain = Record<string, any>;
type Row = (object: KubeObject, nowMs: number) => unknown[];

const created = ({ metadata }: KubeObject, nowMs: number): string => age(metadata.creationTimestamp, nowMs);
const size = (value: unknown): number => Object.keys((value ?? {}) as object).length;

export const defaultRow: Row = (object, nowMs) => [object.metadata.name, created(object, nowMs)];
export const configMapRow: Row = (map, nowMs) => [
  map.metadata.name,
  size(map['data']) + size(map['binaryData']),
  created(map, nowMs),
];
export const secretRow: Row = (secret, nowMs) => [
  secret.metadata.name,
  secret['type'],
  size(secret['data']),
  created(secret, nowMs),
];
export const namespaceRow: Row = (namespace, nowMs) => [
  namespace.metadata.name,
  namespace.status?.phase ?? '',
  created(namespace, nowMs),
];
export const accountRow: Row = (account, nowMs) => [
  account.metadata.name,
  size(account['secrets']),
  created(account, nowMs),
];
export const leaseRow: Row = (lease, nowMs) => [
  lease.metadata.name,
  lease.spec?.holderIdentity ?? '',
  created(lease, nowMs),
];
export const roleRow: Row = (role) => [role.metadata.name, role.metadata.creationTimestamp];
export const networkPolicyRow: Row = (policy, nowMs) => [
  policy.metadata.name,
  printSelector(policy.spec?.podSelector),
  created(policy, nowMs),
];

export const priorityClassRow: Row = (priority, nowMs) => [
  priority.metadata.name,
  priority['value'] ?? 0,
  priority['globalDefault'] ?? false,
  created(priority, nowMs),
  priority['preemptionPolicy'] ?? '',
];

export const bindingRow: Row = (binding, nowMs) => {
  const subjects = (binding['subjects'] ?? []) as Plain[];
  const named = (kind: string): string =>
    subjects
      .filter((each) => each['kind'] === kind)
      .map((each) => String(each['name']))
      .join(', ');
  const accounts = subjects
    .filter((each) => each['kind'] === 'ServiceAccount')
    .map((each) => `${each['namespace']}/${each['name']}`);
  const role = `${binding['roleRef']?.kind}/${binding['roleRef']?.name}`;
  return [binding.metadata.name, role, created(binding, nowMs), named('User'), named('Group'), accounts.join(', ')];
};

export const claimRow: Row = (claim, nowMs) => [
  claim.metadata.name,
  at(claim, 'status.phase'),
  at(claim, 'spec.volumeName'),
  at(claim, 'status.capacity.storage'),
  (at(claim, 'status.accessModes', []) as string[]).join(','),
  at(claim, 'spec.storageClassName'),
  at(claim, 'spec.volumeAttributesClassName', '<unset>'),
  created(claim, nowMs),
  at(claim, 'spec.volumeMode', '<unset>'),
];

export const serviceRow: Row = (service, nowMs) => {
  const ports = (at(service, 'spec.ports', []) as Plain[]).map(
    ({ port, nodePort, protocol }) => `${port}${nodePort ? `:${nodePort}` : ''}/${protocol}`,
  );
  return [
    service.metadata.name,
    at(service, 'spec.type'),
    at(service, 'spec.clusterIP', '<none>'),
    externalAddress(service),
    ports.join(',') || '<none>',
    created(service, nowMs),
    printLabels(at(service, 'spec.selector', {}) as Record<string, string>),
  ];
};

function externalAddress(service: KubeObject): string {
  const given = at(service, 'spec.externalIPs', []) as string[];
  const type = at(service, 'spec.type') as string;
  if (type === 'ExternalName') return at(service, 'spec.externalName') as string;
  if (type !== 'LoadBalancer') return given.join(',') || '<none>';
  const ingress = at(service, 'status.loadBalancer.ingress', []) as Plain[];
  return [...ingress.map((each) => String(each['ip'] ?? each['hostname'])), ...given].join(',') || '<pending>';
}

export const endpointsRow: Row = (endpoints, nowMs) => {
  const targets = ((endpoints['subsets'] ?? []) as Plain[]).flatMap((subset) => {
    const ports = (subset['ports'] ?? []) as Plain[];
    const addresses = ((subset['addresses'] ?? []) as Plain[]).map((each) => String(each['ip']));
    if (ports.length === 0) return addresses;
    return ports.flatMap((port) => addresses.map((address) => `${address}:${port['port']}`));
  });
  return [endpoints.metadata.name, limited(targets), created(endpoints, nowMs)];
};

export const endpointSliceRow: Row = (slice, nowMs) => {
  const ports = ((slice['ports'] ?? []) as Plain[]).map((port) => String(port['port'] ?? '*'));
  const addresses = ((slice['endpoints'] ?? []) as Plain[]).flatMap((each) => (each['addresses'] ?? []) as string[]);
  const shown = ports.length === 0 ? '<unset>' : limited(ports);
  return [
    slice.metadata.name,
    slice['addressType'],
    shown,
    addresses.length === 0 ? '<unset>' : limited(addresses),
    created(slice, nowMs),
  ];
};

export const eventRow: Row = (event, nowMs) => {
  const source = [at(event, 'source.component'), at(event, 'source.host')].filter((part) => part !== '').join(', ');
  const first = at(event, 'firstTimestamp', event['eventTime']) as string | null;
  const last = at(event, 'series.lastObservedTime', at(event, 'lastTimestamp', first)) as string | null;
  return [
    age(last, nowMs),
    at(event, 'type'),
    at(event, 'reason'),
    `${String(at(event, 'involvedObject.kind')).toLowerCase()}/${at(event, 'involvedObject.name')}`,
    at(event, 'involvedObject.fieldPath'),
    source || at(event, 'reportingComponent'),
    String(at(event, 'message')).trim(),
    age(first, nowMs),
    at(event, 'series.count', at(event, 'count', 1)),
    event.metadata.name,
  ];
};
