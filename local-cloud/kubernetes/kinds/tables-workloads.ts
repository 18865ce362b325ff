/** Rows of deployments, replica sets, jobs and their like. Pure. */
import type { KubeObject } from '../object.ts';
import { age, at, containerCells, humanDuration, printSelector } from './tables-format.ts';

type Plain = Record<string, any>;
type Row = (object: KubeObject, nowMs: number) => unknown[];

export const deploymentRow: Row = ({ metadata, spec, status }, nowMs) => [
  metadata.name,
  `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
  String(status?.updatedReplicas ?? 0),
  String(status?.availableReplicas ?? 0),
  age(metadata.creationTimestamp, nowMs),
  ...containerCells(spec?.template?.spec as Plain | undefined),
  printSelector(spec?.selector),
];

export const replicaSetRow: Row = ({ metadata, spec, status }, nowMs) => [
  metadata.name,
  spec?.replicas ?? 0,
  status?.replicas ?? 0,
  status?.readyReplicas ?? 0,
  age(metadata.creationTimestamp, nowMs),
  ...containerCells(spec?.template?.spec as Plain | undefined),
  printSelector(spec?.selector),
];

export const statefulSetRow: Row = ({ metadata, spec, status }, nowMs) => [
  metadata.name,
  `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
  age(metadata.creationTimestamp, nowMs),
  ...containerCells(spec?.template?.spec as Plain | undefined),
];

export const daemonSetRow: Row = (set, nowMs) => [
  set.metadata.name,
  at(set, 'status.desiredNumberScheduled', 0),
  at(set, 'status.currentNumberScheduled', 0),
  at(set, 'status.numberReady', 0),
  at(set, 'status.updatedNumberScheduled', 0),
  at(set, 'status.numberAvailable', 0),
  printSelector({ matchLabels: at(set, 'spec.template.spec.nodeSelector', {}) }),
  age(set.metadata.creationTimestamp, nowMs),
  ...containerCells(at(set, 'spec.template.spec', {}) as Plain),
  printSelector(set.spec?.selector),
];

export function jobRow(job: KubeObject, nowMs: number): unknown[] {
  const { metadata, spec, status } = job;
  return [
    metadata.name,
    jobState(job),
    completions(job),
    duration(status as Plain | undefined, nowMs),
    age(metadata.creationTimestamp, nowMs),
    ...containerCells(spec?.template?.spec as Plain | undefined),
    printSelector(spec?.selector),
  ];
}

function jobState({ metadata, status }: KubeObject): string {
  const has = (type: string): boolean =>
    ((status?.conditions ?? []) as Plain[]).some((each) => each['type'] === type && each['status'] === 'True');
  if (has('Complete')) return 'Complete';
  if (has('Failed')) return 'Failed';
  if (metadata.deletionTimestamp !== undefined) return 'Terminating';
  if (has('Suspended')) return 'Suspended';
  if (has('FailureTarget')) return 'FailureTarget';
  return has('SuccessCriteriaMet') ? 'SuccessCriteriaMet' : 'Running';
}

function completions({ spec, status }: KubeObject): string {
  const done = status?.succeeded ?? 0;
  if (spec?.completions !== undefined) return `${done}/${spec.completions}`;
  const parallelism = spec?.parallelism ?? 0;
  return parallelism > 1 ? `${done}/1 of ${parallelism}` : `${done}/1`;
}

function duration(status: Plain | undefined, nowMs: number): string {
  if (!status?.['startTime']) return '';
  const end = status['completionTime'] ? Date.parse(String(status['completionTime'])) : nowMs;
  return humanDuration((end - Date.parse(String(status['startTime']))) / 1000);
}

export const cronJobRow: Row = (job, nowMs) => {
  const last = at(job, 'status.lastScheduleTime', undefined) as string | undefined;
  return [
    job.metadata.name,
    at(job, 'spec.schedule'),
    at(job, 'spec.timeZone', '<none>'),
    at(job, 'spec.suspend', false),
    (at(job, 'status.active', []) as unknown[]).length,
    last === undefined ? '<none>' : age(last, nowMs),
    age(job.metadata.creationTimestamp, nowMs),
    ...containerCells(at(job, 'spec.jobTemplate.spec.template.spec', {}) as Plain),
    printSelector(at(job, 'spec.jobTemplate.spec.selector', undefined)),
  ];
};

export const autoscalerRow: Row = (scaler, nowMs) => [
  scaler.metadata.name,
  `${at(scaler, 'spec.scaleTargetRef.kind')}/${at(scaler, 'spec.scaleTargetRef.name')}`,
  '<unknown>',
  String(at(scaler, 'spec.minReplicas', '<unset>')),
  String(at(scaler, 'spec.maxReplicas', 0)),
  String(at(scaler, 'status.currentReplicas', 0)),
  age(scaler.metadata.creationTimestamp, nowMs),
];

export const budgetRow: Row = ({ metadata, spec, status }, nowMs) => [
  metadata.name,
  spec?.minAvailable === undefined ? 'N/A' : String(spec.minAvailable),
  spec?.maxUnavailable === undefined ? 'N/A' : String(spec.maxUnavailable),
  status?.disruptionsAllowed ?? 0,
  age(metadata.creationTimestamp, nowMs),
];
