/** Daemon sets. They are kept for `kubectl drain`, which asks for the owner of a pod; nobody acts on them. */
import type { V1DaemonSet } from '@kubernetes/client-node';
import type { ObjectOf } from '../objects.ts';
import { defineKind } from './kind.ts';
import { age, printLabels, printSelector, WORKLOAD_COLUMNS, containerCells } from './cells.ts';
import { setDefault } from './set-default.ts';
import { defaultTemplate, validateRunning, validateRunningUpdate } from './pod-template.ts';

type DaemonSet = ObjectOf<V1DaemonSet>;

declare module '../objects.ts' {
  interface Objects {
    daemonsets: DaemonSet;
  }
}

export const daemonSet = defineKind({
  group: 'apps',
  kind: 'DaemonSet',
  resource: 'daemonsets',
  shortNames: ['ds'],
  categories: ['all'],
  subresources: ['status'],
  countsGenerations: true,
  firstStatus: { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 },
  defaults: defaultDaemonSet,
  template: ({ spec }) => spec?.template,
  rules: validateRunning,
  updateRules: validateRunningUpdate,
  columns: `Name|#Desired|#Current|#Ready|#Up-to-date|#Available|Node Selector|Age|${WORKLOAD_COLUMNS}`,
  row: ({ metadata, spec, status }, nowMs) => [
    metadata.name,
    status?.desiredNumberScheduled ?? 0,
    status?.currentNumberScheduled ?? 0,
    status?.numberReady ?? 0,
    status?.updatedNumberScheduled ?? 0,
    status?.numberAvailable ?? 0,
    printLabels(spec?.template?.spec?.nodeSelector),
    age(metadata.creationTimestamp, nowMs),
    ...containerCells(spec?.template?.spec),
    printSelector(spec?.selector),
  ],
  fields: `
DaemonSet
  apiVersion:string kind:string metadata#1:meta/ObjectMeta spec#2:DaemonSetSpec status#3:DaemonSetStatus
DaemonSetCondition
  lastTransitionTime#3:time message#5:string reason#4:string status!#2:string type!#1:string
DaemonSetSpec
  minReadySeconds#4:int revisionHistoryLimit*#6:int selector!#1:meta/LabelSelector template!#2:core/PodTemplateSpec
  updateStrategy#3:DaemonSetUpdateStrategy
DaemonSetStatus
  collisionCount*#9:int conditions#10:[DaemonSetCondition|map=type|merge=type] currentNumberScheduled!#1:int
  desiredNumberScheduled!#3:int numberAvailable#7:int numberMisscheduled!#2:int numberReady!#4:int
  numberUnavailable#8:int observedGeneration#5:long updatedNumberScheduled#6:int
DaemonSetUpdateStrategy
  rollingUpdate#2:RollingUpdateDaemonSet type#1:string
RollingUpdateDaemonSet
  maxSurge#2:intstr maxUnavailable#1:intstr`,
});

function defaultDaemonSet({ spec }: DaemonSet): void {
  if (!spec) return;
  setDefault(spec, 'revisionHistoryLimit', 10);
  setDefault(spec, 'updateStrategy', { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } });
  defaultTemplate(spec);
}
