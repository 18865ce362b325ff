/** What every phase with a running driver does first, and when the phase's own rule may go on. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Action } from '../../../functions/job/action.ts';
import type { Observation } from '../../../functions/job/observation.ts';
import { tendWorkload } from '../../../functions/reconcile/tend-workload.ts';
import {
  clusterView,
  type Expected,
  expectStep,
  NOW_MS,
  observation,
  recordWithCluster,
  workloadView,
} from '../../support/plan-fixtures.ts';

const hour = 3600 * 1000;

const settled: [name: string, seen: Partial<Observation>, expected: Expected][] = [
  ['the cluster is lost', { cluster: null }, { phase: 'creating', actions: [] }],
  [
    'the cluster stops',
    { cluster: clusterView({ state: 'stopping' }) },
    { phase: 'running', decisions: ['wait: cluster-stopping'], actions: [] },
  ],
  ['Kubernetes cannot be read', { workload: 'unknown' }, { decisions: ['wait: workload-unknown'], actions: [] }],
  ['there is nothing to read', { workload: null }, { decisions: ['wait: workload-unknown'], actions: [] }],
  ['Redis cannot be read', { progress: 'unknown' }, { decisions: ['wait: queue-unknown'], actions: [] }],
  [
    'something of the workload is missing: made again, with as many workers',
    { workload: workloadView({ applied: false }) },
    { decisions: [], actions: [{ do: 'apply-workload', workers: 3 }] },
  ],
  [
    'the driver has ended, which needs no Redis',
    { progress: 'unknown', workload: workloadView({ driver: 'succeeded' }) },
    { phase: 'draining', ending: 'succeeded: done' },
  ],
];

const tending: Action[] = [{ do: 'renew-lease' }, { do: 'back-up' }];
const working: [name: string, seen: Partial<Observation>, actions: Action[]][] = [
  ['the lease is renewed and results are saved', {}, tending],
  [
    'the end of a container is explained before its iteration is reported',
    {
      deaths: [{ id: '1:2', cause: 'container w1 5 9', pod: 'w1', beganSeconds: 5, countedSeconds: 9 }],
      podEnds: { w1: { reason: 'OOMKilled', exitCode: 137, finishedSeconds: 8, memoryLimit: '2Gi' } },
    },
    [
      { do: 'renew-lease' },
      { do: 'explain-deaths', deaths: [{ id: '1:2', was: 'container w1 5 9', cause: 'memory limit 2Gi' }] },
      { do: 'back-up' },
    ],
  ],
  ['requests are answered', { urlRequests: ['x'] }, [...tending, { do: 'sign-urls', objects: ['x'] }]],
  [
    'inputs of six hours are made anew, with as many workers as are wanted',
    { workload: workloadView({ inputsSignedMs: NOW_MS - 6 * hour, workersWanted: 5 }) },
    [...tending, { do: 'apply-workload', workers: 5 }],
  ],
  ['younger inputs stay', { workload: workloadView({ inputsSignedMs: NOW_MS - 6 * hour + 1 }) }, tending],
  [
    'inputs of an unknown age are made anew',
    { workload: workloadView({ inputsSignedMs: null }) },
    [...tending, { do: 'apply-workload', workers: 3 }],
  ],
];

describe('tendWorkload', () => {
  for (const [name, seen, expected] of settled)
    it(`is all of the step: ${name}`, () => {
      const before = recordWithCluster('running');
      const tended = tendWorkload(before, observation(seen));
      assert.equal(tended.is, 'settled');
      if (tended.is === 'settled') expectStep(before, tended.step, expected);
    });

  for (const [name, seen, actions] of working)
    it(`goes on: ${name}`, () => {
      const tended = tendWorkload(recordWithCluster('running'), observation(seen));
      assert.equal(tended.is, 'working');
      if (tended.is === 'working') assert.deepEqual(tended.actions, actions);
    });
});
