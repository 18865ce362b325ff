/** Work that no worker comes for ends the attempt after half an hour, with the pods' own trouble as the reason. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JobRecord } from '../../../functions/job/job-record.ts';
import { endWithoutWorkers } from '../../../functions/reconcile/plan-no-workers.ts';
import type { PodView } from '../../../functions/ports/workloads.ts';
import { waitingView } from '../../../functions/job/waiting.ts';
import { ago, pod, progressOf, recordIn, seenWorking, workloadView } from '../../support/plan-fixtures.ts';

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

const large = 'workers-large-6d5f-a';
/** Half an hour after something moved: what waits, of it for more memory, what runs, which workers are ready. */
const largeRows: [name: string, waiting: number, forLarge: number, running: number, ready: string[], ends: boolean][] =
  [
    ['all that waits needs more memory, and other workers do not take it', 2, 2, 0, ['w1'], true],
    ['one iteration is enough for that', 1, 1, 0, ['w1'], true],
    ['a worker with more memory is ready', 2, 2, 0, [large], false],
    ['another worker has something to take', 3, 2, 0, ['w1'], false],
    ['something runs', 2, 2, 1, ['w1'], false],
    ['nothing needs more memory', 2, 0, 0, ['w1'], false],
  ];

describe('work for workers with more memory', () => {
  for (const [name, waiting, largeWaiting, running, ready, ends] of largeRows)
    it(`${name}: ${ends ? 'it ends' : 'it goes on'}`, () => {
      const workload = workloadView({ pods: ready.map((one) => pod(one)) });
      const seen = seenWorking({ workload, largeWaiting, progress: progressOf({ waiting, running }) });
      const { phase } = endWithoutWorkers(recordIn('running', { stalledSince: ago(limit) }), seen);
      assert.equal(phase, ends ? 'draining' : 'running');
    });
});

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

it('where the cloud has no machines, that is told, while it waits and when it ends', () => {
  const text = 'no e2-standard-4 Spot in zone-a, trying e2-standard-4 in zone-a';
  const lacking = { waitingFor: text, waiting: { code: 'machines', since: ago(60) } } as const;
  const pods = [pod('w1', { ready: false, node: null, trouble: 'Unschedulable: 0/1 nodes are available' })];
  const after = (seconds: number): JobRecord =>
    endWithoutWorkers(
      recordIn('running', { ...lacking, stalledSince: ago(seconds) }),
      seenWorking({ workload: workloadView({ pods }) }),
    );
  assert.deepEqual([after(60).waitingFor, after(60).waiting], [text, lacking.waiting]);
  assert.equal(after(1800).ending?.message, `no worker for 30 minutes: ${text}`);
});

describe('a job whose workers do not come', () => {
  const troubles: [trouble: string | null, code: string][] = [
    [null, 'pods-start'],
    ['ContainerCreating', 'pods-start'],
    ['ImagePullBackOff: Back-off pulling image "x"', 'image-pull'],
    ['ErrImagePull: not found', 'image-pull'],
    ['InvalidImageName: x', 'image-pull'],
    ['CrashLoopBackOff: back-off 5m0s restarting failed container', 'pods-crash'],
    ['OOMKilled', 'pods-crash'],
    ['Evicted: The node was low on resource: ephemeral-storage', 'pods-crash'],
    ['Unschedulable: 0/2 nodes are available: 2 Insufficient cpu', 'pods-pending'],
  ];
  for (const [trouble, code] of troubles)
    it(`says so at once: ${trouble ?? 'nothing is known'} is ${code}`, () => {
      const seen = seenWorking({ workload: workloadView({ pods: [{ ...unready, trouble }] }) });
      const { waiting, waitingFor } = endWithoutWorkers(recordIn('running', { stalledSince: null }), seen);
      assert.equal(waiting?.code, code);
      assert.ok(waitingFor?.includes(trouble ?? 'workers to become ready'));
    });

  it('waits since it first waited for that, and says until when', () => {
    const before = { code: 'image-pull', since: ago(60) } as const;
    const pods = [{ ...unready, trouble: 'ErrImagePull: not found' }];
    const seen = seenWorking({ workload: workloadView({ pods }) });
    const { waiting, waitingFor } = endWithoutWorkers(recordIn('running', { waiting: before }), seen);
    assert.deepEqual(waiting, before);
    const view = waitingView(waiting, waitingFor);
    assert.equal(view?.until, ago(60 - limit));
    assert.match(view?.then ?? '', /fails/);
  });

  it('does not wait for workers where there is no work', () => {
    const progress = progressOf({ waiting: 0, running: 0 });
    const seen = seenWorking({ progress, workload: workloadView({ pods: [unready] }) });
    assert.equal(endWithoutWorkers(recordIn('running'), seen).waiting, null);
  });
});
