/** Pure decisions of the kubelet: what to start, when to retry, what to report. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressPool } from '../../local-cloud/kubelet/node/addresses.ts';
import { nextBackOff, retryAtMs, type BackOff } from '../../local-cloud/kubelet/back-off.ts';
import { planPod } from '../../local-cloud/kubelet/pod/pod-plan.ts';
import {
  newPodRecord,
  type ContainerRecord,
  type EndedRun,
  type PodRecord,
} from '../../local-cloud/kubelet/pod/pod-record.ts';
import {
  goDuration,
  podPhase,
  podStatus,
  qosClass,
  type StatusInput,
} from '../../local-cloud/kubelet/pod/pod-status.ts';
import { ProbeCounter } from '../../local-cloud/kubelet/container/probes.ts';
import type { Pod } from '../../local-cloud/kubelet/types.ts';

const LIMITS = { initialMs: 10_000, maxMs: 300_000 };
const NOW = Date.UTC(2026, 10, 23);

function pod(spec: Partial<NonNullable<Pod['spec']>> = {}, status: Pod['status'] = {}): Pod {
  const metadata = { name: 'p', namespace: 'n', uid: 'u' };
  return { metadata, spec: { containers: [{ name: 'main', image: 'i' }], ...spec }, status };
}

function ended(exitCode: number, finishedMs = NOW): EndedRun {
  return { exitCode, reason: 'Error', startedMs: finishedMs, finishedMs, containerId: 'c' };
}

/** A record of the pod with some containers as given. */
function record(of: Pod, states: Record<string, Partial<ContainerRecord>> = {}): PodRecord {
  const fresh = newPodRecord(of, '127.0.0.2', NOW);
  return { ...fresh, containers: fresh.containers.map((one) => ({ ...one, ...states[one.name] })) };
}

function plan(of: Pod, states: Record<string, Partial<ContainerRecord>> = {}, started: string[] = []) {
  return planPod(of, record(of, states).containers, new Set(started), NOW, LIMITS);
}

function input(
  of: Pod,
  states: Record<string, Partial<ContainerRecord>> = {},
  more: Partial<StatusInput> = {},
): StatusInput {
  const names = new Set<string>();
  const base = { pod: of, record: record(of, states), nowMs: NOW, hostIp: '127.0.0.1', started: names, ready: names };
  return { ...base, waiting: new Map(), ending: false, limits: LIMITS, ...more };
}

test('back-off: the first retry is free, then 10 s doubling to 5 min, forgotten after 10 min', () => {
  let backOff: BackOff | undefined;
  let now = NOW;
  const waits: number[] = [];
  for (let run = 0; run < 8; run++) {
    const at = retryAtMs(backOff, now, LIMITS);
    waits.push((at - now) / 1000);
    backOff = nextBackOff(backOff, now, at, LIMITS);
    now = at;
  }
  assert.deepEqual(waits, [0, 10, 20, 40, 80, 160, 300, 300]);
  assert.equal(retryAtMs(backOff, now + 601_000, LIMITS), now + 601_000);
});

test('init containers run one after another, then all main containers', () => {
  const both = pod({ initContainers: [{ name: 'a' }, { name: 'b' }], containers: [{ name: 'x' }, { name: 'y' }] });
  assert.deepEqual(plan(both).start, ['a']);
  assert.deepEqual(plan(both, { a: { state: 'running' } }).start, []);
  assert.deepEqual(plan(both, { a: { state: 'ended', ended: ended(0) } }).start, ['b']);
  const done = { state: 'ended' as const, ended: ended(0) };
  assert.deepEqual(plan(both, { a: done, b: done }).start, ['x', 'y']);
});

test('a sidecar holds the others until it has started, and is stopped last', () => {
  const with1 = pod({ restartPolicy: 'Never', initContainers: [{ name: 's', restartPolicy: 'Always' }] });
  assert.deepEqual(plan(with1).start, ['s']);
  assert.deepEqual(plan(with1, { s: { state: 'running' } }).start, []);
  assert.deepEqual(plan(with1, { s: { state: 'running' } }, ['s']).start, ['main']);
  const over = plan(with1, { s: { state: 'running' }, main: { state: 'ended', ended: ended(0) } }, ['s']);
  assert.deepEqual([over.stop, over.finished], [['s'], false]);
});

test('restart policy', () => {
  const at = (policy: string, exitCode: number) => {
    const { start, finished } = plan(pod({ restartPolicy: policy }), {
      main: { state: 'ended', ended: ended(exitCode) },
    });
    return finished ? 'finished' : start.join();
  };
  assert.deepEqual([at('Always', 0), at('Always', 1)], ['main', 'main']);
  assert.deepEqual([at('OnFailure', 0), at('OnFailure', 1)], ['finished', 'main']);
  assert.deepEqual([at('Never', 0), at('Never', 1)], ['finished', 'finished']);
});

