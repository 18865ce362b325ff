/** Defaults of deployments, jobs and the like. Changes its argument in place. */
import { randomUUID } from 'node:crypto';
import { defaultPodSpec, setDefault } from './defaults-pod.ts';

type Plain = Record<string, any>;

function defaultTemplate(spec: Plain): void {
  const template = (spec['template'] ??= {}) as Plain;
  template['metadata'] ??= {};
  if (template['spec']) defaultPodSpec(template['spec'] as Plain);
}

export function defaultDeployment({ spec }: Plain): void {
  setDefault(spec, 'replicas', 1);
  setDefault(spec, 'revisionHistoryLimit', 10);
  setDefault(spec, 'progressDeadlineSeconds', 600);
  const strategy = (spec.strategy ??= {}) as Plain;
  setDefault(strategy, 'type', 'RollingUpdate');
  if (strategy['type'] === 'RollingUpdate') {
    const rolling = (strategy['rollingUpdate'] ??= {}) as Plain;
    setDefault(rolling, 'maxUnavailable', '25%');
    setDefault(rolling, 'maxSurge', '25%');
  }
  defaultTemplate(spec);
}

export function defaultReplicaSet({ spec }: Plain): void {
  setDefault(spec, 'replicas', 1);
  defaultTemplate(spec);
}

export function defaultStatefulSet({ spec }: Plain): void {
  setDefault(spec, 'replicas', 1);
  setDefault(spec, 'podManagementPolicy', 'OrderedReady');
  setDefault(spec, 'revisionHistoryLimit', 10);
  setDefault(spec, 'updateStrategy', { type: 'RollingUpdate', rollingUpdate: { partition: 0 } });
  setDefault(spec, 'persistentVolumeClaimRetentionPolicy', { whenDeleted: 'Retain', whenScaled: 'Retain' });
  defaultTemplate(spec);
}

export function defaultDaemonSet({ spec }: Plain): void {
  setDefault(spec, 'revisionHistoryLimit', 10);
  setDefault(spec, 'updateStrategy', { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } });
  defaultTemplate(spec);
}

export function defaultJobSpec(spec: Plain): void {
  // Neither given means one pod; parallelism alone means a work queue, whose end the pods decide.
  if (spec['completions'] === undefined && spec['parallelism'] === undefined) spec['completions'] = 1;
  setDefault(spec, 'parallelism', 1);
  setDefault(spec, 'backoffLimit', spec['backoffLimitPerIndex'] === undefined ? 6 : 2 ** 31 - 1);
  setDefault(spec, 'completionMode', 'NonIndexed');
  setDefault(spec, 'suspend', false);
  setDefault(spec, 'manualSelector', false);
  setDefault(spec, 'podReplacementPolicy', spec['podFailurePolicy'] === undefined ? 'TerminatingOrFailed' : 'Failed');
  defaultTemplate(spec);
}

export function defaultCronJob({ spec }: Plain): void {
  setDefault(spec, 'concurrencyPolicy', 'Allow');
  setDefault(spec, 'suspend', false);
  setDefault(spec, 'successfulJobsHistoryLimit', 3);
  setDefault(spec, 'failedJobsHistoryLimit', 1);
  const job = spec.jobTemplate?.spec as Plain | undefined;
  // The jobs it makes get their other defaults when they are made.
  if (spec.jobTemplate) spec.jobTemplate.metadata ??= {};
  if (job) defaultTemplate(job);
}

/** A new Job gets labels by which it, and nobody else, finds its pods. */
export function selectJobPods(job: Plain): void {
  const { spec, metadata } = job as { spec: Plain; metadata: { name: string; uid?: string } };
  if (spec['manualSelector'] === true) return;
  const uid = metadata.uid ?? randomUUID();
  const template = (spec['template'] ??= {}) as Plain;
  template['metadata'] ??= {};
  template['metadata'].labels = {
    ...template['metadata'].labels,
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': metadata.name,
    'controller-uid': uid,
    'job-name': metadata.name,
  };
  const selector = (spec['selector'] ??= {}) as Plain;
  selector['matchLabels'] = { ...selector['matchLabels'], 'batch.kubernetes.io/controller-uid': uid };
  if (Object.keys(job['metadata'].labels ?? {}).length === 0)
    job['metadata'].labels = { ...template['metadata'].labels };
}
