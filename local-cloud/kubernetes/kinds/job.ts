/** Jobs. */
import type { V1Job } from '@kubernetes/client-node';
import { isDeepStrictEqual } from 'node:util';
import type { Job, JobSpec, ObjectOf, WithConditions } from '../objects.ts';
import { matchesSelector } from '../labels.ts';
import type { FieldError } from '../api-error.ts';
import { defineKind } from './kind.ts';
import { age, humanDuration, printSelector, WORKLOAD_COLUMNS, containerCells } from './cells.ts';
import { setDefault } from './set-default.ts';
import { invalidValue, required, unsupported, nonNegative, IMMUTABLE } from './field-error.ts';
import { labelProblem, validateLabels } from './metadata-rules.ts';
import { defaultTemplate, validateTemplate } from './pod-template.ts';

declare module '../objects.ts' {
  interface Objects {
    jobs: WithConditions<ObjectOf<V1Job>>;
  }
}

export const job = defineKind({
  group: 'batch',
  kind: 'Job',
  resource: 'jobs',
  categories: ['all'],
  subresources: ['status'],
  countsGenerations: true,
  firstStatus: {},
  defaults: ({ spec }) => {
    if (spec) defaultJobSpec(spec);
  },
  admit: (object) => {
    if (object.spec) selectJobPods(object, object.spec);
  },
  template: ({ spec }) => spec?.template,
  rules: validateJob,
  updateRules: validateJobUpdate,
  columns: `Name|Status|Completions|Duration|Age|${WORKLOAD_COLUMNS}`,
  row: jobRow,
  selectable: { 'status.successful': ({ status }) => status?.succeeded ?? 0 },
  fields: `
Job
  apiVersion:string kind:string metadata#1:meta/ObjectMeta spec#2:JobSpec status#3:JobStatus
JobCondition
  lastProbeTime#3:time lastTransitionTime#4:time message#6:string reason#5:string status!#2:string type!#1:string
JobSpec
  activeDeadlineSeconds*#3:long backoffLimit*#7:int backoffLimitPerIndex*#12:int completionMode*#9:string
  completions*#2:int managedBy*#15:string manualSelector*#5:bool maxFailedIndexes*#13:int parallelism*#1:int
  podFailurePolicy#11:PodFailurePolicy podReplacementPolicy*#14:string selector#4:meta/LabelSelector
  successPolicy#16:SuccessPolicy suspend*#10:bool template!#6:core/PodTemplateSpec ttlSecondsAfterFinished*#8:int
JobStatus
  active#4:int completedIndexes#7:string completionTime#3:time conditions#1:[JobCondition|atomic|merge=type]
  failed#6:int failedIndexes*#10:string ready*#9:int startTime#2:time succeeded#5:int terminating*#11:int
  uncountedTerminatedPods#8:UncountedTerminatedPods
PodFailurePolicy
  rules!#1:[PodFailurePolicyRule|atomic]
PodFailurePolicyOnExitCodesRequirement
  containerName*#1:string operator!#2:string values!#3:[int|set]
PodFailurePolicyOnPodConditionsPattern
  status!#2:string type!#1:string
PodFailurePolicyRule
  action!#1:string onExitCodes#2:PodFailurePolicyOnExitCodesRequirement
  onPodConditions#3:[PodFailurePolicyOnPodConditionsPattern|atomic]
SuccessPolicy
  rules!#1:[SuccessPolicyRule|atomic]
SuccessPolicyRule
  succeededCount*#2:int succeededIndexes*#1:string
UncountedTerminatedPods
  failed#2:[string|set] succeeded#1:[string|set]`,
});

