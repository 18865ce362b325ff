import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { controllersWorld, deployment, NAMESPACE, type ControllersWorld } from '../support/controllers-world.ts';
import { conditionsOf, findCondition } from '../../local-cloud/kubernetes/controllers/conditions.ts';
import type { Condition, Deployment, Pod, PodTemplate, ReplicaSet } from '../../local-cloud/kubernetes/objects.ts';

let world: ControllersWorld;
beforeEach(() => {
  world = controllersWorld();
  for (const name of ['n1', 'n2', 'n3']) world.addNode(name, { cpu: '16' });
});
afterEach(() => {
  assert.deepEqual(world.log, []);
  world.stop();
});

const web = (): Deployment => world.get('deployments', 'web');
const condition = (object: Deployment | ReplicaSet, type: string): Condition | undefined =>
  findCondition(conditionsOf(object), type);
const sets = (): ReplicaSet[] => world.store.list('replicasets', { namespace: NAMESPACE });
const imageOf = ({ spec }: Pod | PodTemplate): string | undefined => spec?.containers?.[0]?.image;
const setWith = (image: string): ReplicaSet | undefined =>
  sets().find(({ spec }) => imageOf(spec?.template ?? {}) === image);
const messages = (name: string): string[] =>
  world.store
    .list('events', { where: (event) => event.involvedObject?.name === name })
    .map((event) => event.message ?? '');

function change(edit: (spec: NonNullable<Deployment['spec']>) => void): void {
  const next = structuredClone(web());
  edit((next.spec ??= {}));
  world.store.update('deployments', next);
}

function setImage(image: string): void {
  change(({ template }) => {
    const container = template?.spec?.containers?.[0];
    assert.ok(container);
    container.image = image;
  });
}

test('deployment: comes up, with the status and events of a real one', () => {
  world.store.create('deployments', deployment('web', 3));
  world.settle();
  const counts = { ...web().status };
  delete counts.conditions;
  assert.deepEqual(counts, {
    observedGeneration: 1,
    replicas: 3,
    updatedReplicas: 3,
    readyReplicas: 3,
    availableReplicas: 3,
  });
  const set = sets()[0];
  assert.ok(set);
  assert.match(set.metadata.name, /^web-[bcdfghjklmnpqrstvwxz2456789]{8,10}$/);
  assert.equal(condition(web(), 'Available')?.message, 'Deployment has minimum availability.');
  assert.equal(condition(web(), 'Progressing')?.reason, 'NewReplicaSetAvailable');
  assert.equal(
    condition(web(), 'Progressing')?.message,
    `ReplicaSet "${set.metadata.name}" has successfully progressed.`,
  );
  assert.equal(web().metadata.annotations?.['deployment.kubernetes.io/revision'], '1');
  assert.deepEqual(messages('web'), [`Scaled up replica set ${set.metadata.name} from 0 to 3`]);
  const pod = world.pods()[0];
  assert.ok(messages(set.metadata.name).includes(`Created pod: ${pod?.metadata.name}`));
  assert.equal(pod?.metadata.labels?.['pod-template-hash'], set.metadata.labels?.['pod-template-hash']);
});

test('deployment: a new template rolls within maxSurge and maxUnavailable, and the old set stays as history', () => {
  world.store.create('deployments', deployment('web', 4));
  world.settle();
  let most = 0;
  let least = 4;
  const watch = world.store.subscribe(({ resource }) => {
    const wanted = sets().reduce((sum, set) => sum + Number(set.spec?.replicas), 0);
    most = Math.max(most, wanted);
    if (resource !== 'pods') return;
    const active = world.pods().filter((pod) => !pod.metadata.deletionTimestamp && pod.status?.phase === 'Running');
    least = Math.min(least, active.length);
  });
  setImage('worker:2');
  world.settle();
  watch();
  assert.equal(web().status?.updatedReplicas, 4);
  assert.equal(web().status?.replicas, 4);
  assert.equal(most, 5);
  assert.equal(least, 3);
  assert.equal(sets().length, 2);
  assert.equal(setWith('worker')?.spec?.replicas, 0);
  assert.equal(setWith('worker:2')?.metadata.annotations?.['deployment.kubernetes.io/revision'], '2');
  assert.equal(web().metadata.annotations?.['deployment.kubernetes.io/revision'], '2');
});

