/** Work that no worker comes for ends the attempt after half an hour, with the pods' own trouble as the reason. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endWithoutWorkers } from '../../../functions/reconcile/plan-no-workers.ts';
import type { PodView } from '../../../functions/ports/workloads.ts';
import { ago, pod, recordIn, seenWorking, workloadView } from '../../support/plan-fixtures.ts';

const unready = pod('w1', { ready: false, node: null });
const redis = pod('redis', { role: 'redis' });
const limit = 30 * 60;

const rows: [name: string, stalledSeconds: number | null, pods: PodView[], message: string | null][] = [
  ['there is progress', null, [], null],
  ['a worker is ready', limit * 9, [unready, pod('w2')], null],
  ['not yet half an hour', limit - 1, [unready], null],
  ['half an hour without a worker', limit, [], 'no worker for 30 minutes: no worker became ready'],
  ['Redis and driver are no workers', limit, [redis], 'no worker for 30 minutes: no worker became ready'],
  [
    'the pods say why',
    limit,
    [{ ...unready, trouble: 'Insufficient cpu' }],
    'no worker for 30 minutes: Insufficient cpu',
  ],
];

describe('endWithoutWorkers', () => {
  for (const [name, stalledSeconds, pods, message] of rows)
    it(`${name}: ${message === null ? 'it goes on' : 'it ends'}`, () => {
      const stalledSince = stalledSeconds === null ? null : ago(stalledSeconds);
      const seen = seenWorking({ workload: workloadView({ pods }) });
      const { phase, ending } = endWithoutWorkers(recordIn('running', { stalledSince }), seen);
      assert.deepEqual([phase, ending?.message ?? null], [message === null ? 'running' : 'draining', message]);
      if (message !== null) assert.deepEqual([ending?.outcome, ending?.code], ['failed', 'FF-NO-WORKERS']);
    });
});
