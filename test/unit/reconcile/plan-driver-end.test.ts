/** The driver's end: what it makes of the job, and the workers that need not wait for the cluster's deletion. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Action } from '../../../functions/job/action.ts';
import type { Progress } from '../../../functions/job/progress.ts';
import type { WorkloadView } from '../../../functions/ports/workloads.ts';
import { planDriverEnd } from '../../../functions/reconcile/plan-driver-end.ts';
import {
  expectStep,
  NOW_MS,
  progressOf,
  recordWithCluster,
  specOf,
  workloadView,
} from '../../support/plan-fixtures.ts';

const driver = (part: Partial<Progress['driver']>): Progress =>
  progressOf({ driver: { state: 'failed', message: '', startedSeconds: 0, beatSeconds: 0, ...part } });

const rows: [name: string, pod: WorkloadView['driver'], progress: Progress | null, ending: string | null][] = [
  ['it runs', 'running', progressOf(), null],
  ['it is not there yet', 'absent', null, null],
  ['it has ended well', 'succeeded', driver({ state: 'finished' }), 'succeeded: done'],
  ['it has ended well, and Redis cannot be read', 'succeeded', null, 'succeeded: done'],
  ['it was stopped, which is no success', 'succeeded', driver({ state: 'stopped' }), null],
  ['it says that the script failed', 'failed', driver({}), 'failed: FF-SCRIPT-FAILED'],
  ['it failed, and Redis cannot be read', 'failed', null, 'failed: FF-SCRIPT-FAILED'],
  ['too many errors have their own code', 'failed', driver({ reason: 'error-limit' }), 'failed: FF-TOO-MANY-ERRORS'],
  ['an unknown reason is the script', 'failed', driver({ reason: 'constructor' }), 'failed: FF-SCRIPT-FAILED'],
];

describe('planDriverEnd', () => {
  for (const [name, state, progress, ending] of rows)
    it(`${name}: ${ending ?? 'no end'}`, () => {
      const before = recordWithCluster('running');
      const step = planDriverEnd(before, workloadView({ driver: state }), progress, NOW_MS);
      if (ending === null) assert.equal(step, undefined);
      else expectStep(before, step!, { phase: 'draining', ending });
    });

  const debug = { spec: specOf('debugHold: 1h') };
  const releases: [string, Parameters<typeof recordWithCluster>[1], Partial<WorkloadView>, Action[]][] = [
    [
      'all workers go',
      {},
      { driver: 'succeeded' },
      [{ do: 'scale-workers', from: 3, replicas: 0, idlePods: [], evenBusy: true }],
    ],
    ['none is left to go', {}, { driver: 'succeeded', workersWanted: 0 }, []],
    [
      'one stays to be looked at after a failure',
      debug,
      { driver: 'failed' },
      [{ do: 'scale-workers', from: 3, replicas: 1, idlePods: ['w2', 'w3'], evenBusy: true }],
    ],
    [
      'none stays after a failure that nobody wants to look at',
      { spec: specOf('debugHold: 0m') },
      { driver: 'failed' },
      [{ do: 'scale-workers', from: 3, replicas: 0, idlePods: [], evenBusy: true }],
    ],
    [
      'none stays after a success',
      debug,
      { driver: 'succeeded' },
      [{ do: 'scale-workers', from: 3, replicas: 0, idlePods: [], evenBusy: true }],
    ],
  ];
  for (const [name, record, workload, actions] of releases)
    it(name, () => {
      const before = recordWithCluster('running', record);
      const step = planDriverEnd(before, workloadView(workload), null, NOW_MS);
      expectStep(before, step!, { actions: [{ do: 'back-up' }, ...actions] });
    });

  const messages: [name: string, progress: Progress | null, message: string][] = [
    ['what the driver says', driver({ message: 'object x not found' }), 'object x not found'],
    ['what Kubernetes says', null, 'OOMKilled'],
  ];
  for (const [name, progress, message] of messages)
    it(`gives ${name}`, () => {
      const workload = workloadView({ driver: 'failed', driverMessage: 'OOMKilled' });
      const step = planDriverEnd(recordWithCluster('running'), workload, progress, NOW_MS);
      assert.equal(step?.record.ending?.message, message);
    });
});