test('deployment: going back to an earlier template reuses its set under a new revision', () => {
  world.store.create('deployments', deployment('web', 2));
  world.settle();
  const first = sets()[0]?.metadata.name;
  setImage('worker:2');
  world.settle();
  setImage('worker');
  world.settle();
  const again = setWith('worker');
  assert.equal(again?.metadata.name, first);
  assert.equal(again?.spec?.replicas, 2);
  assert.equal(again?.metadata.annotations?.['deployment.kubernetes.io/revision'], '3');
  assert.equal(again?.metadata.annotations?.['deployment.kubernetes.io/revision-history'], '1');
});

test('deployment: empty and absent maps of a template are the same template', () => {
  const made = deployment('web', 1);
  const template = made.spec?.template;
  const empty = { ...template, metadata: { ...template?.metadata, annotations: {} } };
  world.store.create('deployments', { ...made, spec: { ...made.spec, template: empty } });
  world.settle();
  change(({ template }) => delete template?.metadata?.annotations);
  world.settle();
  assert.equal(sets().length, 1);
});

test('deployment: old sets beyond revisionHistoryLimit go', () => {
  world.store.create('deployments', deployment('web', 1, { revisionHistoryLimit: 1 }));
  world.settle();
  for (const image of ['worker:2', 'worker:3', 'worker:4']) {
    setImage(image);
    world.settle();
  }
  assert.deepEqual(
    sets()
      .map((set) => imageOf(set.spec?.template ?? {}))
      .sort(),
    ['worker:3', 'worker:4'],
  );
});

test('deployment: Recreate ends every old pod before it starts a new one', () => {
  world.store.create('deployments', deployment('web', 2, { strategy: { type: 'Recreate' } }));
  world.settle();
  let mixed = false;
  world.store.subscribe(() => {
    const images = new Set(
      world
        .pods()
        .filter(isUp)
        .map((pod) => imageOf(pod)),
    );
    mixed ||= images.size > 1;
  });
  setImage('worker:2');
  world.settle();
  assert.equal(web().status?.updatedReplicas, 2);
  assert.equal(web().status?.availableReplicas, 2);
  assert.equal(mixed, false);
});

const isUp = (pod: Pod): boolean => pod.status?.phase === 'Running' || pod.status?.phase === 'Pending';

test('deployment: a rollout that gets nowhere is said to have timed out, and old pods go on', () => {
  world.store.create('deployments', deployment('web', 4, { progressDeadlineSeconds: 60 }));
  world.settle();
  world.starts = (pod) => imageOf(pod) === 'worker';
  setImage('broken');
  world.settle();
  assert.equal(condition(web(), 'Progressing')?.reason, 'ReplicaSetUpdated');
  world.clock.advance(61_000);
  assert.equal(condition(web(), 'Progressing')?.status, 'False');
  assert.equal(condition(web(), 'Progressing')?.reason, 'ProgressDeadlineExceeded');
  assert.match(condition(web(), 'Progressing')?.message ?? '', /^ReplicaSet "web-.*" has timed out progressing\.$/);
  assert.equal(web().status?.availableReplicas, 3);
  assert.equal(condition(web(), 'Available')?.status, 'True');
  world.starts = () => true;
  for (const pod of world.pods()) if (pod.status?.phase === 'Pending') world.start(pod);
  world.settle();
  assert.equal(condition(web(), 'Progressing')?.reason, 'NewReplicaSetAvailable');
});

test('deployment: paused, it scales but does not roll; resumed, it rolls', () => {
  world.store.create('deployments', deployment('web', 2));
  world.settle();
  change((spec) => (spec.paused = true));
  world.settle();
  assert.equal(condition(web(), 'Progressing')?.reason, 'DeploymentPaused');
  change((spec) => (spec.replicas = 3));
  setImage('worker:2');
  world.settle();
  assert.equal(setWith('worker')?.spec?.replicas, 3);
  assert.equal(setWith('worker:2'), undefined);
  change((spec) => (spec.paused = false));
  world.settle();
  assert.equal(setWith('worker:2')?.spec?.replicas, 3);
});

