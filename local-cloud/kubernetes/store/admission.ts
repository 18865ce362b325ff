/** What happens to every object on its way into the store: defaults, validation, admission. Order as in the real API server. */
import { ApiError, forbidden, invalid, notFound, type FieldError } from '../api-error.ts';
import * as other from '../kinds/defaults-other.ts';
import { admitPod, defaultPodSpec } from '../kinds/defaults-pod.ts';
import * as workloads from '../kinds/defaults-workloads.ts';
import { securityLevel, securityViolations } from '../kinds/pod-security.ts';
import { typeOf, type ResourceType } from '../kinds/resources.ts';
import type { KubeObject, ObjectStore } from '../object.ts';
import { validateMetadata } from '../kinds/validate-names.ts';
import * as checkOther from '../kinds/validate-other.ts';
import { validatePodSpec, validatePodUpdate } from '../kinds/validate-pod.ts';
import * as checkWorkloads from '../kinds/validate-workloads.ts';

export interface AdmissionContext {
  store: ObjectStore;
  warn: (text: string) => void;
}

type Defaults = (object: KubeObject, store: ObjectStore) => void;
type Rules = (object: KubeObject) => FieldError[];
type UpdateRules = (next: KubeObject, stored: KubeObject) => FieldError[];

const defaults: Record<string, Defaults> = {
  pods: (pod) => {
    if (pod.spec) defaultPodSpec(pod.spec);
  },
  deployments: withSpec(workloads.defaultDeployment),
  replicasets: withSpec(workloads.defaultReplicaSet),
  replicationcontrollers: withSpec(workloads.defaultReplicaSet),
  statefulsets: withSpec(workloads.defaultStatefulSet),
  daemonsets: withSpec(workloads.defaultDaemonSet),
  jobs: withSpec((job) => workloads.defaultJobSpec(job.spec)),
  cronjobs: withSpec(workloads.defaultCronJob),
  namespaces: other.defaultNamespace,
  nodes: other.defaultNode,
  events: other.defaultEvent,
  secrets: other.defaultSecret,
  services: other.defaultService,
  networkpolicies: other.defaultNetworkPolicy,
  endpoints: other.defaultEndpoints,
  endpointslices: other.defaultEndpointSlice,
  priorityclasses: other.defaultPriorityClass,
  horizontalpodautoscalers: other.defaultAutoscaler,
  persistentvolumeclaims: other.defaultClaim,
};

function withSpec(apply: (object: KubeObject) => void): Defaults {
  return (object) => {
    if (object.spec) apply(object);
  };
}

const rules: Record<string, Rules> = {
  pods: ({ spec }) => validatePodSpec(spec, 'spec'),
  deployments: checkWorkloads.validateRunning,
  replicasets: checkWorkloads.validateRunning,
  statefulsets: checkWorkloads.validateRunning,
  daemonsets: checkWorkloads.validateRunning,
  jobs: checkWorkloads.validateJob,
  cronjobs: checkWorkloads.validateCronJob,
  services: checkOther.validateService,
  configmaps: checkOther.validateData,
  secrets: checkOther.validateData,
  poddisruptionbudgets: checkOther.validateBudget,
  networkpolicies: checkOther.validateNetworkPolicy,
  priorityclasses: checkOther.validatePriorityClass,
  endpointslices: checkOther.validateEndpointSlice,
  leases: checkOther.validateLease,
};

const updateRules: Record<string, UpdateRules> = {
  pods: validatePodUpdate,
  deployments: checkWorkloads.validateRunningUpdate,
  replicasets: checkWorkloads.validateRunningUpdate,
  statefulsets: checkWorkloads.validateRunningUpdate,
  daemonsets: checkWorkloads.validateRunningUpdate,
  jobs: checkWorkloads.validateJobUpdate,
  services: checkOther.validateServiceUpdate,
  configmaps: checkOther.validateDataUpdate,
  secrets: checkOther.validateDataUpdate,
  priorityclasses: checkOther.validatePriorityClassUpdate,
  rolebindings: checkOther.validateBindingUpdate,
  clusterrolebindings: checkOther.validateBindingUpdate,
};

/** Completes and checks an object about to be created. Changes it in place; throws ApiError to refuse. */
export function admitCreate(type: ResourceType, object: KubeObject, context: AdmissionContext): void {
  defaults[type.resource]?.(object, context.store);
  setFirstStatus(type, object);
  checkNamespace(type, object, context.store);
  if (type.resource === 'jobs' && object.spec) workloads.selectJobPods(object);
  if (type.resource === 'pods' && object.spec) admitNewPod(type, object, context);
  else warnOfWorkload(object, context);
  refuse(type, object, [...validateMetadata(type, object), ...(rules[type.resource]?.(object) ?? [])]);
}

/** Completes and checks the new state of an object. Changes it in place; throws ApiError to refuse. */
export function admitUpdate(type: ResourceType, next: KubeObject, stored: KubeObject, context: AdmissionContext): void {
  if (type.resource === 'services') other.keepServiceAddress(next, stored);
  defaults[type.resource]?.(next, context.store);
  const isTemplateChanged = JSON.stringify(next.spec?.template) !== JSON.stringify(stored.spec?.template);
  if (isTemplateChanged) warnOfWorkload(next, context);
  refuse(type, next, [
    ...validateMetadata(type, next),
    ...(type.resource === 'pods' ? [] : (rules[type.resource]?.(next) ?? [])),
    ...(updateRules[type.resource]?.(next, stored) ?? []),
  ]);
}