function defaultJobSpec(spec: JobSpec): void {
  // Neither given means one pod; parallelism alone means a work queue, whose end the pods decide.
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  setDefault(spec, 'parallelism', 1);
  setDefault(spec, 'backoffLimit', spec.backoffLimitPerIndex === undefined ? 6 : 2 ** 31 - 1);
  setDefault(spec, 'completionMode', 'NonIndexed');
  setDefault(spec, 'suspend', false);
  setDefault(spec, 'manualSelector', false);
  setDefault(spec, 'podReplacementPolicy', spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed');
  defaultTemplate(spec);
}

/** A new Job gets labels by which it, and nobody else, finds its pods. */
function selectJobPods({ metadata }: Job, spec: JobSpec): void {
  if (spec.manualSelector === true) return;
  const { uid } = metadata;
  const template = (spec.template ??= {});
  template.metadata ??= {};
  template.metadata.labels = {
    ...template.metadata.labels,
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': metadata.name,
    'controller-uid': uid,
    'job-name': metadata.name,
  };
  const selector = (spec.selector ??= {});
  selector.matchLabels = { ...selector.matchLabels, 'batch.kubernetes.io/controller-uid': uid };
  if (Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = { ...template.metadata.labels };
}

function validateJob({ spec, metadata }: Job): FieldError[] {
  if (!spec) return [required('spec.template')];
  const counts = [
    'parallelism',
    'completions',
    'activeDeadlineSeconds',
    'backoffLimit',
    'ttlSecondsAfterFinished',
    'backoffLimitPerIndex',
  ] as const;
  const errors = nonNegative(spec, counts, 'spec');
  errors.push(...validateJobName(spec, metadata.name), ...validateCompletionMode(spec));
  const labels = spec.template?.metadata?.labels ?? {};
  if (spec.selector && !matchesSelector(spec.selector, labels)) {
    errors.push(invalidValue('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'));
  }
  errors.push(...validateTemplate(spec, 'spec'));
  return [...errors, ...validateJobRestartPolicy(spec)];
}

/** The name becomes a label of the pods, and for indexed jobs part of their host names. */
function validateJobName(spec: JobSpec, name: string): FieldError[] {
  const problem = labelProblem(spec.completionMode === 'Indexed' ? `${name}-0` : name);
  if (problem === undefined || spec.manualSelector === true) return [];
  return validateLabels({ 'job-name': name }, 'spec.template.labels');
}

function validateCompletionMode({ completionMode, completions }: JobSpec): FieldError[] {
  const modes = ['Indexed', 'NonIndexed'];
  if (!modes.includes(completionMode ?? '')) return [unsupported('spec.completionMode', completionMode, modes)];
  if (completionMode !== 'Indexed' || completions !== undefined) return [];
  return [required('spec.completions', 'when completion mode is Indexed')];
}

function validateJobRestartPolicy(spec: JobSpec): FieldError[] {
  const policy = spec.template?.spec?.restartPolicy;
  if (policy === 'OnFailure' && spec.podFailurePolicy) {
    return [
      invalidValue(
        'spec.template.spec.restartPolicy',
        policy,
        'only "Never" is supported when podFailurePolicy is specified',
      ),
    ];
  }
  if (policy === undefined || policy === 'OnFailure' || policy === 'Never') return [];
  return [{ ...required('spec.template.spec.restartPolicy', 'valid values: "OnFailure", "Never"') }];
}

/** Scheduling of a suspended job may change; template, selector and the number of completions may not. */
function validateJobUpdate(next: Job, stored: Job): FieldError[] {
  const errors: FieldError[] = [];
  const [{ spec = {} }, { spec: old = {} }] = [next, stored];
  const isIndexed = old.completionMode === 'Indexed';
  const elastic = isIndexed && spec.completions === spec.parallelism;
  if (!isDeepStrictEqual(spec.completions, old.completions) && !elastic)
    errors.push(invalidValue('spec.completions', spec.completions, IMMUTABLE));
  if (!isDeepStrictEqual(spec.selector, old.selector))
    errors.push(invalidValue('spec.selector', spec.selector, IMMUTABLE));
  const suspendedBefore = old.suspend === true && stored.status?.startTime === undefined;
  const [template, oldTemplate] = [comparable(spec, suspendedBefore), comparable(old, suspendedBefore)];
  if (!isDeepStrictEqual(template, oldTemplate)) errors.push(invalidValue('spec.template', spec.template, IMMUTABLE));
  if (spec.completionMode !== old.completionMode)
    errors.push(invalidValue('spec.completionMode', spec.completionMode, IMMUTABLE));
  return errors;
}

const SUSPENDED_MAY_CHANGE = new Set(['nodeSelector', 'tolerations', 'affinity', 'schedulingGates']);

function comparable(spec: JobSpec, isSuspended: boolean): unknown {
  if (!isSuspended) return spec.template;
  const fields = Object.entries(spec.template?.spec ?? {});
  return Object.fromEntries(fields.filter(([name]) => !SUSPENDED_MAY_CHANGE.has(name)));
}

function jobRow(job: Job, nowMs: number): unknown[] {
  const { metadata, spec, status } = job;
  return [
    metadata.name,
    jobState(job),
    completions(job),
    duration(status, nowMs),
    age(metadata.creationTimestamp, nowMs),
    ...containerCells(spec?.template?.spec),
    printSelector(spec?.selector),
  ];
}

function jobState({ metadata, status }: Job): string {
  const has = (type: string): boolean =>
    (status?.conditions ?? []).some((each) => each.type === type && each.status === 'True');
  if (has('Complete')) return 'Complete';
  if (has('Failed')) return 'Failed';
  if (metadata.deletionTimestamp !== undefined) return 'Terminating';
  if (has('Suspended')) return 'Suspended';
  if (has('FailureTarget')) return 'FailureTarget';
  return has('SuccessCriteriaMet') ? 'SuccessCriteriaMet' : 'Running';
}

function completions({ spec, status }: Job): string {
  const done = status?.succeeded ?? 0;
  if (spec?.completions !== undefined) return `${done}/${spec.completions}`;
  const parallelism = spec?.parallelism ?? 0;
  return parallelism > 1 ? `${done}/1 of ${parallelism}` : `${done}/1`;
}

function duration(status: Job['status'], nowMs: number): string {
  if (!status?.startTime) return '';
  const end = status.completionTime ? Date.parse(status.completionTime) : nowMs;
  return humanDuration((end - Date.parse(status.startTime)) / 1000);
}
