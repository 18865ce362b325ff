import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { conditionsOf, findCondition } from '../../local-cloud/kubernetes/controllers/conditions.ts';
import { isOf } from '../../local-cloud/kubernetes/is-of.ts';
import type { Condition, Node, Pod, Toleration } from '../../local-cloud/kubernetes/objects.ts';
import { controllersWorld, deployment, NAMESPACE, type ControllersWorld } from '../support/controllers-world.ts';

let world: ControllersWorld;
let beating: Set<string>;
beforeEach(() => {
  world = controllersWorld({ nodeGraceMs: 40_000 });
  world.store.create('namespaces', { metadata: { name: 'kube-node-lease' } });
  beating = new Set();
  const beat = (): void => {
    for (const name of beating) renew(name);
    world.clock.after(10_000, beat);
  };
  beat();
});
afterEach(() => {
  assert.deepEqual(world.log, []);
  world.stop();
});

function renew(name: string): void {
  const renewTime = new Date(world.clock.nowMs()).toISOString();
  const lease = world.store.get('leases', 'kube-node-lease', name);
  if (lease) world.store.update('leases', { ...lease, spec: { ...lease.spec, renewTime } });
  else {
    world.store.create('leases', {
      metadata: { name, namespace: 'kube-node-lease' },
      spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime },
    });
  }
}

function addNode(name: string): void {
  world.addNode(name);
  beating.add(name);
}

/** The machine is gone, and nobody has said so. */
function silence(name: string): void {
  beating.delete(name);
  world.dead.add(name);
}

const condition = (object: Node | Pod, type: string): Condition | undefined =>
  findCondition(conditionsOf(object), type);
const ready = (name: string): Condition | undefined => condition(world.get('nodes', name), 'Ready');
const taints = (name: string): string[] =>
  (world.get('nodes', name).spec?.taints ?? []).map(({ key, effect }) => `${key}:${effect}`).sort();
const isOn = (node: string) => (pod: Pod) => pod.spec?.nodeName === node;

test('a node that beats stays; one that falls silent is Unknown after 40 s, and its pods go after 300 s', () => {
  addNode('n1');
  addNode('n2');
  world.store.create('deployments', deployment('web', 2));
  world.clock.advance(120_000);
  assert.equal(ready('n1')?.status, 'True');
  const lost = world.pods().find(isOn('n1'));
  assert.ok(lost);
  silence('n1');
  world.clock.advance(35_000);
  assert.equal(ready('n1')?.status, 'True');
  world.clock.advance(20_000);
  assert.equal(ready('n1')?.status, 'Unknown');
  assert.equal(ready('n1')?.reason, 'NodeStatusUnknown');
  assert.equal(ready('n1')?.message, 'Kubelet stopped posting node status.');
  assert.deepEqual(taints('n1'), [
    'node.kubernetes.io/unreachable:NoExecute',
    'node.kubernetes.io/unreachable:NoSchedule',
  ]);
  assert.equal(condition(world.get('pods', lost.metadata.name), 'Ready')?.status, 'False');
  assert.equal(world.get('pods', lost.metadata.name).metadata.deletionTimestamp, undefined);
  world.clock.advance(300_000);
  const given = world.get('pods', lost.metadata.name);
  assert.ok(given.metadata.deletionTimestamp);
  assert.equal(condition(given, 'DisruptionTarget')?.reason, 'DeletionByTaintManager');
  assert.equal(world.pods().filter(isOn('n2')).length, 2);
});

test('node lifecycle: a node that comes back loses its taints and keeps its pods', () => {
  addNode('n1');
  world.store.create('deployments', deployment('web', 1));
  world.clock.advance(20_000);
  beating.delete('n1');
  world.clock.advance(60_000);
  assert.equal(taints('n1').length, 2);
  beating.add('n1');
  const node = world.get('nodes', 'n1');
  const conditions = [{ ...ready('n1'), status: 'True', reason: 'KubeletReady' }];
  world.store.updateStatus('nodes', { ...node, status: { ...node.status, conditions } });
  world.clock.advance(60_000);
  assert.deepEqual(taints('n1'), []);
  assert.equal(world.pods()[0]?.metadata.deletionTimestamp, undefined);
});

test('node lifecycle: a node that says itself that it is not ready is tainted', () => {
  world.addNode('n1', { ready: false });
  beating.add('n1');
  world.settle();
  assert.deepEqual(taints('n1'), ['node.kubernetes.io/not-ready:NoExecute', 'node.kubernetes.io/not-ready:NoSchedule']);
});

test('node lifecycle: cordon and uncordon', () => {
  addNode('n1');
  world.settle();
  const cordon = (unschedulable: boolean): void => {
    const node = structuredClone(world.get('nodes', 'n1'));
    const spec = (node.spec ??= {});
    if (unschedulable) spec.unschedulable = true;
    else delete spec.unschedulable;
    world.store.update('nodes', node);
    world.settle();
  };
  cordon(true);
  assert.deepEqual(taints('n1'), ['node.kubernetes.io/unschedulable:NoSchedule']);
  cordon(false);
  assert.deepEqual(taints('n1'), []);
});

test('pod collector: pods of a deleted node fail as disrupted, are gone at once, and are replaced', () => {
  addNode('n1');
  addNode('n2');
  world.store.create('deployments', deployment('web', 2));
  world.settle();
  const lost = world.pods().find(isOn('n1'));
  assert.ok(lost);
  const seen: Pod[] = [];
  world.store.subscribe((event) => {
    if (!isOf(event, 'pods')) return;
    const { metadata, status } = event.object;
    if (metadata.uid === lost.metadata.uid && status?.phase === 'Failed') seen.push(event.object);
  });
  silence('n1');
  world.store.delete('nodes', undefined, 'n1');
  world.settle();
  assert.equal(world.store.get('pods', NAMESPACE, lost.metadata.name), undefined);
  assert.equal(condition(seen[0] ?? lost, 'DisruptionTarget')?.reason, 'DeletionByPodGC');
  assert.equal(world.pods().filter(isOn('n2')).length, 2);
  const reasons = world.store.list('events', { where: (event) => event.involvedObject?.name === 'n1' });
  assert.deepEqual(reasons.map((event) => event.reason).sort(), ['RegisteredNode', 'RemovingNode']);
});

test('taint eviction: tolerated for ever, for a time, or not at all', () => {
  addNode('n1');
  const add = (name: string, tolerations: Toleration[]): void => {
    const spec = { nodeName: 'n1', tolerations, containers: [{ name: 'main', image: 'worker' }] };
    world.store.create('pods', { metadata: { name, namespace: NAMESPACE }, spec });
  };
  add('never', []);
  add('a-minute', [{ key: 'maintenance', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 60 }]);
  add('for-ever', [{ key: 'maintenance', operator: 'Exists' }]);
  world.settle();
  const node = world.get('nodes', 'n1');
  world.store.update('nodes', {
    ...node,
    spec: { ...node.spec, taints: [{ key: 'maintenance', effect: 'NoExecute' }] },
  });
  world.settle();
  const left = (): string[] => world.pods().map(({ metadata }) => metadata.name);
  assert.deepEqual(left(), ['a-minute', 'for-ever']);
  world.clock.advance(61_000);
  assert.deepEqual(left(), ['for-ever']);
});
