/** Rules of deployments, replica sets, jobs and their like. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { FieldError } from '../api-error.ts';
import { matchesSelector, type LabelSelector } from '../labels.ts';
import { forbiddenField, invalidValue, labelProblem, required, unsupported, validateLabels } from './validate-names.ts';
import { validatePodSpec } from './validate-pod.ts';

type Plain = Record<string, any>;

const NEGATIVE = 'must be greater than or equal to 0';
const IMMUTABLE = 'field is immutable';

function nonNegative(spec: Plain, names: string[], path: string): FieldError[] {
  return names.filter((name) => spec[name] < 0).map((name) => invalidValue(`${path}.${name}`, spec[name], NEGATIVE));
}

/** Selector there, valid, and matching the labels of the template. */
function validateSelector(spec: Plain, path: string): FieldError[] {
  const selector = spec['selector'] as LabelSelector | undefined;
  const labels = (spec['template']?.metadata?.labels ?? null) as Record<string, string> | null;
  const mismatch = invalidValue(
    `${path}.template.metadata.labels`,
    labels,
    '`selector` does not match template `labels`',
  );
  if (!selector) return [required(`${path}.selector`), mismatch];
  const isEmpty = Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0;
  if (isEmpty) return [invalidValue(`${path}.selector`, selector, 'empty selector is invalid for deployment')];
  const errors = validateLabels(selector.matchLabels, `${path}.selector.matchLabels`);
  if (!matchesSelector(selector, labels ?? {})) errors.push(mismatch);
  return errors;
}

function validateTemplate(spec: Plain, path: string): FieldError[] {
  const template = (spec['template'] ?? {}) as Plain;
  return [
    ...validateLabels(template['metadata']?.labels as Record<string, string> | undefined, `${path}.template.labels`),
    ...validatePodSpec(template['spec'] as Plain | undefined, `${path}.template.spec`),
  ];
}

/** Deployments, replica sets, stateful sets and daemon sets: always-running pods. */
export function validateRunning({ spec }: Plain): FieldError[] {
  if (!spec) return [required('spec.selector')];
  const errors = [...nonNegative(spec, ['replicas', 'minReadySeconds', 'revisionHistoryLimit'], 'spec')];
  errors.push(...validateSelector(spec, 'spec'), ...validateTemplate(spec, 'spec'));
  const restartPolicy = spec.template?.spec?.restartPolicy as string | undefined;
  if (restartPolicy !== undefined && restartPolicy !== 'Always') {
    errors.push(unsupported('spec.template.spec.restartPolicy', restartPolicy, ['Always']));
  }
  if (spec.template?.spec?.activeDeadlineSeconds !== undefined) {
    errors.push(
      forbiddenField(
        'spec.template.spec.activeDeadlineSeconds',
        'activeDeadlineSeconds in ReplicaSet is not Supported',
      ),
    );
  }
  if (spec.progressDeadlineSeconds !== undefined && spec.progressDeadlineSeconds <= (spec.minReadySeconds ?? 0)) {
    errors.push(
      invalidValue(
        'spec.progressDeadlineSeconds',
        spec.progressDeadlineSeconds,
        'must be greater than minReadySeconds',
      ),
    );
  }
  return [...errors, ...validateStrategy(spec)];
}

function validateStrategy(spec: Plain): FieldError[] {
  const strategy = spec['strategy'] as Plain | undefined;
  if (!strategy) return [];
  const { type, rollingUpdate } = strategy;
  if (type !== 'RollingUpdate' && type !== 'Recreate')
    return [unsupported('spec.strategy', type, ['Recreate', 'RollingUpdate'])];
  if (type === 'Recreate' && rollingUpdate) {
    return [forbiddenField('spec.strategy.rollingUpdate', "may not be specified when strategy `type` is 'Recreate'")];
  }
  if (rollingUpdate && isZero(rollingUpdate.maxUnavailable) && isZero(rollingUpdate.maxSurge)) {
    return [
      invalidValue(
        'spec.strategy.rollingUpdate.maxUnavailable',
        rollingUpdate.maxUnavailable,
        'may not be 0 when `maxSurge` is 0',
      ),
    ];
  }
  return [];
}

const isZero = (value: unknown): boolean => value === 0 || value === '0%';

export function validateRunningUpdate(next: Plain, stored: Plain): FieldError[] {
  if (isDeepStrictEqual(next['spec']?.selector, stored['spec']?.selector)) return [];
  return [invalidValue('spec.selector', next['spec']?.selector, IMMUTABLE)];
}

