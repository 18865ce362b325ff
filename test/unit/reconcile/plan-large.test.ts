/**
 * Workers with a machine's memory to themselves: as many as what waits for them deserves, none when nothing does. A
 * machine boots in 100 s here, so one of them deserves 200 s of work.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WorkerProgress } from '../../../functions/job/progress.ts';
import { planLarge } from '../../../functions/reconcile/plan-large.ts';
import type { SeenWorking } from '../../../functions/reconcile/tend-workload.ts';
import { NOW_MS, pod, progressOf, seenWorking, workloadView } from '../../support/plan-fixtures.ts';

const bounds = { bootSeconds: 100, patienceSeconds: 100, mostNodes: 3 };
const NAMES = ['workers-large-6d5f-a', 'workers-large-6d5f-b', 'workers-large-6d5f-c'] as const;
const worker = (name: string, state: WorkerProgress['state'], seconds = 5): WorkerProgress => {
  const sinceSeconds = NOW_MS / 1000 - seconds;
  return { pod: name, state, loop: 1, iterations: state === 'busy' ? 1 : 0, sinceSeconds, beatSeconds: NOW_MS / 1000 };
};
/** So many of them are wanted, and there; 100 s for each iteration. */
const there = (count: number, largeWaiting: number, part: Partial<SeenWorking> = {}): SeenWorking =>
  seenWorking({
    largeWaiting,
    workload: workloadView({
      largeWanted: count,
      pods: [pod('w1'), ...NAMES.slice(0, count).map((name) => pod(name))],
    }),
    workers: [worker('w1', 'idle', 9000), ...NAMES.slice(0, count).map((name) => worker(name, 'busy'))],
    ...part,
  });

const rows: [
  name: string,
  seen: SeenWorking,
  workers: number,
  change: [from: number, to: number, pods: string[]] | null,
][] = [
  ['nothing waits: none', there(0, 0), 0, null],
  ['one iteration: one', there(0, 1), 1, [0, 1, []]],
  ['two boot times of work for each', there(0, 5), 3, [0, 3, []]],
  ['nothing is measured: one', there(0, 5, { progress: progressOf({ meanSeconds: null }) }), 1, [0, 1, []]],
  ['no more than there may be machines', there(0, 50), 3, [0, 3, []]],
  ['who works is counted beside what waits', there(1, 3), 2, [1, 2, []]],
  ['other workers are not counted as work for them', there(0, 2, { workers: [worker('w1', 'busy')] }), 1, [0, 1, []]],
  ['nor who is idle', there(1, 2, { workers: [worker(NAMES[0], 'idle')] }), 1, null],
  [
    'of those that have been idle for long as many go as are too many',
    there(3, 1, { workers: NAMES.map((name) => worker(name, 'idle', 9000)) }),
    1,
    [3, 1, [NAMES[0], NAMES[1]]],
  ],
  ['who works is counted as work, and stays', there(1, 1), 1, null],
  ['all work: all stay', there(3, 0), 3, null],
  [
    'who has been idle for long goes, and nobody else',
    there(3, 0, { workers: [worker('w1', 'idle', 9000), ...NAMES.map((name, k) => worker(name, 'idle', 98 + 2 * k))] }),
    2,
    [3, 2, [NAMES[2]]],
  ],
  [
    'a pod that never began, and that nothing waits for any more, goes',
    there(1, 0, { workers: [] }),
    0,
    [1, 0, [NAMES[0]]],
  ],
  ['a pod that has not begun yet stays while something waits for it', there(1, 1, { workers: [] }), 1, null],
];

describe('planLarge', () => {
  for (const [name, seen, workers, change] of rows)
    it(name, () => {
      const [from, replicas, idlePods] = change ?? [];
      const actions = change === null ? [] : [{ do: 'scale-workers', from, replicas, idlePods, large: true }];
      assert.deepEqual(planLarge(seen, bounds), { workers, actions });
    });

  it('has none where no machine can be paid', () => {
    assert.deepEqual(planLarge(there(0, 5), { ...bounds, mostNodes: 0 }), { workers: 0, actions: [] });
  });
});