function refuse(type: ResourceType, object: KubeObject, errors: FieldError[]): void {
  if (errors.length > 0) throw invalid(type.kind, type.group, object.metadata.name, errors);
}

const FIRST_STATUS: Record<string, unknown> = {
  namespaces: { phase: 'Active' },
  services: { loadBalancer: {} },
  deployments: {},
  jobs: {},
  cronjobs: {},
  replicasets: { replicas: 0 },
  statefulsets: { replicas: 0, availableReplicas: 0 },
  daemonsets: { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 },
  poddisruptionbudgets: { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 },
  horizontalpodautoscalers: { currentMetrics: null, desiredReplicas: 0 },
  persistentvolumeclaims: { phase: 'Pending' },
};

function setFirstStatus(type: ResourceType, object: KubeObject): void {
  const status = FIRST_STATUS[type.resource];
  if (status !== undefined) object.status = structuredClone(status);
}

function checkNamespace(type: ResourceType, object: KubeObject, store: ObjectStore): void {
  if (!type.namespaced) return;
  const name = object.metadata.namespace ?? 'default';
  const namespace = store.get('namespaces', undefined, name);
  if (!namespace) throw notFound(typeOf('namespaces'), name);
  if (namespace.metadata.deletionTimestamp === undefined) return;
  const message = `unable to create new content in namespace ${name} because it is being terminated`;
  const error = forbidden(type, object.metadata.name, message);
  const causes = [
    { reason: 'NamespaceTerminating', message: `namespace ${name} is being terminated`, field: 'metadata.namespace' },
  ];
  throw new ApiError(error.code, error.reason, error.message, { ...error.details, causes });
}

function admitNewPod(type: ResourceType, pod: KubeObject, { store, warn }: AdmissionContext): void {
  const { namespace = 'default', name } = pod.metadata;
  const className = pod.spec.priorityClassName as string | undefined;
  if (className && !store.get('priorityclasses', undefined, className)) {
    throw forbidden(type, name, `no PriorityClass with name ${className} was found`);
  }
  const account = (pod.spec.serviceAccountName || 'default') as string;
  if (account !== 'default' && !store.get('serviceaccounts', namespace, account)) {
    throw forbidden(
      type,
      name,
      `error looking up service account ${namespace}/${account}: serviceaccount "${account}" not found`,
    );
  }
  admitPod(
    pod,
    (priorityClass) => store.get('priorityclasses', undefined, priorityClass)?.['value'] as number | undefined,
  );
  const labels = labelsOfNamespace(store, pod);
  const enforced = securityLevel(labels, 'enforce');
  const violations = securityViolations(enforced.level, pod.spec, pod.metadata.annotations);
  if (violations.length > 0)
    throw forbidden(
      type,
      name,
      `violates PodSecurity "${enforced.level}:${enforced.version}": ${violations.join(', ')}`,
    );
  const warned = securityLevel(labels, 'warn');
  const soft = securityViolations(warned.level, pod.spec, pod.metadata.annotations);
  if (soft.length > 0) warn(`would violate PodSecurity "${warned.level}:${warned.version}": ${soft.join(', ')}`);
}

/** A workload whose pods would be refused is accepted, with a warning. */
function warnOfWorkload(object: KubeObject, { store, warn }: AdmissionContext): void {
  const template = (object.spec?.template ?? object.spec?.jobTemplate?.spec?.template) as KubeObject | undefined;
  if (!template?.spec) return;
  const labels = labelsOfNamespace(store, object);
  // Without a warn label the enforced level is warned of too, so that nobody waits for pods that never come.
  const mode = labels['pod-security.kubernetes.io/warn'] === undefined ? 'enforce' : 'warn';
  const { level, version } = securityLevel(labels, mode);
  const violations = securityViolations(level, template.spec, template.metadata?.annotations);
  if (violations.length > 0) warn(`would violate PodSecurity "${level}:${version}": ${violations.join(', ')}`);
}

function labelsOfNamespace(store: ObjectStore, { metadata }: KubeObject): Record<string, string> {
  return store.get('namespaces', undefined, metadata.namespace ?? 'default')?.metadata.labels ?? {};
}

/** What a new object brings with it: a namespace its default account and the certificate of the cluster. */
export function afterCreate(
  type: ResourceType,
  object: KubeObject,
  { store, rootCaPem }: { store: ObjectStore; rootCaPem: string | undefined },
): void {
  if (type.resource !== 'namespaces') return;
  const namespace = object.metadata.name;
  store.create('serviceaccounts', { metadata: { name: 'default', namespace } });
  const description =
    'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc.';
  store.create('configmaps', {
    metadata: { name: 'kube-root-ca.crt', namespace, annotations: { 'kubernetes.io/description': description } },
    data: { 'ca.crt': rootCaPem ?? '' },
  });
}
