/** Daemon sets. They are kept for `kubectl drain`, which asks for the owner of a pod; nobody acts on them. */
import type { KubeObject, Plain } from '../object.ts';
import { defineKind } from './kind.ts';
import { age, at, printSelector, WORKLOAD_COLUMNS, containerCells } from './cells.ts';
import { setDefault } from './set-default.ts';
import { defaultTemplate, validateRunning, validateRunningUpdate } from './pod-template.ts';

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
  rules: validateRunning,
  updateRules: validateRunningUpdate,
  columns: `Name|#Desired|#Current|#Ready|#Up-to-date|#Available|Node Selector|Age|${WORKLOAD_COLUMNS}`,
  row: (set, nowMs) => [
    set.metadata.name,
    at(set, 'status.desiredNumberScheduled', 0),
    at(set, 'status.currentNumberScheduled', 0),
    at(set, 'status.numberReady', 0),
    at(set, 'status.updatedNumberScheduled', 0),
    at(set, 'status.numberAvailable', 0),
    printSelector({ matchLabels: at(set, 'spec.template.spec.nodeSelector', {}) }),
    age(set.metadata.creationTimestamp, nowMs),
    ...containerCells(at(set, 'spec.template.spec', {}) as Plain),
    printSelector(set.spec?.selector),
  ],
});

function defaultDaemonSet({ spec }: KubeObject): void {
  if (!spec) return;
  setDefault(spec, 'revisionHistoryLimit', 10);
  setDefault(spec, 'updateStrategy', { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } });
  defaultTemplate(spec);
}
