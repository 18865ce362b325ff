/**
 * Every resource type that the embedded Kubernetes API serves. Discovery, routing, the store and the tables all read this list;
 * a type that is not here answers 404, as on a server without it.
 */

export interface ResourceType {
  group: string;
  version: string;
  /** Plural name as it appears in paths; unique over all groups here except `events`, which is one store under two groups. */
  resource: string;
  kind: string;
  singular: string;
  namespaced: boolean;
  shortNames: string[];
  categories: string[];
  subresources: string[];
  /** False for types that only answer a POST (reviews): nothing is stored. */
  stored: boolean;
}

type Extra = Partial<Pick<ResourceType, 'shortNames' | 'categories' | 'subresources' | 'stored' | 'namespaced'>>;

function type(group: string, version: string, resource: string, kind: string, extra: Extra = {}): ResourceType {
  return {
    group,
    version,
    resource,
    kind,
    singular: kind.toLowerCase(),
    namespaced: true,
    shortNames: [],
    categories: [],
    subresources: [],
    stored: true,
    ...extra,
  };
}

const ALL = ['all'];
const cluster = { namespaced: false };
const review = { namespaced: false, stored: false };
const RBAC = 'rbac.authorization.k8s.io';

export const resourceTypes: readonly ResourceType[] = [
  type('', 'v1', 'namespaces', 'Namespace', { ...cluster, shortNames: ['ns'], subresources: ['status', 'finalize'] }),
  type('', 'v1', 'nodes', 'Node', { ...cluster, shortNames: ['no'], subresources: ['status'] }),
  type('', 'v1', 'pods', 'Pod', {
    shortNames: ['po'],
    categories: ALL,
    subresources: ['status', 'log', 'binding', 'eviction'],
  }),
  type('', 'v1', 'services', 'Service', { shortNames: ['svc'], categories: ALL, subresources: ['status'] }),
  type('', 'v1', 'endpoints', 'Endpoints', { shortNames: ['ep'] }),
  type('', 'v1', 'configmaps', 'ConfigMap', { shortNames: ['cm'] }),
  type('', 'v1', 'secrets', 'Secret'),
  type('', 'v1', 'serviceaccounts', 'ServiceAccount', { shortNames: ['sa'] }),
  type('', 'v1', 'events', 'Event', { shortNames: ['ev'] }),
  type('', 'v1', 'replicationcontrollers', 'ReplicationController', { shortNames: ['rc'], categories: ALL }),
  type('', 'v1', 'persistentvolumeclaims', 'PersistentVolumeClaim', { shortNames: ['pvc'], subresources: ['status'] }),
  type('', 'v1', 'limitranges', 'LimitRange', { shortNames: ['limits'] }),
  type('', 'v1', 'resourcequotas', 'ResourceQuota', { shortNames: ['quota'], subresources: ['status'] }),
  type('events.k8s.io', 'v1', 'events', 'Event', { shortNames: ['ev'] }),
  type('apps', 'v1', 'deployments', 'Deployment', {
    shortNames: ['deploy'],
    categories: ALL,
    subresources: ['status', 'scale'],
  }),
  type('apps', 'v1', 'replicasets', 'ReplicaSet', {
    shortNames: ['rs'],
    categories: ALL,
    subresources: ['status', 'scale'],
  }),
  type('apps', 'v1', 'statefulsets', 'StatefulSet', {
    shortNames: ['sts'],
    categories: ALL,
    subresources: ['status', 'scale'],
  }),
  type('apps', 'v1', 'daemonsets', 'DaemonSet', { shortNames: ['ds'], categories: ALL, subresources: ['status'] }),
  type('apps', 'v1', 'controllerrevisions', 'ControllerRevision'),
  type('batch', 'v1', 'jobs', 'Job', { categories: ALL, subresources: ['status'] }),
  type('batch', 'v1', 'cronjobs', 'CronJob', { shortNames: ['cj'], categories: ALL, subresources: ['status'] }),
  type('autoscaling', 'v2', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler', {
    shortNames: ['hpa'],
    categories: ALL,
    subresources: ['status'],
  }),
  type('policy', 'v1', 'poddisruptionbudgets', 'PodDisruptionBudget', {
    shortNames: ['pdb'],
    subresources: ['status'],
  }),
  type('networking.k8s.io', 'v1', 'networkpolicies', 'NetworkPolicy', { shortNames: ['netpol'] }),
  type('discovery.k8s.io', 'v1', 'endpointslices', 'EndpointSlice'),
  type('coordination.k8s.io', 'v1', 'leases', 'Lease'),
  type('scheduling.k8s.io', 'v1', 'priorityclasses', 'PriorityClass', { ...cluster, shortNames: ['pc'] }),
  type(RBAC, 'v1', 'roles', 'Role'),
  type(RBAC, 'v1', 'rolebindings', 'RoleBinding'),
  type(RBAC, 'v1', 'clusterroles', 'ClusterRole', cluster),
  type(RBAC, 'v1', 'clusterrolebindings', 'ClusterRoleBinding', cluster),
  type('authorization.k8s.io', 'v1', 'selfsubjectaccessreviews', 'SelfSubjectAccessReview', review),
  type('authorization.k8s.io', 'v1', 'selfsubjectrulesreviews', 'SelfSubjectRulesReview', review),
  type('authentication.k8s.io', 'v1', 'selfsubjectreviews', 'SelfSubjectReview', review),
];

const byPath = new Map(resourceTypes.map((each) => [`${each.group}/${each.version}/${each.resource}`, each]));
const byResource = new Map<string, ResourceType>();
for (const each of resourceTypes) if (!byResource.has(each.resource)) byResource.set(each.resource, each);

/** The type behind a request path, if it is served. */
export function findType(group: string, version: string, resource: string): ResourceType | undefined {
  return byPath.get(`${group}/${version}/${resource}`);
}

/** The type behind a plural name; of the two `events` the core one. Throws for a name that is not in the list. */
export function typeOf(resource: string): ResourceType {
  const found = byResource.get(resource);
  if (!found) throw new Error(`no such resource type: ${resource}`);
  return found;
}

/** `apps/v1`, or `v1` for the core group. */
export function apiVersionOf(type: Pick<ResourceType, 'group' | 'version'>): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}