export function validateJob({ spec, metadata }: Plain): FieldError[] {
  if (!spec) return [required('spec.template')];
  const counts = [
    'parallelism',
    'completions',
    'activeDeadlineSeconds',
    'backoffLimit',
    'ttlSecondsAfterFinished',
    'backoffLimitPerIndex',
  ];
  const errors = nonNegative(spec, counts, 'spec');
  errors.push(...validateJobName(spec as Plain, String(metadata.name)), ...validateCompletionMode(spec as Plain));
  const labels = (spec.template?.metadata?.labels ?? {}) as Record<string, string>;
  if (spec.selector && !matchesSelector(spec.selector as LabelSelector, labels)) {
    errors.push(invalidValue('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'));
  }
  errors.push(...validateTemplate(spec, 'spec'));
  return [...errors, ...validateJobRestartPolicy(spec)];
}

/** The name becomes a label of the pods, and for indexed jobs part of their host names. */
function validateJobName(spec: Plain, name: string): FieldError[] {
  const problem = labelProblem(spec['completionMode'] === 'Indexed' ? `${name}-0` : name);
  if (problem === undefined || spec['manualSelector'] === true) return [];
  return validateLabels({ 'job-name': name }, 'spec.template.labels');
}

function validateCompletionMode({ completionMode, completions }: Plain): FieldError[] {
  const modes = ['Indexed', 'NonIndexed'];
  if (!modes.includes(completionMode as string)) return [unsupported('spec.completionMode', completionMode, modes)];
  if (completionMode !== 'Indexed' || completions !== undefined) return [];
  return [required('spec.completions', 'when completion mode is Indexed')];
}

function validateJobRestartPolicy(spec: Plain): FieldError[] {
  const policy = spec['template']?.spec?.restartPolicy as string | undefined;
  if (policy === 'OnFailure' && spec['podFailurePolicy']) {
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
export function validateJobUpdate(next: Plain, stored: Plain): FieldError[] {
  const errors: FieldError[] = [];
  const [spec, old] = [next['spec'] as Plain, stored['spec'] as Plain];
  const isIndexed = old['completionMode'] === 'Indexed';
  const elastic = isIndexed && spec['completions'] === spec['parallelism'];
  if (!isDeepStrictEqual(spec['completions'], old['completions']) && !elastic)
    errors.push(invalidValue('spec.completions', spec['completions'], IMMUTABLE));
  if (!isDeepStrictEqual(spec['selector'], old['selector']))
    errors.push(invalidValue('spec.selector', spec['selector'], IMMUTABLE));
  const suspendedBefore = old['suspend'] === true && stored['status']?.startTime === undefined;
  const [template, oldTemplate] = [comparable(spec, suspendedBefore), comparable(old, suspendedBefore)];
  if (!isDeepStrictEqual(template, oldTemplate))
    errors.push(invalidValue('spec.template', spec['template'], IMMUTABLE));
  if (spec['completionMode'] !== old['completionMode'])
    errors.push(invalidValue('spec.completionMode', spec['completionMode'], IMMUTABLE));
  return errors;
}

const SUSPENDED_MAY_CHANGE = new Set(['nodeSelector', 'tolerations', 'affinity', 'schedulingGates']);

function comparable(spec: Plain, isSuspended: boolean): unknown {
  if (!isSuspended) return spec['template'];
  const fields = Object.entries((spec['template']?.spec ?? {}) as Plain);
  return Object.fromEntries(fields.filter(([name]) => !SUSPENDED_MAY_CHANGE.has(name)));
}

export function validateCronJob({ spec }: Plain): FieldError[] {
  const errors: FieldError[] = [];
  const schedule = String(spec?.schedule ?? '');
  if (schedule === '') errors.push(required('spec.schedule'));
  else if (!/^(@(every \S+|yearly|annually|monthly|weekly|daily|midnight|hourly)|\S+(\s+\S+){4})$/.test(schedule)) {
    const fields = schedule.trim().split(/\s+/);
    errors.push(
      invalidValue(
        'spec.schedule',
        schedule,
        `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`,
      ),
    );
  }
  return [
    ...errors,
    ...validatePodSpec(
      spec?.jobTemplate?.spec?.template?.spec as Plain | undefined,
      'spec.jobTemplate.spec.template.spec',
    ),
  ];
}
