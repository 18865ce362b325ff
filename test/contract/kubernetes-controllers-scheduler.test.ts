import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { conditionsOf, findCondition } from '../../local-cloud/kubernetes/controllers/conditions.ts';
import type { Condition, Event, PodSpec } from '../../local-cloud/kubernetes/objects.ts';
import {
  container,
  controllersWorld,
  NAMESPACE,
  type ControllersWorld,
  type NodeOptions,
} from '../support/controllers-world.ts';

let world: ControllersWorld;
beforeEach(() => {
  world = controllersWorld();
});
afterEach(() => {
  assert.deepEqual(world.log, []);
  world.stop();
});

function addPod(name: string, spec: PodSpec = {}, labels: Record<string, string> = {}): void {
  world.store.create('pods', {
    metadata: { name, namespace: NAMESPACE, labels },
    spec: { containers: [container()], ...spec },
  });
}

const nodeOf = (name: string): string | undefined => world.get('pods', name).spec?.nodeName;
const scheduled = (name: string): Condition | undefined =>
  findCondition(conditionsOf(world.get('pods', name)), 'PodScheduled');
const events = (name: string, reason: string): Event[] =>
  world.store.list('events', { where: (event) => event.involvedObject?.name === name && event.reason === reason });

const refusals: {
  why: string;
  node: NodeOptions & { cordoned?: boolean };
  pod: PodSpec;
  message: string;
}[] = [
  {
    why: 'cpu',
    node: { cpu: '1' },
    pod: { containers: [container('1500m')] },
    message:
      '0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 Preemption is ' +
      'not helpful for scheduling.',
  },
  {
    why: 'cpu and memory',
    node: { cpu: '1', memory: '50Mi' },
    pod: { containers: [container('2')] },
    message:
      '0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory. preemption: 0/1 nodes are ' +
      'available: 1 Preemption is not helpful for scheduling.',
  },
  {
    why: 'a taint',
    node: { taints: [{ key: 'spot', value: 'true', effect: 'NoSchedule' }] },
    pod: {},
    message:
      '0/1 nodes are available: 1 node(s) had untolerated taint {spot: true}. preemption: 0/1 nodes are ' +
      'available: 1 Preemption is not helpful for scheduling.',
  },
  {
    why: 'a node that is not ready',
    node: { ready: false },
    pod: {},
    message:
      '0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }. ' +
      'preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
  },
  {
    why: 'a cordoned node',
    node: { cordoned: true },
    pod: {},
    message:
      '0/1 nodes are available: 1 node(s) were unschedulable. preemption: 0/1 nodes are available: 1 ' +
      'Preemption is not helpful for scheduling.',
  },
  {
    why: 'nodeSelector',
    node: { labels: { pool: 'system' } },
    pod: { nodeSelector: { pool: 'workers' } },
    message:
      "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. preemption: 0/1 " +
      'nodes are available: 1 Preemption is not helpful for scheduling.',
  },
  {
    why: 'required node affinity',
    node: { labels: { pool: 'system' } },
    pod: {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'pool', operator: 'NotIn', values: ['system'] }] }],
          },
        },
      },
    },
    message:
      "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. preemption: 0/1 " +
      'nodes are available: 1 Preemption is not helpful for scheduling.',
  },
];

for (const { why, node, pod, message } of refusals) {
  test(`scheduler refuses: ${why}`, () => {
    const made = world.addNode('n1', node);
    if (node.cordoned) world.store.update('nodes', { ...made, spec: { ...made.spec, unschedulable: true } });
    addPod('p', pod);
    world.settle();
    assert.equal(nodeOf('p'), undefined);
    assert.equal(scheduled('p')?.status, 'False');
    assert.equal(scheduled('p')?.reason, 'Unschedulable');
    assert.equal(scheduled('p')?.message, message);
    assert.equal(events('p', 'FailedScheduling')[0]?.message, message);
    assert.equal(events('p', 'FailedScheduling')[0]?.type, 'Warning');
  });
}

test('scheduler: no nodes at all', () => {
  addPod('p');
  world.settle();
  assert.equal(scheduled('p')?.message, 'no nodes available to schedule pods');
});

test('scheduler: binds, says so, and spreads over equal nodes', () => {
  for (const name of ['n1', 'n2', 'n3']) world.addNode(name);
  for (const name of ['a', 'b', 'c']) addPod(name);
  world.settle();
  assert.deepEqual(new Set(['a', 'b', 'c'].map(nodeOf)), new Set(['n1', 'n2', 'n3']));
  assert.equal(scheduled('a')?.status, 'True');
  assert.equal(events('a', 'Scheduled')[0]?.message, `Successfully assigned default/a to ${nodeOf('a')}`);
});

