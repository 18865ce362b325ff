/** An attempt is being ended: what runs may finish, everything is saved, and then the cluster goes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Action } from '../../../functions/job/action.ts';
import { emptyLedger, type JobRecord } from '../../../functions/job/job-record.ts';
import { withEnding } from '../../../functions/job/known-record.ts';
import type { Observation } from '../../../functions/job/observation.ts';
import { nextTrouble } from '../../../functions/job/trouble.ts';
import { planDraining } from '../../../functions/reconcile/plan-draining.ts';
import {
  ago,
  clusterView,
  endingOf,
  type Expected,
  expectStep,
  NOW_MS,
  observation,
  progressOf,
  recordIn,
  specOf,
  workloadView,
} from '../../support/plan-fixtures.ts';

const saving: Action[] = [{ do: 'renew-lease' }, { do: 'back-up' }];
const stopping: Action[] = [{ do: 'stop-driver', reason: 'FF-LIMIT-USD' }, ...saving];
const deletion: Action = { do: 'delete-cluster', name: 'ff-demo-1', location: 'zone-a' };
/** Whatever comes at the last moment. */
const givenUp: Action = { ...deletion, evenUnsaved: true };
const stopped = (seconds: number): Partial<JobRecord> => ({
  ending: endingOf('stopped', { code: 'FF-LIMIT-USD', since: ago(seconds) }),
});
const failed = (seconds: number): Partial<JobRecord> => ({
  ending: endingOf('failed', { code: 'FF-SCRIPT-FAILED', since: ago(seconds) }),
  spec: specOf('debugHold: 30m'),
});
const spent = { spending: { usd: 5, machineSeconds: 0, clusterSeconds: 0, usdPerHour: 0.2, asOf: ago(0) } };
const overtime = { spending: { usd: 0, machineSeconds: 0, clusterSeconds: 13 * 3600, usdPerHour: 0, asOf: ago(0) } };

const ended = { workload: workloadView({ driver: 'succeeded' }), progress: progressOf({ waiting: 0, running: 0 }) };
const driverFailed = { ...ended, workload: workloadView({ driver: 'failed' }) };
const unsaved = { ...ended, progress: progressOf({ waiting: 0, running: 0, notBackedUp: 7 }) };
const quiet = { progress: progressOf({ running: 0 }) };
const noWorkers: Action[] = [
  { do: 'scale-workers', from: 3, replicas: 0, idlePods: ['w1', 'w2', 'w3'], evenBusy: true },
  { do: 'release-nodes', except: null },
];
const oneWorker: Action[] = [{ do: 'scale-workers', from: 3, replicas: 1, idlePods: ['w2', 'w3'], evenBusy: true }];

