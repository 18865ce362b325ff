/** The cluster on its way: asked for again, given back, left alone when it is not ours. */
import { describe, it } from 'node:test';
import type { JobRecord } from '../../../functions/job/job-record.ts';
import type { Observation } from '../../../functions/job/observation.ts';
import { planCreating } from '../../../functions/reconcile/plan-creating.ts';
import { settings } from '../../support/job-world.ts';
import {
  ago,
  clusterView,
  type Expected,
  expectStep,
  NOW_MS,
  observation,
  recordWithCluster,
} from '../../support/plan-fixtures.ts';

const { cluster } = recordWithCluster('creating');
const gone = { cluster: { ...cluster, goneAt: ago(5) } };
const create = {
  do: 'create-cluster',
  name: 'ff-demo-1',
  location: 'zone-a',
  system: { machineType: 'e2-standard-4', spot: false, diskGb: 100 },
  // limits.time is 12 h, of which earlier attempts have used 300 s; one hour is for winding down.
  endsByMs: NOW_MS + (13 * 3600 - 300) * 1000,
  mostMachines: 13,
} as const;
const givenBack: Expected = {
  phase: 'deleting',
  decisions: ['phase deleting: deleting'],
  actions: [{ do: 'delete-cluster', name: 'ff-demo-1', location: 'zone-a' }],
  ending: null,
};
const triedAll = { cluster: { ...gone.cluster, exhausted: ['zone-a', 'zone-b'] } };

const rows: [name: string, record: Partial<JobRecord>, cluster: Observation['cluster'], expected: Expected][] = [
  ['its state cannot be read', {}, 'unknown', { phase: 'creating', decisions: ['wait: cluster-unknown'], actions: [] }],
  [
    'it is not there: asked for again, by the same name',
    {},
    null,
    {
      phase: 'creating',
      decisions: ['create-cluster: cluster-absent'],
      actions: [{ ...create, endsByMs: create.endsByMs - 600_000 }],
    },
  ],
  [
    'it is being made',
    {},
    clusterView({ state: 'provisioning' }),
    { phase: 'creating', decisions: [], actions: [], waitingFor: /ff-demo-1 in zone-a \(provisioning for 600 s\)/ },
  ],
  [
    'it takes unusually long',
    { cluster: { ...cluster, createRequestedAt: ago(1801) } },
    clusterView({ state: 'provisioning' }),
    { phase: 'creating', actions: [], waitingFor: /unusually long/ },
  ],
  [
    'it runs',
    {},
    clusterView(),
    { phase: 'starting', decisions: ['phase starting: starting'], actions: [{ do: 'apply-workload', workers: 2 }] },
  ],
  ['it runs and is being changed', {}, clusterView({ state: 'reconciling' }), { phase: 'starting' }],
  ['it is in error', {}, clusterView({ state: 'error' }), givenBack],
  ['it has no machines', {}, clusterView({ state: 'provisioning', stockout: true }), givenBack],
  [
    'it is not ours: not touched',
    {},
    clusterView({ ours: false }),
    { phase: 'failed', actions: [], ending: 'failed: FF-CLUSTER-FOREIGN' },
  ],
  ['it was lost: a new one', gone, null, { phase: 'creating', actions: [create], ending: null }],
  [
    'one place is exhausted: the next one',
    { cluster: { ...gone.cluster, exhausted: ['zone-a'] } },
    null,
    { phase: 'creating', actions: [{ ...create, location: 'zone-b' }] },
  ],
  [
    'the request itself was refused there: the next one, at once',
    { cluster: { ...cluster, exhausted: ['zone-a'] } },
    null,
    { phase: 'creating', actions: [{ ...create, location: 'zone-b' }] },
  ],
  [
    'another place was refused, this one was asked: it is asked again',
    { cluster: { ...cluster, exhausted: ['zone-b'] } },
    null,
    { phase: 'creating', decisions: ['create-cluster: cluster-absent'] },
  ],
  ['no place is left', triedAll, null, { phase: 'failed', actions: [], ending: 'failed: FF-CLUSTER-STOCKOUT' }],
  [
    'eight clusters are enough',
    { ...gone, clustersMade: 8 },
    null,
    { phase: 'failed', actions: [], ending: 'failed: FF-CLUSTER-STOCKOUT' },
  ],
];

describe('planCreating', () => {
  for (const [name, record, view, expected] of rows)
    it(name, () => {
      const before = recordWithCluster('creating', record);
      expectStep(before, planCreating(before, observation({ cluster: view }), settings), expected);
    });
});
