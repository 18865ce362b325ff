/** Daemon sets. They are kept for `kubectl drain`, which asks for the owner of a pod; nobody acts on them. */
import type { DaemonSet } from '../objects.ts';
import { defineKind } from './kind.ts';
import { age, printLabels, printSelector, WORKLOAD_COLUMNS, containerCells } from './cells.ts';
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
});

function defaultDaemonSet({ spec }: DaemonSet): void {
  if (!spec) return;
  setDefault(spec, 'revisionHistoryLimit', 10);
  setDefault(spec, 'updateStrategy', { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } });
  defaultTemplate(spec);
}