test('deployment: a change of scale in the middle of a rollout is shared in proportion', () => {
  world.store.create('deployments', deployment('web', 10));
  world.settle();
  world.starts = (pod) => imageOf(pod) === 'worker';
  setImage('stuck');
  world.settle();
  assert.deepEqual([setWith('worker')?.spec?.replicas, setWith('stuck')?.spec?.replicas], [8, 5]);
  change((spec) => (spec.replicas = 20));
  world.settle();
  // 25 pods may exist; 8 and 5 of the 13 before become 15 and 10.
  assert.deepEqual([setWith('worker')?.spec?.replicas, setWith('stuck')?.spec?.replicas], [15, 10]);
});

test('replicaset: scaled in, the cheapest pods go; not-ready ones before all', () => {
  world.store.create('deployments', deployment('web', 4));
  world.settle();
  const [a, b, c, d] = world.pods();
  assert.ok(a && b && c && d);
  const cost = (pod: Pod, value: string): Pod =>
    world.store.update('pods', {
      ...pod,
      metadata: { ...pod.metadata, annotations: { 'controller.kubernetes.io/pod-deletion-cost': value } },
    });
  cost(a, '100');
  cost(b, '-5');
  world.start(cost(c, '1000'), false);
  world.settle();
  change((spec) => (spec.replicas = 2));
  world.settle();
  assert.deepEqual(
    world
      .pods()
      .map(({ metadata }) => metadata.name)
      .sort(),
    [a.metadata.name, d.metadata.name].sort(),
  );
});

test('replicaset: a deleted pod is replaced at once; minReadySeconds delays availability', () => {
  world.store.create('deployments', deployment('web', 1, { minReadySeconds: 30 }));
  world.settle();
  assert.equal(web().status?.readyReplicas, 1);
  assert.equal(web().status?.availableReplicas, undefined);
  world.clock.advance(31_000);
  assert.equal(web().status?.availableReplicas, 1);
  const pod = world.pods()[0];
  world.store.delete('pods', NAMESPACE, pod?.metadata.name ?? '');
  world.settle();
  assert.equal(world.pods().length, 1);
  assert.notEqual(world.pods()[0]?.metadata.uid, pod?.metadata.uid);
});

test('replicaset: takes in matching orphans and lets go of pods whose labels change', () => {
  world.store.create('pods', {
    metadata: { name: 'orphan', namespace: NAMESPACE, labels: { app: 'set' } },
    spec: { containers: [{ name: 'main', image: 'worker' }] },
  });
  const { metadata, spec } = deployment('set', 2);
  world.store.create('replicasets', {
    metadata,
    spec: { replicas: 2, selector: spec?.selector, template: spec?.template },
  });
  world.settle();
  assert.equal(world.pods({ app: 'set' }).length, 2);
  assert.equal(world.get('pods', 'orphan').metadata.ownerReferences?.[0]?.kind, 'ReplicaSet');
  const orphan = world.get('pods', 'orphan');
  world.store.update('pods', { ...orphan, metadata: { ...orphan.metadata, labels: { app: 'else' } } });
  world.settle();
  assert.equal(world.get('pods', 'orphan').metadata.ownerReferences, undefined);
  assert.equal(world.pods({ app: 'set' }).length, 2);
});

test('deployment: controllers started anew on the same store change nothing', () => {
  world.store.create('deployments', deployment('web', 3));
  world.settle();
  const version = world.store.resourceVersion();
  world.restart();
  world.settle();
  const changed = world.store.since(Number(version))?.filter(({ resource }) => resource !== 'events');
  assert.deepEqual(changed, []);
});

test('replicaset: a refused pod shows as ReplicaFailure on the set and the deployment', () => {
  const create = world.store.create.bind(world.store);
  world.store.create = (resource, object, options) => {
    if (resource === 'pods') return create(resource, { ...object, spec: { containers: [] } }, options);
    return create(resource, object, options);
  };
  world.store.create('deployments', deployment('web', 1));
  world.settle();
  world.store.create = create;
  const set = sets()[0];
  assert.ok(set);
  assert.equal(condition(set, 'ReplicaFailure')?.reason, 'FailedCreate');
  assert.equal(condition(web(), 'ReplicaFailure')?.reason, 'FailedCreate');
  assert.ok(messages(set.metadata.name).some((message) => message.startsWith('Error creating: ')));
  world.clock.advance(120_000);
  assert.equal(web().status?.availableReplicas, 1);
  assert.equal(condition(web(), 'ReplicaFailure'), undefined);
  world.log.length = 0;
});