test('scheduler: the number of pods a node holds is limited by requests and by its pods count', () => {
  world.addNode('n1', { cpu: '1', pods: '2' });
  for (const name of ['a', 'b', 'c']) addPod(name);
  world.settle();
  const waiting = ['a', 'b', 'c'].filter((name) => !nodeOf(name));
  assert.equal(waiting.length, 1);
  assert.match(
    scheduled(waiting[0] ?? '')?.message ?? '',
    /^0\/1 nodes are available: 1 Too many pods\. preemption: .*1 No preemption victims found/,
  );
});

test('scheduler: a waiting pod gets its place when another ends, when a node joins, and when a taint goes', () => {
  world.addNode('n1', { cpu: '1' });
  addPod('first', { containers: [container('1')] });
  world.settle();
  for (const name of ['second', 'third', 'fourth']) addPod(name, { containers: [container('1')] });
  world.settle();
  world.end(world.get('pods', 'first'), 0);
  world.settle();
  const placed = (): string[] => ['second', 'third', 'fourth'].filter((name) => nodeOf(name));
  assert.equal(placed().length, 1);
  world.addNode('n2', { cpu: '1' });
  world.settle();
  assert.equal(placed().length, 2);
  world.addNode('n3', { cpu: '1', taints: [{ key: 'x', effect: 'NoSchedule' }] });
  world.settle();
  assert.equal(placed().length, 2);
  const tainted = world.get('nodes', 'n3');
  world.store.update('nodes', { ...tainted, spec: {} });
  world.settle();
  assert.equal(placed().length, 3);
});

test('scheduler: preferences decide between nodes that fit', () => {
  world.addNode('n1');
  world.addNode('n2', { labels: { pool: 'workers' } });
  const preferred = {
    affinity: {
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 100, preference: { matchExpressions: [{ key: 'pool', operator: 'In', values: ['workers'] }] } },
        ],
      },
    },
  };
  addPod('a', preferred);
  addPod('b', preferred);
  world.settle();
  assert.deepEqual([nodeOf('a'), nodeOf('b')], ['n2', 'n2']);
});

test('scheduler: pods of another scheduler are left alone', () => {
  world.addNode('n1');
  addPod('p', { schedulerName: 'other' });
  world.settle();
  assert.equal(nodeOf('p'), undefined);
  assert.equal(scheduled('p'), undefined);
});

/** Priority and preemption as in Kubernetes' page "Pod Priority and Preemption". */
test('scheduler: pods of lower priority go for one of a higher, the least important and no more than needed', () => {
  for (const [name, value] of Object.entries({ high: 1000, low: 10 }))
    world.store.create('priorityclasses', { metadata: { name }, value });
  world.addNode('n1', { cpu: '3' });
  addPod('low', { containers: [container('1')], priorityClassName: 'low' });
  for (const name of ['none-1', 'none-2']) addPod(name, { containers: [container('1')] });
  world.settle();
  // Whoever waits has no claim on what is made free for a pod of higher priority.
  addPod('waits', { containers: [container('1')] });
  addPod('high', { containers: [container('1')], priorityClassName: 'high' });
  world.settle();
  assert.equal(nodeOf('high'), 'n1');
  assert.equal(nodeOf('low'), 'n1');
  assert.equal(nodeOf('waits'), undefined);
  const left = world.pods().map(({ metadata }) => metadata.name);
  assert.equal(left.filter((name) => name.startsWith('none-')).length, 1);
  const gone = ['none-1', 'none-2'].find((name) => !left.includes(name)) ?? '';
  assert.match(events(gone, 'Preempted')[0]?.message ?? '', /^Preempted by pod \S+ on node n1$/);
});

test('scheduler: nobody goes for a pod that would find no place all the same, nor for one that does not ask', () => {
  world.store.create('priorityclasses', { metadata: { name: 'high' }, value: 1000 });
  world.addNode('n1', { cpu: '1' });
  addPod('none', { containers: [container('1')] });
  world.settle();
  addPod('too-large', { containers: [container('2')], priorityClassName: 'high' });
  addPod('polite', { containers: [container('1')], priorityClassName: 'high', preemptionPolicy: 'Never' });
  world.settle();
  assert.equal(nodeOf('none'), 'n1');
  assert.equal(world.get('pods', 'none').metadata.deletionTimestamp, undefined);
});
