/**
 * What owners of pods share: defaults and rules of their template and selector.
 * Pure, but defaults change their argument.
 */
import { validatePodSpec } from './pod/rules.ts';
import { isDeepStrictEqual } from 'node:util';
import type { Plain } from '../object.ts';
import { matchesSelector, type LabelSelector } from '../labels.ts';
import type { FieldError } from '../api-error.ts';
import { invalidValue, required, forbiddenField, unsupported, IMMUTABLE, nonNegative } from './field-error.ts';
import { validateLabels } from './metadata-rules.ts';
import { defaultPodSpec } from './pod/defaults.ts';

export function defaultTemplate(spec: Plain): void {
  const template = (spec['template'] ??= {}) as Plain;
  template['metadata'] ??= {};
  if (template['spec']) defaultPodSpec(template['spec'] as Plain);
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

export function validateTemplate(spec: Plain, path: string): FieldError[] {
  const template = (spec['template'] ?? {}) as Plain;
  return [
    ...validateLabels(template['metadata']?.labels as Record<string, string> | undefined, `${path}.template.labels`),
    ...validatePodSpec(template['spec'] as Plain | undefined, `${path}.template.spec`),
  ];
}

/** Deployments, replica sets and daemon sets: always-running pods. */
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
  return errors;
}

export function validateRunningUpdate(next: Plain, stored: Plain): FieldError[] {
  if (isDeepStrictEqual(next['spec']?.selector, stored['spec']?.selector)) return [];
  return [invalidValue('spec.selector', next['spec']?.selector, IMMUTABLE)];
}
