/**
 * The fleet follows the work: it grows at once, and shrinks by who has been idle for a boot time. A machine boots in
 * 100 s here, so a worker deserves 200 s of work; three fit on a machine.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Action } from '../../../functions/job/action.ts';
import type { JobRecord } from '../../../functions/job/job-record.ts';
import type { WorkerProgress } from '../../../functions/job/progress.ts';
import { planFleet } from '../../../functions/reconcile/plan-fleet.ts';
import type { SeenWorking } from '../../../functions/reconcile/tend-workload.ts';
import { settings } from '../../support/job-world.ts';
import {
  ago,
  clusterView,
  type Expected,
  expectStep,
  NOW_MS,
  pod,
  progressOf,
  recordWithCluster,
  seenWorking,
  specOf,
  workloadView,
} from '../../support/plan-fixtures.ts';

const idle = (name: string, seconds: number): WorkerProgress => {
  const sinceSeconds = NOW_MS / 1000 - seconds;
  return { pod: name, state: 'idle', loop: null, iterations: 0, sinceSeconds, beatSeconds: NOW_MS / 1000 };
};
const flavour = { machineType: 'e2-standard-4', spot: true, zone: 'zone-a' };
const grow = (nodes: number, replicas: number, from = 3): Action[] => [
  { do: 'resize-pool', name: 'ws-a-e2-standard-4', flavour, nodes },
  { do: 'scale-workers', from, replicas, idlePods: [] },
];
/** 100 s each. */
const waiting = (count: number): Partial<SeenWorking> => ({ progress: progressOf({ waiting: count }) });
const done = { progress: progressOf({ waiting: 0, running: 0, workersBusy: 0, workersIdle: 3 }) };
const twoMachines = {
  cluster: clusterView({}, 2),
  workload: workloadView({
    nodes: ['node-1', 'node-2'].map((name) => ({ name, ready: true })),
    pods: ['w1', 'w2', 'w3'].map((name) => pod(name)),
  }),
};
const withMoney = (usd: number): Partial<JobRecord> => ({
  spending: { usd, machineSeconds: 0, clusterSeconds: 0, usdPerHour: 0, asOf: ago(0) },
});

