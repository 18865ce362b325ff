/** The canary's verdict: none before enough tasks were tried, growth by one success, an end by failures alone. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JobRecord } from '../../../functions/job/job-record.ts';
import type { Observation } from '../../../functions/job/observation.ts';
import { planCanary } from '../../../functions/reconcile/plan-canary.ts';
import { settings } from '../../support/job-world.ts';
import {
  clusterView,
  type Expected,
  expectStep,
  observation,
  pod,
  poolView,
  progressOf,
  recordWithCluster,
  specOf,
  workloadView,
} from '../../support/plan-fixtures.ts';

const flavour = { machineType: 'e2-standard-4', spot: true, zone: 'zone-a' };
const noPlace = { node: null, ready: false, trouble: 'Unschedulable: 0/1 nodes are available: 1 Insufficient cpu.' };
const onSystem = { node: 'system' };
const manual = { spec: specOf('canary: {approval: manual}') };
const closed = { gate: { tasks: 4, begun: 4 } };
const tried = (done: number, failed: number): Partial<Observation> => ({
  ...closed,
  progress: progressOf({ done, failed, running: 4 - done - failed, waiting: 12 }),
});

const rows: [name: string, record: Partial<JobRecord>, seen: Partial<Observation>, expected: Expected][] = [
  [
    'fewer tasks than the canary has: no verdict',
    {},
    tried(3, 0),
    {
      phase: 'canary',
      decisions: [],
      actions: [{ do: 'renew-lease' }, { do: 'back-up' }],
      waitingFor: /3 of 4 tasks on 2 machines/,
    },
  ],
  [
    'it runs on the system machine alone',
    { fleet: { workers: 2, nodes: 0, code: 'canary', text: '' } },
    {
      ...tried(3, 0),
      cluster: clusterView({ pools: [] }),
      workload: workloadView({ pods: [pod('w1', onSystem)], nodes: [] }),
    },
    { phase: 'canary', actions: [{ do: 'renew-lease' }, { do: 'back-up' }], waitingFor: /on the system machine$/ },
  ],
  [
    'workers without room there get one machine of their own, not each',
    { fleet: { workers: 2, nodes: 0, code: 'canary', text: '' } },
    {
      ...tried(0, 0),
      cluster: clusterView({ pools: [] }),
      workload: workloadView({ pods: ['w1', 'w2'].map((name) => pod(name, noPlace)), nodes: [] }),
    },
    {
      actions: [
        { do: 'renew-lease' },
        { do: 'back-up' },
        { do: 'create-pool', name: 'ws-a-e2-standard-4', flavour, diskGb: 50, nodes: 1 },
      ],
      waitingFor: /Insufficient cpu/,
    },
  ],
  [
    'the cloud has no such machine: one of the next kind, and the refused one is not hoped for',
    {},
    {
      ...tried(0, 0),
      cluster: clusterView({ pools: [poolView({ state: 'provisioning', refused: ['m1'], shortage: 'STOCKOUT' })] }),
      workload: workloadView({ pods: [pod('w1', noPlace)], nodes: [] }),
    },
    {
      decisions: ['no machines: machines-refused'],
      actions: [
        { do: 'renew-lease' },
        { do: 'back-up' },
        { do: 'delete-nodes', nodes: ['m1'] },
        {
          do: 'create-pool',
          name: 'ws-b-e2-standard-4',
          flavour: { ...flavour, zone: 'zone-b' },
          diskGb: 50,
          nodes: 1,
        },
      ],
      waitingFor: /^no e2-standard-4 Spot in zone-a, trying e2-standard-4 Spot in zone-b$/,
    },
  ],
  ['failures alone, but not all tasks tried: no verdict', {}, tried(0, 3), { phase: 'canary', ending: null }],
  ['all tasks failed: the end', {}, tried(0, 4), { phase: 'draining', ending: 'failed: FF-CANARY-FAILED' }],
  ['what waits for more memory was tried', {}, { ...tried(3, 0), largeWaiting: 1 }, { phase: 'running', ending: null }],
  [
    'memory ran out in all that did not fail: the end, before anything is grown',
    {},
    { ...tried(0, 1), largeWaiting: 3 },
    { phase: 'draining', ending: 'failed: FF-CANARY-FAILED' },
  ],
  ['one success is enough', {}, tried(1, 3), { phase: 'running', ending: null }],
  [
    'a short job is judged by what it has',
    {},
    { ...closed, progress: progressOf({ done: 2, total: 2, running: 0, waiting: 0 }) },
    { phase: 'running' },
  ],
  [
    'a script that has no iteration yet: no verdict',
    {},
    { ...closed, progress: progressOf({ done: 0, total: 0, running: 0, waiting: 0 }) },
    { phase: 'canary', ending: null },
  ],
  [
    'a manual approval is waited for, with the gate closed',
    manual,
    tried(4, 0),
    {
      phase: 'approval',
      decisions: ['phase approval: approval'],
      actions: [{ do: 'renew-lease' }, { do: 'back-up' }],
      waitingFor: /approval/,
    },
  ],
  ['an approval that came early counts', { ...manual, approved: true }, tried(4, 0), { phase: 'running' }],
  ['a lost cluster is followed by a new one', {}, { cluster: null }, { phase: 'creating' }],
  [
    'a script that has ended needs no verdict',
    {},
    { ...tried(1, 0), workload: workloadView({ driver: 'succeeded' }) },
    { phase: 'draining', ending: 'succeeded: done' },
  ],
];

describe('planCanary', () => {
  for (const [name, record, seen, expected] of rows)
    it(name, () => {
      const before = recordWithCluster('canary', record);
      expectStep(before, planCanary(before, observation(seen), settings), expected);
    });

  it('opens the gate and grows in the same step', () => {
    const before = recordWithCluster('canary');
    const progress = progressOf({ done: 4, running: 0, waiting: 12 });
    expectStep(before, planCanary(before, observation({ ...closed, progress }), settings), {
      decisions: ['phase running: running', 'grow: work'],
      actions: [
        { do: 'renew-lease' },
        { do: 'back-up' },
        { do: 'set-gate', tasks: 'open' },
        { do: 'resize-pool', name: 'ws-a-e2-standard-4', flavour, nodes: 2 },
        { do: 'scale-workers', from: 3, replicas: 6, idlePods: [] },
      ],
    });
  });

  it('waits in approval until it is given', () => {
    const before = recordWithCluster('approval', manual);
    expectStep(before, planCanary(before, observation(tried(4, 0)), settings), { phase: 'approval', decisions: [] });
    const approved = recordWithCluster('approval', { ...manual, approved: true });
    expectStep(approved, planCanary(approved, observation(tried(4, 0)), settings), { phase: 'running' });
  });

  it('says how the tasks failed, where a report has come', () => {
    const messageOf = (record: Partial<JobRecord>): string | undefined =>
      planCanary(recordWithCluster('canary', record), observation(tried(0, 4)), settings).record.ending?.message;
    const recentErrors = [{ loop: 1, iteration: 2, message: 'no such file', worker: 'w1', final: true }];
    assert.equal(messageOf({}), 'all 4 canary tasks failed');
    assert.equal(messageOf({ recentErrors }), 'all 4 canary tasks failed: no such file');
  });
});
