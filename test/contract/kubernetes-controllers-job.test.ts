import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { conditionsOf, findCondition, isTrue as holds } from '../../local-cloud/kubernetes/controllers/conditions.ts';
import type { Job, JobSpec, Pod, PodSpec } from '../../local-cloud/kubernetes/objects.ts';
import { controllersWorld, job, NAMESPACE, type ControllersWorld } from '../support/controllers-world.ts';

let world: ControllersWorld;
beforeEach(() => {
  world = controllersWorld();
  for (const name of ['n1', 'n2']) world.addNode(name, { cpu: '16' });
});
afterEach(() => {
  assert.deepEqual(world.log, []);
  world.stop();
});

const status = (name = 'j'): NonNullable<Job['status']> => world.get('jobs', name).status ?? {};
const isTrue = (type: string, name = 'j'): boolean => holds(world.get('jobs', name), type);
const reason = (type: string): string | undefined => findCondition(conditionsOf(world.get('jobs', 'j')), type)?.reason;
const running = (): Pod[] => world.pods().filter((pod) => pod.status?.phase === 'Running');
const after = (time: string | undefined, earlier: string | undefined): boolean =>
  time !== undefined && earlier !== undefined && time > earlier;
const nodeOf = (pod: Pod | undefined): string => pod?.spec?.nodeName ?? '';
const reasons = (): string[] =>
  world.store
    .list('events', { where: (event) => event.involvedObject?.kind === 'Job' })
    .map((event) => event.reason ?? '');

function create(spec: JobSpec = {}, podSpec: PodSpec = {}): void {
  world.store.create('jobs', job('j', spec, podSpec));
  world.settle();
}

function change(edit: (spec: JobSpec) => void): void {
  const next = structuredClone(world.get('jobs', 'j'));
  edit((next.spec ??= {}));
  world.store.update('jobs', next);
  world.settle();
}

function endOne(exitCode: number): void {
  const pod = running()[0];
  assert.ok(pod, 'no pod is running');
  world.end(pod, exitCode);
  world.settle();
}

test('job: runs to completion, never more than parallelism at once', () => {
  create({ parallelism: 2, completions: 3 });
  assert.equal(running().length, 2);
  assert.deepEqual([status().active, status().ready], [2, 2]);
  endOne(0);
  assert.equal(running().length, 2);
  assert.equal(status().succeeded, 1);
  endOne(0);
  assert.equal(running().length, 1);
  assert.equal(status().completionTime, undefined);
  endOne(0);
  assert.ok(isTrue('SuccessCriteriaMet') && isTrue('Complete'));
  assert.equal(reason('Complete'), 'CompletionsReached');
  assert.equal(status().succeeded, 3);
  assert.equal(status().active, undefined);
  assert.ok(!after(status().startTime, status().completionTime ?? ''));
  assert.ok(reasons().includes('Completed'));
  assert.equal(world.pods().length, 3);
  assert.ok(world.pods().every((pod) => pod.metadata.finalizers === undefined));
});

test('job: without completions, one success lets the others finish and starts nothing new', () => {
  create({ parallelism: 3, completions: undefined });
  assert.equal(running().length, 3);
  endOne(0);
  assert.equal(running().length, 2);
  assert.equal(isTrue('Complete'), false);
  endOne(0);
  endOne(0);
  assert.ok(isTrue('Complete'));
  assert.equal(status().succeeded, 3);
});

test('job: failed pods are replaced after 10 s, 20 s, 40 s; beyond backoffLimit the job fails', () => {
  create({ backoffLimit: 2 });
  for (const pauseMs of [10_000, 20_000]) {
    endOne(1);
    assert.equal(running().length, 0);
    world.clock.advance(pauseMs - 2000);
    assert.equal(running().length, 0);
    world.clock.advance(2000);
    assert.equal(running().length, 1);
  }
  endOne(1);
  assert.ok(isTrue('FailureTarget') && isTrue('Failed'));
  assert.equal(reason('Failed'), 'BackoffLimitExceeded');
  assert.equal(status().failed, 3);
  assert.equal(status().completionTime, undefined);
  assert.ok(reasons().includes('BackoffLimitExceeded'));
  world.clock.advance(600_000);
  assert.equal(running().length, 0);
});

test('job: activeDeadlineSeconds ends its pods, and Failed waits until they are gone', () => {
  create({ activeDeadlineSeconds: 30 });
  world.dead.add(nodeOf(running()[0]));
  world.clock.advance(30_000);
  assert.ok(isTrue('FailureTarget'));
  assert.equal(isTrue('Failed'), false);
  const pod = world.pods()[0];
  assert.ok(pod?.metadata.deletionTimestamp);
  world.store.delete('pods', NAMESPACE, pod.metadata.name, { gracePeriodSeconds: 0 });
  world.settle();
  assert.equal(reason('Failed'), 'DeadlineExceeded');
  assert.equal(status().failed, 1);
});

