import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type { ConfigMap, Event, Pod } from '../../local-cloud/kubernetes/objects.ts';
import { controllersWorld, deployment, job, NAMESPACE, type ControllersWorld } from '../support/controllers-world.ts';

let world: ControllersWorld;
beforeEach(() => {
  world = controllersWorld();
  for (const name of ['n1', 'n2']) world.addNode(name, { cpu: '16' });
});
afterEach(() => {
  assert.deepEqual(world.log, []);
  world.stop();
});

const names = (resource: string, namespace = NAMESPACE): string[] =>
  world.store.list(resource, { namespace }).map(({ metadata }) => metadata.name);

function web(replicas = 2): void {
  world.store.create('deployments', deployment('web', replicas));
  world.settle();
}

test('garbage collection: deleted in the background, the owner goes first and everything under it follows', () => {
  web();
  world.store.delete('deployments', NAMESPACE, 'web', { propagationPolicy: 'Background' });
  assert.deepEqual(names('deployments'), []);
  world.settle();
  assert.deepEqual([names('replicasets'), names('pods')], [[], []]);
});

test('garbage collection: deleted in the foreground, the owner stays until everything under it is gone', () => {
  web();
  const gone: string[] = [];
  world.store.subscribe(({ type, resource }) => {
    if (type === 'DELETED' && resource !== 'events') gone.push(resource);
  });
  world.store.delete('deployments', NAMESPACE, 'web', { propagationPolicy: 'Foreground' });
  assert.deepEqual(names('deployments'), ['web']);
  world.settle();
  assert.deepEqual(gone, ['pods', 'pods', 'replicasets', 'deployments']);
});

test('garbage collection: orphaned, the dependents stay and lose the reference', () => {
  web();
  world.store.delete('deployments', NAMESPACE, 'web', { propagationPolicy: 'Orphan' });
  world.settle();
  assert.deepEqual(names('deployments'), []);
  const [set] = world.store.list('replicasets', { namespace: NAMESPACE });
  assert.equal(set?.metadata.ownerReferences, undefined);
  assert.equal(names('pods').length, 2);
  world.store.create('deployments', deployment('web', 2));
  world.settle();
  assert.deepEqual(names('replicasets'), [set?.metadata.name]);
});

test('garbage collection: an owner of the same name made anew does not count; one owner left is enough', () => {
  const map = (name: string, owners: ConfigMap[]): ConfigMap =>
    world.store.create('configmaps', {
      metadata: {
        name,
        namespace: NAMESPACE,
        ownerReferences: owners.map(({ metadata }) => ({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          name: metadata.name,
          uid: metadata.uid,
        })),
      },
    });
  const a = map('a', []);
  const b = map('b', []);
  map('of-a', [a]);
  map('of-both', [a, b]);
  world.store.delete('configmaps', NAMESPACE, 'a');
  map('a', []);
  world.settle();
  const own = names('configmaps').filter((name) => name !== 'kube-root-ca.crt');
  assert.deepEqual(own, ['a', 'b', 'of-both']);
  const owners = world.get('configmaps', 'of-both').metadata.ownerReferences ?? [];
  assert.deepEqual(
    owners.map(({ name }) => name),
    ['b'],
  );
});

test('namespaces: get a default account; deleted, everything in them goes before they do', () => {
  world.store.create('namespaces', { metadata: { name: 'team' } });
  world.settle();
  assert.deepEqual(names('serviceaccounts', 'team'), ['default']);
  for (const made of [deployment('web', 1), job('j')]) {
    const resource = made.metadata.name === 'web' ? 'deployments' : 'jobs';
    world.store.create(resource, { ...made, metadata: { ...made.metadata, namespace: 'team' } });
  }
  world.store.create('configmaps', { metadata: { name: 'c', namespace: 'team', finalizers: ['example.org/hold'] } });
  world.settle();
  world.store.delete('namespaces', undefined, 'team');
  world.clock.advance(20_000);
  const namespace = world.get('namespaces', 'team');
  assert.equal(namespace.status?.phase, 'Terminating');
  const remaining = namespace.status?.conditions?.find((each) => each.type === 'NamespaceContentRemaining');
  assert.equal(remaining?.message, 'Some resources are remaining: configmaps. has 1 resource instances');
  const held = world.store.get('configmaps', 'team', 'c');
  assert.ok(held);
  world.store.update('configmaps', { ...held, metadata: { ...held.metadata, finalizers: [] } });
  world.clock.advance(10_000);
  assert.equal(world.store.get('namespaces', undefined, 'team'), undefined);
  assert.deepEqual(names('events', 'team'), []);
});

