/** Why containers of workers died: what is said of each death, given what Kubernetes says of its pod. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ContainerDeath, ContainerEnd, PodEnd } from '../../../functions/job/death.ts';
import { explainDeaths } from '../../../functions/reconcile/plan-deaths.ts';

const death: ContainerDeath = {
  id: '2:5',
  cause: 'container w1 100.750 130.250',
  pod: 'w1',
  beganSeconds: 100.75,
  countedSeconds: 130.25,
};
/** As the kubelet tells it: times without fractions. */
const end = (part: Partial<ContainerEnd> = {}): ContainerEnd => ({
  reason: 'OOMKilled',
  exitCode: 137,
  finishedSeconds: 129,
  memoryLimit: '2Gi',
  ...part,
});

const rows: [name: string, end: PodEnd | undefined, cause: string | null][] = [
  ['memory ran out', end(), 'memory limit 2Gi'],
  ['memory of a pod without a limit ran out', end({ memoryLimit: null }), 'memory no limit of its own'],
  ['memory ran out in the second in which the iteration began', end({ finishedSeconds: 100 }), 'memory limit 2Gi'],
  ['it was killed otherwise', end({ reason: 'Error' }), 'killed its container was ended with it (Error, 137)'],
  ['Kubernetes knows no end yet', null, null],
  ['Kubernetes was not asked', undefined, null],
  ['Kubernetes knows only of an end before it', end({ finishedSeconds: 99 }), null],
  ['Kubernetes knows only of an end after it', end({ finishedSeconds: 131 }), 'killed its container was ended with it'],
  ['the pod is gone', 'gone', 'killed its container was ended with it'],
];

for (const [name, podEnd, cause] of rows)
  it(`${name}: ${cause ?? 'nothing is said'}`, () => {
    const actions = explainDeaths({ deaths: [death], podEnds: podEnd === undefined ? {} : { w1: podEnd } });
    const explained =
      cause === null ? [] : [{ do: 'explain-deaths', deaths: [{ id: '2:5', was: death.cause, cause }] }];
    assert.deepEqual(actions, explained);
  });

it('deaths of one pod, of which the second is the last that Kubernetes tells of', () => {
  const earlier = { ...death, id: '2:4', beganSeconds: 10, countedSeconds: 20 };
  const [action] = explainDeaths({ deaths: [earlier, death], podEnds: { w1: end() } });
  assert.ok(action?.do === 'explain-deaths');
  const causes = action.deaths.map(({ cause }) => cause);
  assert.deepEqual(causes, ['killed its container was ended with it', 'memory limit 2Gi']);
});
