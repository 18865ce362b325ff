/** Deployments. */
import type { V1Deployment } from '@kubernetes/client-node';
import type { Deployment, ObjectOf, WithConditions } from '../objects.ts';
import type { FieldError } from '../api-error.ts';
import { defineKind } from './kind.ts';
import { age, printSelector, WORKLOAD_COLUMNS, containerCells } from './cells.ts';
import { setDefault } from './set-default.ts';
import { invalidValue, forbiddenField, unsupported } from './field-error.ts';
import { defaultTemplate, validateRunningUpdate, validateRunning } from './pod-template.ts';

declare module '../objects.ts' {
  interface Objects {
    deployments: WithConditions<ObjectOf<V1Deployment>>;
  }
}

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
  template: ({ spec }) => spec?.template,
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
  fields: `
Deployment
  apiVersion:string kind:string metadata#1:meta/ObjectMeta spec#2:DeploymentSpec status#3:DeploymentStatus
DeploymentCondition
  lastTransitionTime#7:time lastUpdateTime#6:time message#5:string reason#4:string status!#2:string type!#1:string
DeploymentSpec
  minReadySeconds#5:int paused#7:bool progressDeadlineSeconds*#9:int replicas*#1:int revisionHistoryLimit*#6:int
  selector!#2:meta/LabelSelector strategy#4:DeploymentStrategy~retainKeys template!#3:core/PodTemplateSpec
DeploymentStatus
  availableReplicas#4:int collisionCount*#8:int conditions#6:[DeploymentCondition|map=type|merge=type]
  observedGeneration#1:long readyReplicas#7:int replicas#2:int terminatingReplicas*#9:int unavailableReplicas#5:int
  updatedReplicas#3:int
DeploymentStrategy
  rollingUpdate#2:RollingUpdateDeployment type#1:string
RollingUpdateDeployment
  maxSurge#2:intstr maxUnavailable#1:intstr`,
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
