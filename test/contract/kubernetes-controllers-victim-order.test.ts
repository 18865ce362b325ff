import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deletionCost, inVictimOrder } from '../../local-cloud/kubernetes/controllers/victim-order.ts';
import type { Pod } from '../../local-cloud/kubernetes/objects.ts';

const NOW = Date.UTC(2026, 0, 5, 12);
const before = (seconds: number): string => new Date(NOW - seconds * 1000).toISOString();

interface Traits {
  node?: string;
  phase?: string;
  ready?: boolean;
  readySeconds?: number;
  cost?: string;
  restarts?: number;
  ageSeconds?: number;
  uid?: string;
}

function pod(name: string, traits: Traits = {}): Pod {
  const { node = 'n1', phase = 'Running', ready = true, readySeconds = 100, cost, restarts = 0 } = traits;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      uid: traits.uid ?? name,
      resourceVersion: '1',
      creationTimestamp: before(traits.ageSeconds ?? 1000),
      ...(cost === undefined ? {} : { annotations: { 'controller.kubernetes.io/pod-deletion-cost': cost } }),
    },
    spec: node === '' ? {} : { nodeName: node },
    status: {
      phase,
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: before(readySeconds) }],
      containerStatuses: [{ name: 'main', restartCount: restarts }],
    },
  };
}

const rules: { rule: string; first: Traits; second: Traits }[] = [
  {
    rule: 'without a node before with one, whatever else',
    first: { node: '', phase: 'Pending', ready: false, cost: '1000' },
    second: { phase: 'Pending', ready: false, cost: '-1000' },
  },
  {
    rule: 'pending before unknown',
    first: { phase: 'Pending', ready: false },
    second: { phase: 'Unknown', ready: false },
  },
  {
    rule: 'unknown before running',
    first: { phase: 'Unknown', ready: false },
    second: { phase: 'Running', ready: false },
  },
  {
    rule: 'not ready before ready, even at a high cost',
    first: { ready: false, cost: '1000' },
    second: { cost: '-1000' },
  },
  { rule: 'lower cost first', first: { cost: '1', readySeconds: 9000 }, second: { cost: '2', readySeconds: 1 } },
  { rule: 'negative cost before none', first: { cost: '-1' }, second: {} },
  { rule: 'no cost before a positive one', first: {}, second: { cost: '1' } },
  { rule: 'ready for a much shorter time first', first: { readySeconds: 10 }, second: { readySeconds: 1000 } },
  {
    rule: 'about equal times ready: by uid',
    first: { readySeconds: 110, uid: 'a' },
    second: { readySeconds: 109, uid: 'b' },
  },
  { rule: 'more restarts first', first: { restarts: 3 }, second: { restarts: 1 } },
  { rule: 'much younger first', first: { ageSeconds: 10 }, second: { ageSeconds: 1000 } },
  { rule: 'about equal ages: by uid', first: { ageSeconds: 110, uid: 'a' }, second: { ageSeconds: 109, uid: 'b' } },
];

for (const { rule, first, second } of rules) {
  test(`victim order: ${rule}`, () => {
    const pods = [pod('second', second), pod('first', first)];
    for (const input of [pods, pods.toReversed()]) {
      const order = inVictimOrder(input, [], NOW).map(({ metadata }) => metadata.name);
      assert.deepEqual(order, ['first', 'second']);
    }
  });
}

test('victim order: from the fuller node first, pods of sibling sets counted', () => {
  const pods = [pod('alone', { node: 'n1' }), pod('crowded', { node: 'n2' })];
  const order = inVictimOrder(pods, [...pods, pod('sibling', { node: 'n2' })], NOW);
  assert.deepEqual(
    order.map(({ metadata }) => metadata.name),
    ['crowded', 'alone'],
  );
});

test('deletion cost: only canonical 32-bit integers count', () => {
  const cases: [string, number][] = [
    ['10', 10],
    ['-10', -10],
    ['+3', 3],
    ['2147483647', 2147483647],
    ['2147483648', 0],
    ['-2147483648', -2147483648],
    ['007', 0],
    ['1.5', 0],
    ['many', 0],
  ];
  for (const [text, cost] of cases) assert.equal(deletionCost(pod('p', { cost: text })), cost, text);
});
