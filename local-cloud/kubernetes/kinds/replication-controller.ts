/** Replication controllers: kubectl asks for the kind when it looks for the owners of pods. Nobody acts on them. */
import type { V1ReplicationController } from '@kubernetes/client-node';
import type { ObjectOf } from '../objects.ts';
import { defineKind } from './kind.ts';
import { WORKLOAD_COLUMNS } from './cells.ts';
import { defaultReplicaSet, replicaSetRow } from './replica-set.ts';

declare module '../objects.ts' {
  interface Objects {
    replicationcontrollers: ObjectOf<V1ReplicationController>;
  }
}

export const replicationController = defineKind({
  kind: 'ReplicationController',
  resource: 'replicationcontrollers',
  shortNames: ['rc'],
  categories: ['all'],
  countsGenerations: true,
  defaults: defaultReplicaSet,
  template: ({ spec }) => spec?.template,
  columns: `Name|#Desired|#Current|#Ready|Age|${WORKLOAD_COLUMNS}`,
  row: replicaSetRow,
  selectable: { 'status.replicas': ({ status }) => status?.replicas ?? 0 },
  fields: `
ReplicationController
  apiVersion:string kind:string metadata#1:meta/ObjectMeta spec#2:ReplicationControllerSpec
  status#3:ReplicationControllerStatus
ReplicationControllerCondition
  lastTransitionTime#3:time message#5:string reason#4:string status!#2:string type!#1:string
ReplicationControllerSpec
  minReadySeconds#4:int replicas*#1:int selector#2:{string|atomic} template#3:PodTemplateSpec
ReplicationControllerStatus
  availableReplicas#5:int conditions#6:[ReplicationControllerCondition|map=type|merge=type] fullyLabeledReplicas#2:int
  observedGeneration#3:long readyReplicas#4:int replicas!#1:int`,
});