test('job: suspended it has no pods; resumed its time starts afresh; what it let go does not count', () => {
  create();
  const started = status().startTime;
  world.clock.advance(5000);
  change((spec) => (spec.suspend = true));
  assert.equal(world.pods().length, 0);
  assert.ok(isTrue('Suspended'));
  assert.equal(status().startTime, started);
  assert.equal(status().failed, undefined);
  change((spec) => (spec.suspend = false));
  assert.equal(running().length, 1);
  assert.equal(isTrue('Suspended'), false);
  assert.ok(after(status().startTime, started));
  assert.deepEqual(
    reasons()
      .filter((each) => /Suspended|Resumed/.test(each))
      .sort(),
    ['Resumed', 'Suspended'],
  );
});

test('job: fewer parallel pods are wanted: the surplus goes without counting as failed', () => {
  create({ parallelism: 3, completions: 5 });
  change((spec) => (spec.parallelism = 1));
  assert.equal(running().length, 1);
  assert.equal(status().failed, undefined);
});

const policy = {
  podFailurePolicy: {
    rules: [
      { action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } },
      { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] },
      { action: 'Count', onExitCodes: { operator: 'NotIn', values: [4] } },
    ],
  },
};

test('job: podFailurePolicy FailJob ends the job at the first such exit code', () => {
  create({ ...policy, parallelism: 2, completions: 2 });
  const pod = running()[0];
  endOne(1);
  assert.equal(reason('Failed'), 'PodFailurePolicy');
  const message = findCondition(conditionsOf(world.get('jobs', 'j')), 'Failed')?.message;
  assert.equal(
    message,
    `Container main for pod default/${pod?.metadata.name} failed with exit code 1 matching FailJob rule at index 0`,
  );
  assert.equal(running().length, 0);
});

test('job: podFailurePolicy Ignore does not count a disrupted pod and replaces it at once', () => {
  create({ ...policy, backoffLimit: 0 });
  const pod = running()[0];
  assert.ok(pod);
  const disrupted = { type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' };
  const conditions = [...conditionsOf(pod), disrupted];
  world.end(world.store.updateStatus('pods', { ...pod, status: { ...pod.status, conditions } }), 143);
  world.settle();
  assert.equal(status().failed, undefined);
  assert.equal(running().length, 1);
});

test('job: other failures count', () => {
  create({ ...policy, backoffLimit: 0 });
  endOne(4);
  assert.equal(reason('Failed'), 'BackoffLimitExceeded');
});

test('job: restarts in place count against the limit with restartPolicy OnFailure', () => {
  create({ backoffLimit: 2 }, { restartPolicy: 'OnFailure' });
  const pod = running()[0];
  assert.ok(pod);
  const containerStatuses = [{ ...pod.status?.containerStatuses?.[0], restartCount: 2 }];
  world.store.updateStatus('pods', { ...pod, status: { ...pod.status, containerStatuses } });
  world.settle();
  assert.equal(reason('Failed'), 'BackoffLimitExceeded');
});

test('job: a pod whose machine vanishes counts as failed once and is replaced elsewhere', () => {
  create();
  const first = running()[0];
  assert.ok(first);
  world.dead.add(nodeOf(first));
  world.store.delete('nodes', undefined, nodeOf(first));
  world.settle();
  assert.equal(status().failed, 1);
  assert.equal(world.store.get('pods', NAMESPACE, first.metadata.name), undefined);
  world.clock.advance(10_000);
  assert.equal(running().length, 1);
  assert.notEqual(nodeOf(running()[0]), nodeOf(first));
  endOne(0);
  assert.ok(isTrue('Complete'));
  assert.deepEqual([status().succeeded, status().failed], [1, 1]);
});

test('job: ends that happen while no controller runs are counted, each once', () => {
  create({ parallelism: 2, completions: 4 });
  const [a, b] = running();
  assert.ok(a && b);
  world.restart();
  world.end(a, 0);
  world.restart();
  world.end(b, 0);
  world.settle();
  world.restart();
  world.settle();
  assert.equal(status().succeeded, 2);
  assert.equal(running().length, 2);
});

test('job: deleted, its pods go and are not held by their finalizer', () => {
  create({ parallelism: 2, completions: 2 });
  world.store.delete('jobs', NAMESPACE, 'j', { propagationPolicy: 'Background' });
  world.settle();
  assert.equal(world.pods().length, 0);
});
