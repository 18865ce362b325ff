/** Services: they get an address of the cluster, and ports of the nodes where the type has them. */
import type { V1Service } from '@kubernetes/client-node';
import type { ObjectStore } from '../object-store.ts';
import type { ObjectOf, Service, ServiceSpec } from '../objects.ts';
import type { FieldError } from '../api-error.ts';
import { defineKind } from './kind.ts';
import { printLabels, created } from './cells.ts';
import { setDefault } from './set-default.ts';
import { invalidValue, required, unsupported, duplicate } from './field-error.ts';
import { serviceNameProblem, validateLabels } from './metadata-rules.ts';

declare module '../objects.ts' {
  interface Objects {
    services: ObjectOf<V1Service>;
  }
}

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
  fields: `
ClientIPConfig
  timeoutSeconds*#1:int
LoadBalancerIngress
  hostname#2:string ip#1:string ipMode*#3:string ports#4:[PortStatus|atomic]
LoadBalancerStatus
  ingress#1:[LoadBalancerIngress|atomic]
PortStatus
  error*#3:string port!#1:int protocol!#2:string
Service
  apiVersion:string kind:string metadata#1:meta/ObjectMeta spec#2:ServiceSpec status#3:ServiceStatus
ServicePort
  appProtocol*#6:string name#1:string nodePort#5:int port!#3:int protocol#2:string targetPort#4:intstr
ServiceSpec
  allocateLoadBalancerNodePorts*#20:bool clusterIP#3:string clusterIPs#18:[string|atomic]
  externalIPs#5:[string|atomic] externalName#10:string externalTrafficPolicy#11:string healthCheckNodePort#12:int
  internalTrafficPolicy*#22:string ipFamilies#19:[string|atomic] ipFamilyPolicy*#17:string
  loadBalancerClass*#21:string loadBalancerIP#8:string loadBalancerSourceRanges#9:[string|atomic]
  ports#1:[ServicePort|map=port+protocol|merge=port] publishNotReadyAddresses#13:bool selector#2:{string|atomic}
  sessionAffinity#7:string sessionAffinityConfig#14:SessionAffinityConfig trafficDistribution*#23:string type#4:string
ServiceStatus
  conditions#2:[meta/Condition|map=type|merge=type] loadBalancer#1:LoadBalancerStatus
SessionAffinityConfig
  clientIP#1:ClientIPConfig`,
});

const SERVICE_NETWORK = '10.96';
const FIRST_NODE_PORT = 30_000;
const LAST_NODE_PORT = 32_767;
const SERVICE_TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];

function defaultService(service: Service, store: ObjectStore): void {
  const spec = (service.spec ??= {});
  setDefault(spec, 'type', 'ClusterIP');
  setDefault(spec, 'sessionAffinity', 'None');
  for (const port of spec.ports ?? []) {
    setDefault(port, 'protocol', 'TCP');
    if (!port.targetPort) port.targetPort = port.port ?? 0;
  }
  if (spec.type === 'ExternalName') return;
  setDefault(spec, 'internalTrafficPolicy', 'Cluster');
  if (!spec.clusterIP) spec.clusterIP = spec.clusterIPs?.[0] ?? freeClusterAddress(store);
  setDefault(spec, 'clusterIPs', [spec.clusterIP]);
  setDefault(spec, 'ipFamilies', ['IPv4']);
  setDefault(spec, 'ipFamilyPolicy', 'SingleStack');
  if (spec.type !== 'ClusterIP') defaultNodePorts(spec, store);
}

/** The address of a service stays when an update does not mention it. */
function keepServiceAddress(next: Service, stored: Service): void {
  const spec = (next.spec ??= {});
  if (spec.type === 'ExternalName') return;
  for (const key of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const) keep(spec, key, stored.spec);
}

function keep<Key extends keyof ServiceSpec>(spec: ServiceSpec, key: Key, stored: ServiceSpec | undefined): void {
  if (spec[key] === undefined && stored?.[key] !== undefined) spec[key] = stored[key];
}