test('endpoints and slices follow readiness, names of ports, and the end of pods', () => {
  web();
  const service = { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' }] };
  world.store.create('services', { metadata: { name: 'web', namespace: NAMESPACE }, spec: service });
  world.settle();
  const [a, b] = world.pods();
  assert.ok(a && b);
  const subset = () => world.get('endpoints', 'web').subsets?.[0] ?? {};
  const { addresses = [], ports } = subset();
  const addressOf = (pod: Pod): string | undefined => pod.status?.podIP;
  assert.deepEqual(addresses.map((each) => each.ip).sort(), [addressOf(a), addressOf(b)].sort());
  assert.deepEqual(ports, [{ name: 'http', port: 8080, protocol: 'TCP' }]);
  const [slice] = world.store.list('endpointslices', { namespace: NAMESPACE });
  const { metadata, endpoints = [] } = slice ?? assert.fail('there is no slice');
  assert.equal(metadata.labels?.['kubernetes.io/service-name'], 'web');
  assert.deepEqual(
    endpoints.map((each) => each.conditions?.ready),
    [true, true],
  );
  world.start(a, false);
  world.settle();
  assert.deepEqual(
    subset().notReadyAddresses?.map((each) => each.targetRef?.name),
    [a.metadata.name],
  );
  world.store.delete('services', NAMESPACE, 'web');
  world.settle();
  assert.deepEqual([names('endpoints'), names('endpointslices')], [[], []]);
});

const budgets: { spec: Record<string, unknown>; ready: number; allowed: number; desired: number }[] = [
  { spec: { minAvailable: 3 }, ready: 4, allowed: 1, desired: 3 },
  { spec: { minAvailable: '50%' }, ready: 4, allowed: 2, desired: 2 },
  { spec: { maxUnavailable: 1 }, ready: 4, allowed: 1, desired: 3 },
  { spec: { maxUnavailable: '30%' }, ready: 4, allowed: 2, desired: 2 },
  { spec: { maxUnavailable: 0 }, ready: 4, allowed: 0, desired: 4 },
  { spec: { maxUnavailable: 1 }, ready: 2, allowed: 0, desired: 3 },
];

for (const { spec, ready, allowed, desired } of budgets) {
  test(`disruption budget: ${JSON.stringify(spec)}, ${ready} of 4 ready: ${allowed} may go`, () => {
    let started = 0;
    world.starts = () => (started += 1) <= ready;
    web(4);
    const selector = { matchLabels: { app: 'web' } };
    world.store.create('poddisruptionbudgets', {
      metadata: { name: 'b', namespace: NAMESPACE },
      spec: { ...spec, selector },
    });
    world.settle();
    const { status = {} } = world.get('poddisruptionbudgets', 'b');
    const { disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods, conditions } = status;
    assert.deepEqual([disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods], [allowed, ready, desired, 4]);
    assert.equal(conditions?.[0]?.reason, allowed > 0 ? 'SufficientPods' : 'InsufficientPods');
  });
}

test('events: the same one again raises its count, many similar ones become one, and all go after an hour', () => {
  world.store.create('deployments', deployment('web', 30));
  world.settle();
  const created = (): Event[] => world.store.list('events', { where: (event) => event.reason === 'SuccessfulCreate' });
  const combined = created().filter((event) => event.message?.startsWith('(combined from similar events): '));
  assert.equal(created().length, 11);
  assert.equal(combined.length, 1);
  assert.equal(combined[0]?.count, 15);
  world.clock.advance(3_700_000);
  assert.equal(created().length, 0);
});
