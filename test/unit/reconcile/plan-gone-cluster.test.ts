/** The cluster is gone: what has outlived it goes first, then the attempt ends or begins in the next location. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JobRecord } from '../../../functions/job/job-record.ts';
import type { Observation } from '../../../functions/job/observation.ts';
import type { Phase } from '../../../functions/job/phase.ts';
import type { Leftover } from '../../../functions/ports/clusters.ts';
import { finish, planGoneCluster } from '../../../functions/reconcile/plan-gone-cluster.ts';
import {
  ago,
  endingOf,
  type Expected,
  expectStep,
  NOW_MS,
  observation,
  recordIn,
  recordWithCluster,
} from '../../support/plan-fixtures.ts';

const disk: Leftover = { kind: 'disk', name: 'pvc-1', location: 'zone-a' };
const cancelled = { ending: endingOf('cancelled') };

const rows: [
  name: string,
  phase: Phase,
  record: Partial<JobRecord>,
  leftovers: Observation['leftovers'],
  expected: Expected,
][] = [
  [
    'what is left cannot be listed: nothing is concluded, also of an attempt that ends',
    'deleting',
    cancelled,
    'unknown',
    { phase: 'deleting', decisions: ['wait: leftovers-unknown'], actions: [] },
  ],
  [
    'a disk is left: it goes before the attempt ends',
    'deleting',
    cancelled,
    [disk],
    {
      phase: 'deleting',
      decisions: ['delete leftovers: leftovers'],
      actions: [{ do: 'delete-leftovers', cluster: 'ff-demo-1' }],
    },
  ],
  [
    'nothing is left: the attempt ends as was fixed before',
    'deleting',
    cancelled,
    [],
    { phase: 'cancelled', decisions: ['phase cancelled: cancelled'], actions: [], ending: 'cancelled: FF-USER-CANCEL' },
  ],
  [
    'nothing is left of an attempt that does not end: the next location is tried',
    'deleting',
    {},
    [],
    { phase: 'creating', decisions: ['phase creating: creating'], actions: [], ending: null },
  ],
  [
    'it went while it was made: the record shows the deletion in between',
    'creating',
    {},
    [],
    { phase: 'creating', decisions: ['phase deleting: deleting', 'phase creating: creating'], actions: [] },
  ],
];

describe('planGoneCluster', () => {
  for (const [name, phase, part, leftovers, expected] of rows)
    it(name, () => {
      const before = recordWithCluster(phase, part);
      const step = planGoneCluster(before, observation({ cluster: null, leftovers }));
      expectStep(before, step, expected);
      assert.deepEqual(step.record.fleet && [step.record.fleet.workers, step.record.fleet.nodes], [0, 0]);
    });

  it('says what is left', () => {
    const { record } = planGoneCluster(
      recordWithCluster('deleting'),
      observation({ cluster: null, leftovers: [disk] }),
    );
    assert.equal(record.decisions.at(-1)?.text, 'disk pvc-1');
  });

  it('notes once since when it is gone', () => {
    const before = recordWithCluster('deleting');
    const seen = observation({ cluster: null, leftovers: 'unknown' });
    assert.equal(planGoneCluster(before, seen).record.cluster?.goneAt, ago(0));
    const known = { ...before, cluster: { ...before.cluster, goneAt: ago(60) } };
    assert.equal(planGoneCluster(known, seen).record.cluster?.goneAt, ago(60));
  });
});

describe('finish', () => {
  it('costs nothing from then on', () => {
    assert.equal(finish(recordIn('deleting', cancelled), NOW_MS).record.spending.usdPerHour, 0);
  });

  it('an attempt that ends without a reason says so', () => {
    const before = recordIn('deleting', { ending: null });
    expectStep(before, finish(before, NOW_MS), { phase: 'failed', ending: 'failed: FF-UNKNOWN', actions: [] });
  });
});
