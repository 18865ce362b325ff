/** A cluster that somebody else deletes: waited for while it stops, replaced when it is gone. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Observation } from '../../../functions/job/observation.ts';
import { planLostCluster } from '../../../functions/reconcile/plan-lost-cluster.ts';
import {
  ago,
  clusterView,
  type Expected,
  expectStep,
  observation,
  recordWithCluster,
} from '../../support/plan-fixtures.ts';

const rows: [name: string, cluster: Observation['cluster'], expected: Expected | undefined][] = [
  ['it runs', clusterView(), undefined],
  ['it is being changed', clusterView({ state: 'reconciling' }), undefined],
  ['its state cannot be read: nothing is concluded', 'unknown', undefined],
  [
    'it stops',
    clusterView({ state: 'stopping' }),
    { phase: 'running', decisions: ['wait: cluster-stopping'], actions: [] },
  ],
  ['it is gone', null, { phase: 'creating', decisions: ['phase creating: creating'], actions: [], ending: null }],
];

describe('planLostCluster', () => {
  for (const [name, cluster, expected] of rows)
    it(name, () => {
      const before = recordWithCluster('running');
      const step = planLostCluster(before, observation({ cluster }));
      if (expected === undefined) assert.equal(step, undefined);
      else expectStep(before, step!, expected);
    });

  it('notes when it was gone, which makes the next pass create another one', () => {
    const step = planLostCluster(recordWithCluster('running'), observation({ cluster: null }));
    assert.equal(step?.record.cluster?.goneAt, ago(0));
  });
});
