/** Who goes when the fleet shrinks: only the idle, whole machines first; only machines that no worker is on. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WorkerProgress } from '../../../functions/job/progress.ts';
import type { PodView } from '../../../functions/ports/workloads.ts';
import { chooseVictims, type Surplus, type Victims } from '../../../functions/reconcile/choose-victims.ts';
import { NOW_MS, pod, workloadView } from '../../support/plan-fixtures.ts';

const worker = (name: string, state: WorkerProgress['state'], seconds: number): WorkerProgress => {
  const sinceSeconds = NOW_MS / 1000 - seconds;
  return { pod: name, state, loop: null, iterations: 0, sinceSeconds, beatSeconds: NOW_MS / 1000 };
};
const idle = (name: string, seconds = 101): WorkerProgress => worker(name, 'idle', seconds);

const pods = [pod('w1'), pod('w2'), pod('w3', { node: 'node-2' }), pod('w4', { node: 'node-2' })];
const surplus = { pods: 9, nodes: 9, patienceSeconds: 100 };

interface Row {
  name: string;
  workers?: WorkerProgress[];
  pods?: PodView[];
  surplus?: Partial<Surplus>;
  expected: Victims;
}
const rows: Row[] = [
  { name: 'nobody is idle', workers: [worker('w1', 'busy', 900)], expected: { pods: [], nodes: [] } },
  { name: 'who only starts stays', workers: [worker('w1', 'starting', 900)], expected: { pods: [], nodes: [] } },
  { name: 'idle for no longer than patience: stays', workers: [idle('w1', 100)], expected: { pods: [], nodes: [] } },
  { name: 'idle for longer: goes', workers: [idle('w1')], expected: { pods: ['w1'], nodes: [] } },
  {
    name: 'whole machines become empty first',
    workers: [idle('w1'), idle('w3'), idle('w4')],
    expected: { pods: ['w3', 'w4', 'w1'], nodes: [] },
  },
  {
    name: 'no more than there are too many',
    workers: [idle('w1'), idle('w2')],
    surplus: { pods: 1 },
    expected: { pods: ['w1'], nodes: [] },
  },
  {
    name: 'a lack is no surplus',
    workers: [idle('w1')],
    surplus: { pods: -2, nodes: -1 },
    expected: { pods: [], nodes: [] },
  },
  { name: 'a machine without a worker goes', pods: pods.slice(0, 2), expected: { pods: [], nodes: ['node-2'] } },
  {
    name: 'a pod that has ended holds no machine',
    pods: [pod('w1'), pod('w3', { node: 'node-2', ended: true })],
    expected: { pods: [], nodes: ['node-2'] },
  },
  {
    name: 'a pending pod may be on its way to any machine',
    pods: [pod('w1'), pod('w5', { node: null })],
    expected: { pods: [], nodes: [] },
  },
  {
    name: 'no more machines than there are too many',
    pods: [],
    surplus: { nodes: 1 },
    expected: { pods: [], nodes: ['node-1'] },
  },
];

describe('chooseVictims', () => {
  for (const row of rows)
    it(row.name, () => {
      const nodes = ['node-1', 'node-2'].map((name) => ({ name, ready: true }));
      const workload = workloadView({ pods: row.pods ?? pods, nodes });
      const seen = { workers: row.workers ?? [], workload, nowMs: NOW_MS };
      assert.deepEqual(chooseVictims(seen, { ...surplus, ...row.surplus }), row.expected);
    });

  it('a machine that is not ready yet is no victim', () => {
    const workload = workloadView({ pods: [], nodes: [{ name: 'node-1', ready: false }] });
    assert.deepEqual(chooseVictims({ workers: [], workload, nowMs: NOW_MS }, surplus).nodes, []);
  });
});