test('in back-off nothing starts and the time to look again is known', () => {
  const waiting = { state: 'ended' as const, ended: ended(1), backOff: { delayMs: 10_000, sinceMs: NOW - 1 } };
  const planned = plan(pod(), { main: waiting });
  assert.deepEqual([planned.start, planned.wakeAtMs], [[], NOW + 10_000]);
});

test('phase', () => {
  const of = (
    spec: Partial<NonNullable<Pod['spec']>>,
    states: Record<string, Partial<ContainerRecord>>,
    ending = false,
  ) => podPhase(input(pod(spec), states, { ending }));
  assert.equal(of({}, {}), 'Pending');
  assert.equal(of({}, { main: { state: 'running' } }), 'Running');
  assert.equal(of({}, { main: { state: 'ended', ended: ended(1) } }), 'Running');
  assert.equal(of({ restartPolicy: 'Never' }, { main: { state: 'ended', ended: ended(0) } }), 'Succeeded');
  assert.equal(of({ restartPolicy: 'Never' }, { main: { state: 'ended', ended: ended(1) } }), 'Failed');
  assert.equal(of({}, { main: { state: 'ended', ended: ended(0) } }, true), 'Succeeded');
  const two = { containers: [{ name: 'a' }, { name: 'b' }] };
  assert.equal(of(two, { a: { state: 'running' } }), 'Pending');
  assert.equal(
    of({ ...two, restartPolicy: 'Never' }, { a: { state: 'ended', ended: ended(1) }, b: { state: 'running' } }),
    'Running',
  );
});

test('CrashLoopBackOff is a waiting state with the last run beside it', () => {
  const crashed = {
    state: 'ended' as const,
    restartCount: 2,
    ended: ended(7),
    backOff: { delayMs: 40_000, sinceMs: NOW },
  };
  const [status] = podStatus(input(pod(), { main: crashed })).containerStatuses ?? [];
  assert.equal(status?.state?.waiting?.reason, 'CrashLoopBackOff');
  assert.equal(status?.state?.waiting?.message, 'back-off 40s restarting failed container=main pod=p_n(u)');
  assert.equal(status?.lastState?.terminated?.exitCode, 7);
  assert.equal(status?.restartCount, 2);
});

test('conditions keep their transition time and those of others', () => {
  const old = [
    { type: 'Ready', status: 'False', lastTransitionTime: '2026-01-01T00:00:00Z' },
    { type: 'PodScheduled', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' },
    { type: 'example.com/gate', status: 'True' },
  ];
  const conditions = podStatus(input(pod({}, { conditions: old }))).conditions ?? [];
  const of = (type: string) => conditions.find((condition) => condition.type === type);
  assert.equal(of('Ready')?.lastTransitionTime, '2026-01-01T00:00:00Z');
  assert.equal(of('Ready')?.message, 'containers with unready status: [main]');
  assert.equal(of('Initialized')?.lastTransitionTime, '2026-11-23T00:00:00Z');
  assert.equal(of('example.com/gate')?.status, 'True');
});

test('a pod that ran on a machine which was replaced counts as lost', () => {
  const status = {
    containerStatuses: [
      {
        name: 'main',
        containerID: 'process://abc',
        restartCount: 3,
        image: 'i',
        imageID: 'i',
        ready: true,
        state: { running: { startedAt: '2026-11-22T00:00:00Z' } },
      },
    ],
  };
  const [container] = newPodRecord(pod({}, status), '127.0.0.2', NOW).containers;
  assert.equal(container?.ended?.exitCode, 137);
  assert.equal(container?.restartCount, 3);
});

test('quality of service', () => {
  const of = (resources: object) => qosClass(pod({ containers: [{ name: 'main', resources }] }));
  assert.equal(of({}), 'BestEffort');
  assert.equal(of({ requests: { cpu: '1' } }), 'Burstable');
  assert.equal(of({ limits: { cpu: '1', memory: '1Gi' } }), 'Guaranteed');
});

test('probe thresholds', () => {
  const counter = new ProbeCounter({ successThreshold: 2, failureThreshold: 3 });
  const results = [true, true, false, false, true, false, false, false].map((ok) => counter.add(ok));
  assert.deepEqual(results, [undefined, true, undefined, undefined, undefined, undefined, undefined, false]);
});

test('addresses are stable, unique and reused', () => {
  const pool = new AddressPool('127.20.3');
  pool.claim('kept', '127.20.3.2');
  assert.equal(pool.allocate('a'), '127.20.3.3');
  assert.equal(pool.allocate('a'), '127.20.3.3');
  assert.equal(pool.allocate('kept'), '127.20.3.2');
  pool.release('kept');
  assert.equal(pool.allocate('b'), '127.20.3.2');
  for (let n = 0; n < 251; n++) assert.ok(pool.allocate(`more-${n}`));
  assert.equal(pool.allocate('one too many'), undefined);
});

test('durations are written as Go writes them', () => {
  assert.deepEqual([100, 10_000, 60_000, 300_000].map(goDuration), ['100ms', '10s', '1m0s', '5m0s']);
});
