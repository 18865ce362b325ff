/**
 * What owners of pods share: defaults and rules of their template and selector.
 * Pure, but defaults change their argument.
 */
import { validatePodSpec } from './pod/rules.ts';
import { isDeepStrictEqual } from 'node:util';
import type { RunningSpec, WithTemplate } from '../objects.ts';
import { matchesSelector } from '../labels.ts';
import type { FieldError } from '../api-error.ts';
import { invalidValue, required, forbiddenField, unsupported, IMMUTABLE, nonNegative } from './field-error.ts';
import { validateLabels } from './metadata-rules.ts';
import { defaultPodSpec } from './pod/defaults.ts';

export function defaultTemplate(spec: WithTemplate): void {
  const template = (spec.template ??= {});
  template.metadata ??= {};
  if (template.spec) defaultPodSpec(template.spec);
}

/** Selector there, valid, and matching the labels of the template. */
function validateSelector({ selector, template }: WithTemplate, path: string): FieldError[] {
  const labels = template?.metadata?.labels ?? null;
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

export function validateTemplate({ template }: WithTemplate, path: string): FieldError[] {
  return [
    ...validateLabels(template?.metadata?.labels, `${path}.template.labels`),
    ...validatePodSpec(template?.spec, `${path}.template.spec`),
  ];
}

/** Deployments, replica sets and daemon sets: always-running pods. */
interface Running {
  spec?: RunningSpec | undefined;
}

export function validateRunning({ spec }: Running): FieldError[] {
  if (!spec) return [required('spec.selector')];
  const errors = [...nonNegative(spec, ['replicas', 'minReadySeconds', 'revisionHistoryLimit'], 'spec')];
  errors.push(...validateSelector(spec, 'spec'), ...validateTemplate(spec, 'spec'));
  const restartPolicy = spec.template?.spec?.restartPolicy;
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

export function validateRunningUpdate(next: Running, stored: Running): FieldError[] {
  if (isDeepStrictEqual(next.spec?.selector, stored.spec?.selector)) return [];
  return [invalidValue('spec.selector', next.spec?.selector, IMMUTABLE)];
}
