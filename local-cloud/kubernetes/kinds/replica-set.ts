/** Replica sets. */
import type { V1ReplicaSet } from '@kubernetes/client-node';
import type { ObjectOf, ReplicaSet, WithConditions } from '../objects.ts';
import { defineKind } from './kind.ts';
import { age, printSelector, WORKLOAD_COLUMNS, containerCells } from './cells.ts';
import { setDefault } from './set-default.ts';
import { defaultTemplate, validateRunning, validateRunningUpdate } from './pod-template.ts';

declare module '../objects.ts' {
  interface Objects {
    replicasets: WithConditions<ObjectOf<V1ReplicaSet>>;
  }
}

export const replicaSet = defineKind({
  group: 'apps',
  kind: 'ReplicaSet',
  resource: 'replicasets',
  shortNames: ['rs'],
  categories: ['all'],
  subresources: ['status', 'scale'],
  countsGenerations: true,
  firstStatus: { replicas: 0 },
  defaults: defaultReplicaSet,
  template: ({ spec }) => spec?.template,
  rules: validateRunning,
  updateRules: validateRunningUpdate,
  columns: `Name|#Desired|#Current|#Ready|Age|${WORKLOAD_COLUMNS}`,
  row: replicaSetRow,
  selectable: { 'status.replicas': ({ status }) => status?.replicas ?? 0 },
  fields: `
ReplicaSet
  apiVersion:string kind:string metadata#1:meta/ObjectMeta spec#2:ReplicaSetSpec status#3:ReplicaSetStatus
ReplicaSetCondition
  lastTransitionTime#3:time message#5:string reason#4:string status!#2:string type!#1:string
ReplicaSetSpec
  minReadySeconds#4:int replicas*#1:int selector!#2:meta/LabelSelector template#3:core/PodTemplateSpec
ReplicaSetStatus
  availableReplicas#5:int conditions#6:[ReplicaSetCondition|map=type|merge=type] fullyLabeledReplicas#2:int
  observedGeneration#3:long readyReplicas#4:int replicas!#1:int terminatingReplicas*#7:int`,
});

export function defaultReplicaSet({ spec }: ReplicaSet): void {
  if (!spec) return;
  setDefault(spec, 'replicas', 1);
  defaultTemplate(spec);
}

export function replicaSetRow({ metadata, spec, status }: ReplicaSet, nowMs: number): unknown[] {
  return [
    metadata.name,
    spec?.replicas ?? 0,
    status?.replicas ?? 0,
    status?.readyReplicas ?? 0,
    age(metadata.creationTimestamp, nowMs),
    ...containerCells(spec?.template?.spec),
    printSelector(spec?.selector),
  ];
}
