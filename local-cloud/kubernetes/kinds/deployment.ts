/** Deployments. */
import type { Deployment } from '../objects.ts';
import type { FieldError } from '../api-error.ts';
import { defineKind } from './kind.ts';
import { age, printSelector, WORKLOAD_COLUMNS, containerCells } from './cells.ts';
import { setDefault } from './set-default.ts';
import { invalidValue, forbiddenField, unsupported } from './field-error.ts';
import { defaultTemplate, validateRunningUpdate, validateRunning } from './pod-template.ts';

export const deployment = defineKind({
  group: 'apps',
  kind: 'Deployment',
  resource: 'deployments',
  shortNames: ['deploy'],
  categories: ['all'],
  subresources: ['status', 'scale'],
  countsGenerations: true,
  firstStatus: {},
  defaults: defaultDeployment,
  rules: (object) => [...validateRunning(object), ...validateStrategy(object.spec ?? {})],
  updateRules: validateRunningUpdate,
  columns: `Name|Ready|Up-to-date|Available|Age|${WORKLOAD_COLUMNS}`,
  row: ({ metadata, spec, status }, nowMs) => [
    metadata.name,
    `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
    String(status?.updatedReplicas ?? 0),
    String(status?.availableReplicas ?? 0),
    age(metadata.creationTimestamp, nowMs),
    ...containerCells(spec?.template?.spec),
    printSelector(spec?.selector),
  ],
});

function defaultDeployment({ spec }: Deployment): void {
  if (!spec) return;
  setDefault(spec, 'replicas', 1);
  setDefault(spec, 'revisionHistoryLimit', 10);
  setDefault(spec, 'progressDeadlineSeconds', 600);
  const strategy = (spec.strategy ??= {});
  setDefault(strategy, 'type', 'RollingUpdate');
  if (strategy.type === 'RollingUpdate') {
    const rolling = (strategy.rollingUpdate ??= {});
    setDefault(rolling, 'maxUnavailable', '25%');
    setDefault(rolling, 'maxSurge', '25%');
  }
  defaultTemplate(spec);
}

function validateStrategy({ strategy }: NonNullable<Deployment['spec']>): FieldError[] {
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
