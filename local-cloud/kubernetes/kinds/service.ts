/** Services: they get an address of the cluster, and ports of the nodes where the type has them. */
import type { KubeObject, ObjectStore, Plain } from '../object.ts';
import type { FieldError } from '../api-error.ts';
import { defineKind } from './kind.ts';
import { at, printLabels, created } from './cells.ts';
import { setDefault } from './set-default.ts';
import { invalidValue, required, unsupported, duplicate } from './field-error.ts';
import { serviceNameProblem, validateLabels } from './metadata-rules.ts';

export const service = defineKind({
  kind: 'Service',
  resource: 'services',
  shortNames: ['svc'],
  categories: ['all'],
  subresources: ['status'],
  answersDeleted: true,
  firstStatus: { loadBalancer: {} },
  nameProblem: serviceNameProblem,
  defaults: defaultService,
  keep: keepServiceAddress,
  rules: validateService,
  updateRules: validateServiceUpdate,
  columns: 'Name|Type|Cluster-IP|External-IP|Port(s)|Age|Selector+',
  row: serviceRow,
  selectable: { 'spec.clusterIP': ({ spec }) => spec?.clusterIP, 'spec.type': ({ spec }) => spec?.type },
});

const SERVICE_NETWORK = '10.96';
const FIRST_NODE_PORT = 30_000;
const LAST_NODE_PORT = 32_767;
const SERVICE_TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];

function defaultService(service: KubeObject, store: ObjectStore): void {
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
function keepServiceAddress(next: KubeObject, stored: KubeObject): void {
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

function validateService(service: Plain): FieldError[] {
  const spec = (service['spec'] ?? {}) as Plain;
  const { type, clusterIP, externalName, selector, ports = [] } = spec;
  const isHeadless = clusterIP === 'None' || type === 'ExternalName';
  const errors =
    (ports as Plain[]).length === 0 && !isHeadless ? [required('spec.ports')] : validateServicePorts(ports as Plain[]);
  if (!SERVICE_TYPES.includes(type as string)) errors.push(unsupported('spec.type', type, SERVICE_TYPES));
  if (type === 'ExternalName' && !externalName) errors.push(required('spec.externalName'));
  return [...errors, ...validateLabels(selector as Record<string, string> | undefined, 'spec.selector')];
}

function validateServicePorts(ports: Plain[]): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const at = `spec.ports[${index}]`;
    const name = String(port['name'] ?? '');
    if (name === '' && ports.length > 1) errors.push(required(`${at}.name`));
    if (name !== '' && names.has(name)) errors.push(duplicate(`${at}.name`, name));
    names.add(name);
    for (const key of ['port', 'targetPort']) {
      const number = (port[key] ?? 0) as number | string;
      const isBad = typeof number === 'number' && !(number >= 1 && number <= 65_535);
      if (isBad) errors.push(invalidValue(`${at}.${key}`, number, 'must be between 1 and 65535, inclusive'));
    }
  }
  return errors;
}

function validateServiceUpdate(next: Plain, stored: Plain): FieldError[] {
  const [address, old] = [
    next['spec']?.clusterIP as string | undefined,
    stored['spec']?.clusterIP as string | undefined,
  ];
  if (!old || address === old || next['spec']?.type === 'ExternalName' || stored['spec']?.type === 'ExternalName')
    return [];
  return [invalidValue('spec.clusterIPs[0]', next['spec']?.clusterIPs ?? address, 'may not change once set')];
}

function serviceRow(service: KubeObject, nowMs: number): unknown[] {
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
}

function externalAddress(service: KubeObject): string {
  const given = at(service, 'spec.externalIPs', []) as string[];
  const type = at(service, 'spec.type') as string;
  if (type === 'ExternalName') return at(service, 'spec.externalName') as string;
  if (type !== 'LoadBalancer') return given.join(',') || '<none>';
  const ingress = at(service, 'status.loadBalancer.ingress', []) as Plain[];
  return [...ingress.map((each) => String(each['ip'] ?? each['hostname'])), ...given].join(',') || '<pending>';
}