const rows: [name: string, record: Partial<JobRecord>, seen: Partial<Observation>, expected: Expected][] = [
  [
    'the driver has ended and everything is saved: the cluster goes',
    {},
    ended,
    { phase: 'deleting', decisions: ['phase deleting: deleting'], actions: [...saving, deletion] },
  ],
  [
    'the driver still saves its files',
    {},
    quiet,
    { phase: 'draining', actions: saving, waitingFor: /^the driver to save its files$/ },
  ],
  [
    'what runs may finish: 30 s, and twice the mean',
    stopped(29),
    {},
    { phase: 'draining', actions: stopping, waitingFor: /^3 running iterations to finish \(201 s at most\)$/ },
  ],
  [
    'one iteration that runs is waited for as well',
    stopped(100),
    { progress: progressOf({ running: 1 }) },
    { phase: 'draining', waitingFor: /^1 running iterations to finish \(130 s at most\)$/ },
  ],
  [
    'half a minute where no time was measured',
    stopped(29),
    { progress: progressOf({ meanSeconds: null }) },
    { phase: 'draining', waitingFor: /\(1 s at most\)$/ },
  ],
  ['but no longer', stopped(230), {}, { phase: 'deleting', actions: [...stopping, deletion] }],
  [
    'ten minutes at most, however long an iteration takes',
    stopped(599),
    { progress: progressOf({ meanSeconds: 3600 }) },
    { phase: 'draining', waitingFor: /\(1 s at most\)$/ },
  ],
  [
    'a driver that runs nothing is waited for half a minute',
    stopped(30),
    quiet,
    { phase: 'deleting', actions: [...stopping, deletion] },
  ],
  [
    'a cancel waits for nothing that runs',
    { ending: endingOf('cancelled', { code: 'FF-USER-CANCEL', since: ago(1) }) },
    {},
    { phase: 'deleting', actions: [{ do: 'stop-driver', reason: 'FF-USER-CANCEL' }, ...saving, deletion] },
  ],
  [
    'nothing is waited for when the money is spent',
    { ...stopped(1), ...spent },
    {},
    { phase: 'deleting', actions: [...stopping, givenUp] },
  ],
  ['nor an hour after the time limit', { ...stopped(1), ...overtime }, {}, { phase: 'deleting' }],
  [
    'what is not saved keeps the cluster',
    {},
    unsaved,
    { phase: 'draining', actions: saving, waitingFor: /^7 results and reports to be written to the bucket$/ },
  ],
  [
    'one result is enough for that',
    {},
    { ...ended, progress: progressOf({ waiting: 0, running: 0, notBackedUp: 1 }) },
    { phase: 'draining', waitingFor: /^1 results and reports/ },
  ],
  [
    'after a minute without the machines, where the workers have gone already',
    { ending: endingOf('succeeded', { since: ago(60) }) },
    { ...unsaved, workload: workloadView({ driver: 'succeeded', workersWanted: 0, pods: [] }) },
    { phase: 'draining', actions: [{ do: 'release-nodes', except: null }, ...saving] },
  ],
  [
    'after a minute without the workers',
    { ending: endingOf('succeeded', { since: ago(60) }) },
    unsaved,
    { phase: 'draining', actions: [...noWorkers, ...saving] },
  ],
  [
    'when the money is spent there is one try more',
    spent,
    unsaved,
    { phase: 'deleting', ending: 'succeeded: done', actions: [{ do: 'back-up' }, givenUp] },
  ],
  [
    'and none where the bucket has refused before',
    { ...spent, trouble: nextTrouble(null, 'back-up', { code: 'FF-BUCKET', message: '', retry: true }, NOW_MS) },
    unsaved,
    { phase: 'deleting', ending: 'failed: FF-RESULTS-UNSAVED', actions: [givenUp] },
  ],
  [
    'after a failure the user may look around',
    failed(59),
    driverFailed,
    { phase: 'draining', actions: saving, waitingFor: /^debugHold: 1741 s more$/ },
  ],
  [
    'with one worker',
    failed(60),
    driverFailed,
    { phase: 'draining', actions: [...oneWorker, ...saving], waitingFor: /^debugHold: 1740 s more$/ },
  ],
  [
    'where one is left already, nothing changes',
    failed(60),
    { ...driverFailed, workload: workloadView({ driver: 'failed', workersWanted: 1, pods: [] }) },
    { phase: 'draining', actions: saving },
  ],
  ['to the last second', failed(1799), driverFailed, { phase: 'draining', waitingFor: /^debugHold: 1 s more$/ }],
  ['until that is over', failed(1800), driverFailed, { phase: 'deleting', actions: [...saving, deletion] }],
  ['or the money is', { ...failed(60), ...spent }, driverFailed, { phase: 'deleting' }],
  [
    'nobody looks around after a success',
    { spec: specOf('debugHold: 30m') },
    ended,
    { phase: 'deleting', actions: [...saving, deletion] },
  ],
  [
    'Redis cannot be read: results may be in it',
    {},
    { ...ended, progress: 'unknown' },
    { phase: 'draining', decisions: ['wait: queue-unknown'], actions: [{ do: 'back-up' }] },
  ],
  [
    'Kubernetes cannot be read',
    {},
    { workload: 'unknown', progress: 'unknown' },
    { phase: 'draining', decisions: ['wait: queue-unknown'], actions: [{ do: 'back-up' }] },
  ],
  [
    'for half an hour since it was read last',
    { ending: endingOf('succeeded', { since: ago(7200) }), waiting: { code: 'redis', since: ago(1799) } },
    { progress: 'unknown' },
    { phase: 'draining', decisions: ['wait: queue-unknown'], actions: [{ do: 'back-up' }] },
  ],
  [
    'and no longer',
    { ending: endingOf('succeeded', { since: ago(7200) }), waiting: { code: 'redis', since: ago(1800) } },
    { progress: 'unknown' },
    { phase: 'deleting', ending: 'failed: FF-RESULTS-UNREAD', actions: [givenUp] },
  ],
  ['or as long as there is money', spent, { progress: 'unknown' }, { ending: 'failed: FF-RESULTS-UNREAD' }],
  [
    'the cluster cannot be seen',
    {},
    { cluster: 'unknown' },
    { phase: 'draining', decisions: ['wait: cluster-unknown'], actions: [] },
  ],
  ['the cluster is gone already', {}, { cluster: null }, { phase: 'succeeded', actions: [] }],
  [
    'no script can have run where nothing was applied',
    { progress: null },
    { workload: workloadView({ applied: false, driver: 'absent' }), progress: null },
    { phase: 'deleting', actions: [deletion] },
  ],
  [
    'a driver is there, whatever else was applied',
    { progress: null },
    { workload: workloadView({ applied: false }), progress: null },
    { phase: 'draining', decisions: ['wait: queue-unknown'] },
  ],
  [
    'an earlier attempt has left a result',
    { progress: null, ledger: { ...emptyLedger(), results: 1 } },
    { workload: workloadView({ applied: false, driver: 'absent' }), progress: null },
    { phase: 'draining', decisions: ['wait: queue-unknown'] },
  ],
  [
    'a Redis of which nothing was ever read may hold results',
    { progress: null },
    { ...ended, progress: null },
    { phase: 'draining', decisions: ['wait: queue-unknown'], actions: [{ do: 'back-up' }] },
  ],
  [
    'a cluster that says it is coming up may be an old answer',
    { progress: null },
    { cluster: clusterView({ state: 'provisioning' }), workload: null, progress: null },
    { phase: 'draining', decisions: ['wait: queue-unknown'] },
  ],
];

describe('planDraining', () => {
  for (const [name, record, seen, expected] of rows)
    it(name, () => {
      const before = withEnding(recordIn('draining', record));
      expectStep(before, planDraining(before, observation(seen)), expected);
    });

  it('holds one worker and its machine for who looks around, from the beginning', () => {
    const before = withEnding(recordIn('draining', failed(59)));
    const { fleet } = planDraining(before, observation(driverFailed)).record;
    assert.deepEqual([fleet.workers, fleet.nodes, fleet.code], [1, 1, 'debug-hold']);
  });
});
