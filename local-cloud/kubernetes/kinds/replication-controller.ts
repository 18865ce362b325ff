/** Replication controllers: kubectl asks for the kind when it looks for the owners of pods. Nobody acts on them. */
import { defineKind } from './kind.ts';
import { WORKLOAD_COLUMNS } from './cells.ts';
import { defaultReplicaSet, replicaSetRow } from './replica-set.ts';

export const replicationController = defineKind({
  kind: 'ReplicationController',
  resource: 'replicationcontrollers',
  shortNames: ['rc'],
  categories: ['all'],
  countsGenerations: true,
  defaults: defaultReplicaSet,
  columns: `Name|#Desired|#Current|#Ready|Age|${WORKLOAD_COLUMNS}`,
  row: replicaSetRow,
  selectable: { 'status.replicas': ({ status }) => status?.replicas ?? 0 },
});
