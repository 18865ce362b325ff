/** What a new pod must find in the cluster, and what Pod Security says of it or of a template. Refuses by throwing. */
import type { Pod, PodSpec, PodTemplate } from '../../objects.ts';
import type { KubeObject } from '../../object.ts';
import type { ObjectStore } from '../../object-store.ts';
import { forbidden } from '../../api-error.ts';
import type { AdmissionContext } from '../kind.ts';
import { admitPod } from './defaults.ts';
import { securityLevel, securityViolations } from './security.ts';

/** Priority and account must exist; the pod gets its own defaults; its namespace's security level is enforced. */
export function admitNewPod(pod: Pod, spec: PodSpec, { store, warn }: AdmissionContext): void {
  const { namespace = 'default', name } = pod.metadata;
  const className = spec.priorityClassName;
  if (className && !store.get('priorityclasses', undefined, className)) {
    throw forbidden(POD, name, `no PriorityClass with name ${className} was found`);
  }
  const account = spec.serviceAccountName || 'default';
  if (account !== 'default' && !store.get('serviceaccounts', namespace, account)) {
    throw forbidden(
      POD,
      name,
      `error looking up service account ${namespace}/${account}: serviceaccount "${account}" not found`,
    );
  }
  admitPod(pod, spec, (priorityClass) => store.get('priorityclasses', undefined, priorityClass)?.value);
  const labels = labelsOfNamespace(store, pod);
  const enforced = securityLevel(labels, 'enforce');
  const violations = securityViolations(enforced.level, spec, pod.metadata.annotations);
  if (violations.length > 0)
    throw forbidden(
      POD,
      name,
      `violates PodSecurity "${enforced.level}:${enforced.version}": ${violations.join(', ')}`,
    );
  const warned = securityLevel(labels, 'warn');
  const soft = securityViolations(warned.level, spec, pod.metadata.annotations);
  if (soft.length > 0) warn(`would violate PodSecurity "${warned.level}:${warned.version}": ${soft.join(', ')}`);
}

/** A workload whose pods would be refused is accepted, with a warning. */
export function warnOfTemplate(
  object: KubeObject,
  template: PodTemplate | undefined,
  { store, warn }: AdmissionContext,
): void {
  if (!template?.spec) return;
  const labels = labelsOfNamespace(store, object);
  // Without a warn label the enforced level is warned of too, so that nobody waits for pods that never come.
  const mode = labels['pod-security.kubernetes.io/warn'] === undefined ? 'enforce' : 'warn';
  const { level, version } = securityLevel(labels, mode);
  const violations = securityViolations(level, template.spec, template.metadata?.annotations);
  if (violations.length > 0) warn(`would violate PodSecurity "${level}:${version}": ${violations.join(', ')}`);
}

function labelsOfNamespace(store: ObjectStore, { metadata }: Pick<KubeObject, 'metadata'>): Record<string, string> {
  return store.get('namespaces', undefined, metadata.namespace ?? 'default')?.metadata.labels ?? {};
}

/** Pods, for the words of a refusal. */
const POD = { resource: 'pods', group: '' };
