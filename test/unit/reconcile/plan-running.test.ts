/** The script runs: it is kept running, its fleet is sized, the gate is open, and no worker at all ends the attempt. */
import { describe, it } from 'node:test';
import type { Action } from '../../../functions/job/action.ts';
import type { JobRecord } from '../../../functions/job/job-record.ts';
import { planRunning } from '../../../functions/reconcile/plan-running.ts';
import type { Observation } from '../../../functions/job/observation.ts';
import { settings } from '../../support/job-world.ts';
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

const tending: Action[] = [{ do: 'renew-lease' }, { do: 'back-up' }];
const noWorker = { workload: workloadView({ pods: [pod('w1', { ready: false, trouble: 'Insufficient cpu' })] }) };

const rows: [name: string, record: Partial<JobRecord>, seen: Partial<Observation>, expected: Expected][] = [
  [
    'a fleet that is right is kept',
    {},
    {},
    { phase: 'running', decisions: ['keep: work'], actions: tending, waitingFor: null },
  ],
  [
    'a gate that a pass has left closed is opened',
    {},
    { gate: { tasks: 4, begun: 4 } },
    { phase: 'running', actions: [...tending, { do: 'set-gate', tasks: 'open' }] },
  ],
  [
    'a lost cluster is followed by a new one',
    {},
    { cluster: null },
    { phase: 'creating', decisions: ['phase creating: creating'], actions: [] },
  ],
  [
    'a Redis that cannot be read is no empty queue',
    {},
    { progress: 'unknown' },
    { phase: 'running', decisions: ['wait: queue-unknown'], actions: [] },
  ],
  [
    'no worker for less than half an hour is waited for',
    { stalledSince: ago(1799) },
    noWorker,
    { phase: 'running', ending: null },
  ],
  [
    'no worker for half an hour ends the attempt',
    { stalledSince: ago(1800) },
    noWorker,
    { phase: 'draining', ending: 'failed: FF-NO-WORKERS' },
  ],
  [
    'slow work with a worker that is ready goes on',
    { stalledSince: ago(36_000) },
    { progress: progressOf() },
    { phase: 'running', ending: null },
  ],
];

describe('planRunning', () => {
  for (const [name, record, seen, expected] of rows)
    it(name, () => {
      const before = recordWithCluster('running', record);
      expectStep(before, planRunning(before, observation(seen), settings), expected);
    });
});