const rows: [name: string, record: Partial<JobRecord>, seen: Partial<SeenWorking>, expected: Expected][] = [
  ['a fleet that is right is kept', {}, {}, { decisions: ['keep: work'], actions: [], waitingFor: null }],
  [
    'more work: more workers, on machines that are filled',
    {},
    waiting(20),
    { decisions: ['grow: work'], actions: grow(4, 12) },
  ],
  [
    'workers that each fill a machine: as many as the work deserves, which is not rounded to fill machines of three',
    { spec: specOf('worker: {cpu: 3}') },
    waiting(20),
    { decisions: ['grow: work'], actions: grow(11, 11) },
  ],
  [
    'fewer machines than were asked for before: GKE may answer what is old, so no pool is resized in this pass',
    { fleet: { workers: 30, nodes: 10, code: 'work', text: '' } },
    waiting(20),
    { decisions: ['grow: work'], actions: grow(4, 12).filter((action) => action.do === 'scale-workers') },
  ],
  [
    'more machines in Kubernetes than GKE says: there are that many',
    {},
    { ...waiting(7), workload: workloadView({ nodes: ['a', 'b', 'c', 'd'].map((name) => ({ name, ready: true })) }) },
    { decisions: ['grow: work'], actions: grow(2, 6).filter((action) => action.do === 'scale-workers') },
  ],
  [
    'no more workers than the job file allows',
    { spec: specOf('worker: {max: 5}') },
    waiting(100),
    { decisions: ['grow: maximum'], actions: grow(2, 5) },
  ],
  [
    'no more than iterations are left',
    {},
    { progress: progressOf({ waiting: 2, meanSeconds: 10_000 }) },
    { decisions: ['grow: tasks'], actions: grow(2, 5) },
  ],
  [
    'no more than quota has room for; what is on its way has it already',
    {},
    { ...waiting(100), freeVcpus: 8, cluster: clusterView({}, 2) },
    { decisions: ['grow: quota'], actions: grow(3, 9) },
  ],
  [
    'no more than the money allows',
    { ...withMoney(4.8585), spec: specOf('limits: {usd: 5}') },
    waiting(1000),
    { decisions: ['grow: money'], actions: grow(2, 6) },
  ],
  [
    'a place on a machine that is paid for gets a worker',
    {},
    { ...waiting(3), workload: workloadView({ workersWanted: 1 }) },
    { decisions: ['grow: work'], actions: [{ do: 'scale-workers', from: 1, replicas: 3, idlePods: [] }] },
  ],
  [
    'nothing is measured yet: as it is',
    {},
    { progress: progressOf({ meanSeconds: null }) },
    { decisions: ['keep: unmeasured'], actions: [] },
  ],
  [
    'who has been idle for a boot time goes',
    {},
    { ...done, workers: [idle('w1', 101), idle('w2', 99)] },
    {
      decisions: ['shrink: no-work'],
      actions: [{ do: 'scale-workers', from: 3, replicas: 2, idlePods: ['w1'] }],
    },
  ],
  [
    'one worker stays between two loops',
    {},
    { ...done, workers: ['w1', 'w2', 'w3'].map((name) => idle(name, 900)) },
    { actions: [{ do: 'scale-workers', from: 3, replicas: 1, idlePods: ['w1', 'w2'] }] },
  ],
  [
    'a machine without workers goes',
    {},
    { ...twoMachines, ...done },
    { decisions: ['shrink: no-work'], actions: [{ do: 'delete-nodes', nodes: ['node-2'] }] },
  ],
  [
    'an iteration that needs more memory has a worker and a machine of its own',
    {},
    { largeWaiting: 1, progress: progressOf({ waiting: 4 }) },
    {
      decisions: ['grow: work'],
      actions: [
        { do: 'scale-workers', from: 0, replicas: 1, idlePods: [], large: true },
        { do: 'resize-pool', name: 'ws-a-e2-standard-4', flavour, nodes: 2 },
      ],
    },
  ],
  [
    'where quota has no room for its machine, it gets the place of workers that go',
    {},
    {
      ...done,
      largeWaiting: 1,
      freeVcpus: 0,
      progress: progressOf({ waiting: 1, running: 0 }),
      workers: ['w1', 'w2', 'w3'].map((name) => idle(name, 900)),
    },
    {
      decisions: ['shrink: no-work'],
      actions: [
        { do: 'scale-workers', from: 0, replicas: 1, idlePods: [], large: true },
        { do: 'scale-workers', from: 3, replicas: 0, idlePods: ['w1', 'w2', 'w3'] },
      ],
    },
  ],
  [
    'no worker with more memory is taken for another one',
    {},
    { ...done, workers: [idle('w1', 101), idle('workers-large-6d5f-a', 900)] },
    { actions: [{ do: 'scale-workers', from: 3, replicas: 2, idlePods: ['w1'] }] },
  ],
  ['nobody goes who works', {}, done, { decisions: ['keep: no-work'], actions: [] }],
];

describe('planFleet', () => {
  for (const [name, record, seen, expected] of rows)
    it(name, () => {
      const before = recordWithCluster('running', record);
      expectStep(before, planFleet(before, seenWorking(seen), settings), expected);
    });

  it("takes a third of its cluster's creation for a boot, four minutes at most", () => {
    const { cluster } = recordWithCluster('running');
    const workersAfter = (creationSeconds: number): number => {
      const record = recordWithCluster('running', {
        cluster: { ...cluster, createRequestedAt: ago(creationSeconds + 60), runningAt: ago(60) },
      });
      return planFleet(record, seenWorking(waiting(93)), settings).record.fleet.workers;
    };
    // 9,450 s of work: a worker for twice a boot, at least for 10 s; machines of three are filled.
    assert.deepEqual([150, 600, 720, 7200].map(workersAfter), [32, 24, 21, 21]);
  });
});
