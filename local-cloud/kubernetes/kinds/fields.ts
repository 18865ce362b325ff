/** Field selectors (`--field-selector`): which fields each kind offers, and whether an object matches. Pure. */
import { badRequest } from '../api-error.ts';
import type { ResourceType } from './resources.ts';
import type { KubeObject } from '../object.ts';

type Getter = (object: KubeObject) => unknown;

const perKind: Record<string, Record<string, Getter>> = {
  pods: {
    'spec.nodeName': (pod) => pod.spec?.nodeName,
    'spec.restartPolicy': (pod) => pod.spec?.restartPolicy,
    'spec.schedulerName': (pod) => pod.spec?.schedulerName,
    'spec.serviceAccountName': (pod) => pod.spec?.serviceAccountName,
    'spec.hostNetwork': (pod) => pod.spec?.hostNetwork ?? false,
    'status.phase': (pod) => pod.status?.phase,
    'status.podIP': (pod) => pod.status?.podIP,
    'status.nominatedNodeName': (pod) => pod.status?.nominatedNodeName,
  },
  nodes: { 'spec.unschedulable': (node) => node.spec?.unschedulable ?? false },
  namespaces: { 'status.phase': (namespace) => namespace.status?.phase },
  secrets: { type: (secret) => secret['type'] },
  services: { 'spec.clusterIP': (service) => service.spec?.clusterIP, 'spec.type': (service) => service.spec?.type },
  jobs: { 'status.successful': (job) => job.status?.succeeded ?? 0 },
  replicasets: { 'status.replicas': (set) => set.status?.replicas ?? 0 },
  replicationcontrollers: { 'status.replicas': (controller) => controller.status?.replicas ?? 0 },
  events: {
    'involvedObject.kind': (event) => event['involvedObject']?.kind,
    'involvedObject.namespace': (event) => event['involvedObject']?.namespace,
    'involvedObject.name': (event) => event['involvedObject']?.name,
    'involvedObject.uid': (event) => event['involvedObject']?.uid,
    'involvedObject.apiVersion': (event) => event['involvedObject']?.apiVersion,
    'involvedObject.resourceVersion': (event) => event['involvedObject']?.resourceVersion,
    'involvedObject.fieldPath': (event) => event['involvedObject']?.fieldPath,
    reason: (event) => event['reason'],
    reportingComponent: (event) => event['reportingComponent'] || event['source']?.component,
    source: (event) => event['source']?.component || event['reportingComponent'],
    type: (event) => event['type'],
  },
};
perKind['events'] = { ...perKind['events'], ...renamed(perKind['events'] ?? {}) };

/** The events.k8s.io names of the same fields. */
function renamed(getters: Record<string, Getter>): Record<string, Getter> {
  return Object.fromEntries(
    Object.entries(getters).map(([name, get]) => [name.replace('involvedObject', 'regarding'), get]),
  );
}

const common: Record<string, Getter> = {
  'metadata.name': (object) => object.metadata.name,
  'metadata.namespace': (object) => object.metadata.namespace,
};

/** A predicate for `a=b,c!=d`; undefined when there is nothing to select. Throws 400 for a field that the kind does not offer. */
export function fieldMatcher(type: ResourceType, text: string | null): ((object: KubeObject) => boolean) | undefined {
  if (text === null || text.trim() === '') return undefined;
  const terms = text
    .split(',')
    .filter((term) => term.trim() !== '')
    .map((term) => parseTerm(type, term.trim()));
  return (object) => terms.every(({ get, value, negated }) => (String(get(object) ?? '') === value) !== negated);
}

function parseTerm(type: ResourceType, term: string): { get: Getter; value: string; negated: boolean } {
  const match = /^([^!=]+)(!=|==|=)(.*)$/.exec(term);
  if (!match) throw badRequest(`invalid selector: '${term}'; can't understand '${term}'`);
  const field = match[1] ?? '';
  const get = common[field] ?? perKind[type.resource]?.[field];
  if (!get) {
    const known = Object.keys({ ...common, ...perKind[type.resource] }).map((name) => JSON.stringify(name));
    throw badRequest(`${JSON.stringify(field)} is not a known field selector: only ${known.join(', ')}`);
  }
  return { get, value: match[3] ?? '', negated: match[2] === '!=' };
}
