/** The cluster is being deleted: until the cloud says that it is gone, and that nothing of it is left. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Action } from '../../../functions/job/action.ts';
import type { JobRecord } from '../../../functions/job/job-record.ts';
import type { Observation } from '../../../functions/job/observation.ts';
import { nextTrouble } from '../../../functions/job/trouble.ts';
import type { Leftover } from '../../../functions/ports/clusters.ts';
import { planDeleting } from '../../../functions/reconcile/plan-deleting.ts';
import {
  ago,
  clusterView,
  endingOf,
  type Expected,
  expectStep,
  NOW_MS,
  observation,
  progressOf,
  recordWithCluster,
} from '../../support/plan-fixtures.ts';

const deletion: Action = { do: 'delete-cluster', name: 'ff-demo-1', location: 'zone-a' };
const givenUp: Action = { ...deletion, evenUnsaved: true };
const stopping: Action[] = [{ do: 'stop-driver', reason: 'FF-USER-CANCEL' }, { do: 'renew-lease' }, { do: 'back-up' }];
const disk: Leftover = { kind: 'disk', name: 'pvc-1', location: 'zone-a' };
const succeeded = { ending: endingOf('succeeded') };
const cancelled = { ending: endingOf('cancelled', { code: 'FF-USER-CANCEL' }) };
const spent = { spending: { usd: 5, machineSeconds: 0, clusterSeconds: 0, usdPerHour: 0.2, asOf: ago(0) } };
const refused = {
  trouble: nextTrouble(null, 'back-up', { code: 'FF-BUCKET', message: '', retry: true }, NOW_MS),
};
const requested = (seconds: number): Partial<JobRecord> => {
  const { cluster } = recordWithCluster('deleting');
  return { cluster: { ...cluster, deleteRequestedAt: ago(seconds) } };
};

const rows: [name: string, record: Partial<JobRecord>, seen: Partial<Observation>, expected: Expected][] = [
  [
    'the cloud deletes it',
    {},
    { cluster: clusterView({ state: 'stopping' }) },
    { phase: 'deleting', actions: [], waitingFor: /^cluster ff-demo-1 to be gone \(stopping for 30 s\)$/ },
  ],
  [
    'for longer than 20 minutes',
    requested(1201),
    { cluster: clusterView({ state: 'stopping' }) },
    { phase: 'deleting', actions: [], waitingFor: /unusually long/ },
  ],
  [
    'the request was lost: it is asked again, and so is all that comes before it',
    cancelled,
    { progress: progressOf({ notBackedUp: 0 }) },
    { phase: 'deleting', actions: [...stopping, deletion], waitingFor: /^cluster ff-demo-1 to be gone/ },
  ],
  [
    'a bucket that has refused before is tried again, as long as there is money',
    { ...cancelled, ...refused },
    { progress: progressOf({ notBackedUp: 1 }) },
    { ending: 'cancelled: FF-USER-CANCEL', actions: stopping, waitingFor: /^1 results and reports/ },
  ],
  [
    'without money what is left is tried once more',
    { ...cancelled, ...spent },
    { progress: progressOf({ notBackedUp: 1 }) },
    { ending: 'cancelled: FF-USER-CANCEL', actions: [{ do: 'back-up' }, givenUp] },
  ],
  [
    'and given up, with the reason, where the bucket has refused before',
    { ...cancelled, ...spent, ...refused },
    { progress: progressOf({ notBackedUp: 1 }) },
    { ending: 'failed: FF-RESULTS-UNSAVED', actions: [givenUp] },
  ],
  [
    'nothing is given up where everything is saved',
    { ...cancelled, ...spent, ...refused },
    { progress: progressOf({ notBackedUp: 0 }) },
    { ending: 'cancelled: FF-USER-CANCEL', actions: [...stopping, givenUp] },
  ],
  [
    'a cluster whose Redis cannot be read may hold results that have come since',
    cancelled,
    { progress: 'unknown' },
    { phase: 'deleting', decisions: ['wait: queue-unknown'], actions: [{ do: 'back-up' }] },
  ],
  [
    'but not for ever, and not in silence where they could not be saved',
    { ...cancelled, ...refused, waiting: { code: 'redis', since: ago(1800) } },
    { cluster: clusterView({ state: 'error' }), progress: 'unknown' },
    { phase: 'deleting', ending: 'failed: FF-RESULTS-UNREAD', actions: [givenUp] },
  ],
  [
    'nor does it lose what was saved when the deletion was decided',
    { ...cancelled, waiting: { code: 'redis', since: ago(1800) } },
    { progress: 'unknown' },
    { phase: 'deleting', ending: 'cancelled: FF-USER-CANCEL', actions: [givenUp] },
  ],
  [
    'unless the pass that decided it has died',
    { ...cancelled, acting: true, waiting: { code: 'redis', since: ago(1800) } },
    { progress: 'unknown' },
    { ending: 'failed: FF-RESULTS-UNREAD', actions: [givenUp] },
  ],
  [
    'an attempt without an end of its own gives back what nothing ran in',
    { ending: null },
    { cluster: clusterView({ state: 'error' }), progress: 'unknown' },
    { ending: null, phase: 'deleting', actions: [deletion] },
  ],
  [
    'the cloud cannot be asked',
    {},
    { cluster: 'unknown' },
    { phase: 'deleting', decisions: ['wait: cluster-unknown'], actions: [] },
  ],
  [
    "somebody else's cluster of that name stays",
    succeeded,
    { cluster: clusterView({ ours: false }) },
    { phase: 'succeeded', actions: [] },
  ],
  ['it is gone, and nothing is left', succeeded, { cluster: null }, { phase: 'succeeded', actions: [] }],
  [
    'the end is the one that was fixed',
    { ending: endingOf('stopped', { code: 'FF-LIMIT-USD' }) },
    { cluster: null },
    { phase: 'stopped', ending: 'stopped: FF-LIMIT-USD', actions: [] },
  ],
  [
    'disks cannot be listed',
    succeeded,
    { cluster: null, leftovers: 'unknown' },
    { phase: 'deleting', decisions: ['wait: leftovers-unknown'], actions: [] },
  ],
  [
    'a disk is left',
    succeeded,
    { cluster: null, leftovers: [disk] },
    {
      phase: 'deleting',
      decisions: ['delete leftovers: leftovers'],
      actions: [{ do: 'delete-leftovers', cluster: 'ff-demo-1' }],
    },
  ],
  [
    'without an end the next location is tried',
    { ending: null },
    { cluster: null },
    { phase: 'creating', decisions: ['phase creating: creating'], actions: [] },
  ],
];

describe('planDeleting', () => {
  for (const [name, record, seen, expected] of rows)
    it(name, () => {
      const before = recordWithCluster('deleting', record);
      expectStep(before, planDeleting(before, observation(seen)), expected);
    });

  it('a job that has ended costs nothing more, and has no fleet', () => {
    const before = recordWithCluster('deleting', succeeded);
    const { record } = planDeleting(before, observation({ cluster: null }));
    assert.deepEqual([record.spending.usdPerHour, record.spending.usd], [0, before.spending.usd]);
    assert.deepEqual([record.fleet.workers, record.fleet.nodes, record.fleet.code], [0, 0, 'gone']);
  });
});