function defaultNodePorts(spec: ServiceSpec, store: ObjectStore): void {
  setDefault(spec, 'externalTrafficPolicy', 'Cluster');
  if (spec.type === 'LoadBalancer') setDefault(spec, 'allocateLoadBalancerNodePorts', true);
  const services: Service[] = store.list('services');
  const taken = new Set(services.flatMap((other) => (other.spec?.ports ?? []).map((port) => port.nodePort)));
  let next = FIRST_NODE_PORT;
  for (const port of spec.ports ?? []) {
    while (taken.has(next) && next < LAST_NODE_PORT) next += 1;
    if (!port.nodePort) port.nodePort = next++;
  }
}

function freeClusterAddress(store: ObjectStore): string {
  const services: Service[] = store.list('services');
  const taken = new Set(services.map((each) => each.spec?.clusterIP));
  // The first addresses are those of the API (0.1) and of cluster DNS (0.10) on a real cluster.
  for (let number = 11; number < 65_535; number += 1) {
    const address = `${SERVICE_NETWORK}.${number >> 8}.${number & 255}`;
    if (!taken.has(address)) return address;
  }
  throw new Error('no cluster address is free');
}

function validateService({ spec = {} }: Service): FieldError[] {
  const { type = '', clusterIP, externalName, selector, ports = [] } = spec;
  const isHeadless = clusterIP === 'None' || type === 'ExternalName';
  const errors = ports.length === 0 && !isHeadless ? [required('spec.ports')] : validateServicePorts(ports);
  if (!SERVICE_TYPES.includes(type)) errors.push(unsupported('spec.type', spec.type, SERVICE_TYPES));
  if (type === 'ExternalName' && !externalName) errors.push(required('spec.externalName'));
  return [...errors, ...validateLabels(selector, 'spec.selector')];
}

function validateServicePorts(ports: NonNullable<ServiceSpec['ports']>): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const at = `spec.ports[${index}]`;
    const name = port.name ?? '';
    if (name === '' && ports.length > 1) errors.push(required(`${at}.name`));
    if (name !== '' && names.has(name)) errors.push(duplicate(`${at}.name`, name));
    names.add(name);
    for (const key of ['port', 'targetPort'] as const) {
      const number = port[key] ?? 0;
      const isBad = typeof number === 'number' && !(number >= 1 && number <= 65_535);
      if (isBad) errors.push(invalidValue(`${at}.${key}`, number, 'must be between 1 and 65535, inclusive'));
    }
  }
  return errors;
}

function validateServiceUpdate({ spec: next }: Service, { spec: stored }: Service): FieldError[] {
  const isSame = !stored?.clusterIP || next?.clusterIP === stored.clusterIP;
  if (isSame || next?.type === 'ExternalName' || stored.type === 'ExternalName') return [];
  return [invalidValue('spec.clusterIPs[0]', next?.clusterIPs ?? next?.clusterIP, 'may not change once set')];
}

function serviceRow(service: Service, nowMs: number): unknown[] {
  const { spec = {} } = service;
  const ports = (spec.ports ?? []).map(
    ({ port, nodePort, protocol }) => `${port}${nodePort ? `:${nodePort}` : ''}/${protocol}`,
  );
  return [
    service.metadata.name,
    spec.type ?? '',
    spec.clusterIP || '<none>',
    externalAddress(service),
    ports.join(',') || '<none>',
    created(service, nowMs),
    printLabels(spec.selector),
  ];
}

function externalAddress({ spec = {}, status }: Service): string {
  const given = spec.externalIPs ?? [];
  if (spec.type === 'ExternalName') return spec.externalName ?? '';
  if (spec.type !== 'LoadBalancer') return given.join(',') || '<none>';
  const ingress = status?.loadBalancer?.ingress ?? [];
  return [...ingress.map((each) => String(each.ip ?? each.hostname)), ...given].join(',') || '<pending>';
}
