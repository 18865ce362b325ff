/** Pods. */
import { defineKind } from '../kind.ts';
import { defaultPodSpec } from './defaults.ts';
import { validatePodSpec, validatePodUpdate } from './rules.ts';
import { podRow } from './row.ts';
import { admitNewPod } from './admission.ts';

export const pod = defineKind({
  kind: 'Pod',
  resource: 'pods',
  shortNames: ['po'],
  categories: ['all'],
  subresources: ['status', 'log', 'binding', 'eviction'],
  countsGenerations: true,
  answersDeleted: true,
  defaults: ({ spec }) => {
    if (spec) defaultPodSpec(spec);
  },
  admit: (object, context) => {
    if (object.spec) admitNewPod(object, object.spec, context);
  },
  createRules: ({ spec }) => validatePodSpec(spec, 'spec'),
  updateRules: validatePodUpdate,
  columns: 'Name|Ready|Status|Restarts|Age|IP+|Node+|Nominated Node+|Readiness Gates+',
  row: podRow,
  selectable: {
    'spec.nodeName': ({ spec }) => spec?.nodeName,
    'spec.restartPolicy': ({ spec }) => spec?.restartPolicy,
    'spec.schedulerName': ({ spec }) => spec?.schedulerName,
    'spec.serviceAccountName': ({ spec }) => spec?.serviceAccountName,
    'spec.hostNetwork': ({ spec }) => spec?.hostNetwork ?? false,
    'status.phase': ({ status }) => status?.phase,
    'status.podIP': ({ status }) => status?.podIP,
    'status.nominatedNodeName': ({ status }) => status?.nominatedNodeName,
  },
});
