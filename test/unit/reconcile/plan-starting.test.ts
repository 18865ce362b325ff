/** From the cluster that runs to the driver that runs: what is applied, what is waited for, and for how long. */
import { describe, it } from 'node:test';
import type { JobRecord } from '../../../functions/job/job-record.ts';
import type { Observation } from '../../../functions/job/observation.ts';
import { planStarting } from '../../../functions/reconcile/plan-starting.ts';
import {
  ago,
  type Expected,
  expectStep,
  observation,
  pod,
  progressOf,
  recordWithCluster,
  workloadView,
} from '../../support/plan-fixtures.ts';

const starting = progressOf({ driver: { state: 'starting', message: '', startedSeconds: 0, beatSeconds: 0 } });
const redis = pod('redis', { role: 'redis' });
const driver = pod('driver', { role: 'driver' });
const withPods = (...pods: (typeof redis)[]): Partial<Observation> => ({
  progress: null,
  workload: workloadView({ pods }),
});

const rows: [name: string, record: Partial<JobRecord>, seen: Partial<Observation>, expected: Expected][] = [
  [
    'Kubernetes cannot be read: nothing is concluded',
    { phaseSince: ago(1200) },
    { workload: 'unknown' },
    { phase: 'starting', decisions: ['wait: workload-unknown'], actions: [], ending: null },
  ],
  [
    'nothing is applied yet: the workers of the canary',
    {},
    { workload: workloadView({ applied: false }) },
    { phase: 'starting', actions: [{ do: 'apply-workload', workers: 2 }] },
  ],
  [
    'the driver runs the script',
    {},
    {},
    { phase: 'canary', decisions: ['phase canary: canary'], actions: [{ do: 'renew-lease' }] },
  ],
  [
    'a driver that has ended already has started',
    {},
    { progress: null, workload: workloadView({ driver: 'failed' }) },
    { phase: 'canary', ending: null },
  ],
  ['Redis is waited for', {}, withPods(), { phase: 'starting', actions: [], waitingFor: /Redis to be ready/ }],
  ['the driver is waited for', {}, withPods(redis), { phase: 'starting', waitingFor: /the driver pod to start/ }],
  [
    'the script and its data are waited for',
    {},
    { ...withPods(redis, driver), progress: starting },
    { phase: 'starting', waitingFor: /the driver to read the script and its data/ },
  ],
  [
    "a pod's trouble is what is waited for",
    {},
    withPods(redis, { ...driver, ready: false, trouble: 'ImagePullBackOff' }),
    { phase: 'starting', waitingFor: /driver pod driver: ImagePullBackOff/ },
  ],
  [
    'that of Redis first: the others wait for it',
    {},
    withPods({ ...driver, ready: false, trouble: 'Failed' }, { ...redis, ready: false, trouble: 'RunContainerError' }),
    { phase: 'starting', waitingFor: /redis pod redis: RunContainerError/ },
  ],
  ['twenty minutes are not too long', { phaseSince: ago(1200) }, withPods(redis), { phase: 'starting', ending: null }],
  [
    'more than twenty minutes are',
    { phaseSince: ago(1201) },
    withPods(redis),
    { phase: 'draining', ending: 'failed: FF-START-TIMEOUT' },
  ],
  [
    'whether Kubernetes can be read or not',
    { phaseSince: ago(1201) },
    { workload: 'unknown' },
    { phase: 'draining', ending: 'failed: FF-START-TIMEOUT' },
  ],
  [
    'and whether anything could be applied or not',
    { phaseSince: ago(1201) },
    { workload: workloadView({ applied: false, driver: 'absent' }), progress: null },
    { phase: 'draining', ending: 'failed: FF-START-TIMEOUT' },
  ],
  ['a driver that has started late has started', { phaseSince: ago(1201) }, {}, { phase: 'canary', ending: null }],
  ['the cluster is lost', {}, { cluster: null }, { phase: 'creating', ending: null }],
];

describe('planStarting', () => {
  for (const [name, record, seen, expected] of rows)
    it(name, () => {
      const before = recordWithCluster('starting', record);
      expectStep(before, planStarting(before, observation(seen)), expected);
    });
});
