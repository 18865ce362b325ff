/**
 * The status of PodDisruptionBudgets: how many of the selected pods may be evicted
 * now. The eviction call itself reads it.
 */
import { isDeepStrictEqual } from 'node:util';
import { plainAt } from '../../is-plain.ts';
import { isOf } from '../is-of.ts';
import { matchesSelector } from '../labels.ts';
import { timestamp } from '../store/metadata.ts';
import type { StoreEvent } from '../object-store.ts';
import type { KubeObject } from '../object.ts';
import type { Pod, PodDisruptionBudget } from '../objects.ts';
import { conditionsOf, withCondition } from './conditions.ts';
import { byKey, keyOf, keysOfAll, type Controller, type ControllerContext } from './controller.ts';
import { controllerOf } from './owners.ts';
import { isReady } from './pod-state.ts';
import { scaledValue } from './scaled-value.ts';
import { toMs } from './time.ts';

/** An eviction that was allowed counts as a missing pod until the pod is gone, but no longer than this. */
const EVICTION_COUNTS_MS = 120_000;

interface Counts {
  expectedPods: number;
  desiredHealthy: number;
}

export function disruptionController(context: ControllerContext): Controller {
  const { store, index } = context;
  const recorder = context.recorder('controllermanager');
  return {
    name: 'disruption',
    keysFor: (event) => concernedBudgets(context, event),
    allKeys: () => keysOfAll(index, 'poddisruptionbudgets'),
    sync(key) {
      const budget = byKey(store, 'poddisruptionbudgets', key);
      if (!budget || budget.metadata.deletionTimestamp !== undefined) return undefined;
      const pods = [...index.inNamespace('pods', budget.metadata.namespace)].filter((pod) => selects(budget, pod));
      if (pods.length === 0 && budget.status?.expectedPods !== 0) {
        recorder.record(budget, 'Normal', 'NoPods', 'No matching pods found');
      }
      const counts = countsOf(context, budget, pods);
      if (typeof counts === 'string') {
        const message = `Failed to calculate the number of expected pods: ${counts}`;
        recorder.record(budget, 'Warning', 'CalculateExpectedPodCountFailed', message);
      }
      return writeStatus(context, budget, pods, counts);
    },
  };
}

function* concernedBudgets({ index }: ControllerContext, event: StoreEvent): Iterable<string> {
  const { resource, object, previous } = event;
  if (resource === 'poddisruptionbudgets') yield keyOf(object);
  const rescaled = isRescaled(event);
  if (!rescaled && resource !== 'pods') return;
  for (const budget of index.inNamespace('poddisruptionbudgets', object.metadata.namespace)) {
    if (rescaled || [object, previous].some((pod) => pod && selects(budget, pod))) yield keyOf(budget);
  }
}

/** Whether the wanted number of pods of an owner has changed, which enters the count. */
function isRescaled(event: StoreEvent): boolean {
  if (!isOf(event, 'deployments') && !isOf(event, 'replicasets')) return false;
  return event.previous?.spec?.replicas !== event.object.spec?.replicas;
}

function selects({ spec }: PodDisruptionBudget, { metadata }: Pick<Pod, 'metadata'>): boolean {
  return spec?.selector ? matchesSelector(spec.selector, metadata.labels) : false;
}

/** How many pods there should be and how many must stay; a text says why that cannot be told. */
function countsOf(context: ControllerContext, { spec = {} }: PodDisruptionBudget, pods: Pod[]): Counts | string {
  if (spec.maxUnavailable === undefined && typeof spec.minAvailable === 'number') {
    return { expectedPods: pods.length, desiredHealthy: spec.minAvailable };
  }
  const expected = expectedPods(context, pods);
  if (typeof expected === 'string') return expected;
  const desired =
    spec.maxUnavailable === undefined
      ? scaledValue(spec.minAvailable ?? 1, expected, 'up')
      : expected - scaledValue(spec.maxUnavailable, expected, 'up');
  return { expectedPods: expected, desiredHealthy: Math.max(0, desired) };
}

/** The sum of what the owners of the pods want. Pods without an owner are left out, as the real controller does. */
function expectedPods({ index }: ControllerContext, pods: Pod[]): number | string {
  const wanted = new Map<string, number>();
  for (const pod of pods) {
    const scaled = topOwner(index, pod);
    if (scaled?.kind === 'Job') return 'jobs.batch does not implement the scale subresource';
    if (scaled) wanted.set(scaled.metadata.uid, Number(plainAt(scaled, 'spec')['replicas'] ?? 1));
  }
  return [...wanted.values()].reduce((sum, each) => sum + each, 0);
}

/** The Deployment behind the ReplicaSet, or the direct owner. */
function topOwner(index: ControllerContext['index'], pod: Pod): KubeObject | undefined {
  const direct = controllerOf(pod);
  const owner = direct && index.find(direct.uid)?.object;
  const above = owner && controllerOf(owner);
  return (above && index.find(above.uid)?.object) ?? owner;
}

function writeStatus(
  { store, clock }: ControllerContext,
  budget: PodDisruptionBudget,
  pods: Pod[],
  counts: Counts | string,
): number | undefined {
  const now = clock.nowMs();
  const disrupted = stillCounting(budget, pods, now);
  const present = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const healthy = present.filter((pod) => disrupted[pod.metadata.name] === undefined && isReady(pod)).length;
  const unknown = typeof counts === 'string';
  const { expectedPods, desiredHealthy } = unknown ? { expectedPods: 0, desiredHealthy: 0 } : counts;
  const spare = expectedPods > 0 ? Math.max(0, healthy - desiredHealthy) : 0;
  const status: NonNullable<PodDisruptionBudget['status']> = {
    ...budget.status,
    observedGeneration: budget.metadata.generation,
    currentHealthy: unknown ? 0 : healthy,
    desiredHealthy,
    expectedPods,
    disruptionsAllowed: spare,
    conditions: withCondition(conditionsOf(budget), {
      type: 'DisruptionAllowed',
      status: spare > 0 ? 'True' : 'False',
      observedGeneration: budget.metadata.generation ?? 1,
      lastTransitionTime: timestamp(now),
      reason: unknown ? 'SyncFailed' : spare > 0 ? 'SufficientPods' : 'InsufficientPods',
      message: unknown ? counts : '',
    }),
  };
  delete status.disruptedPods;
  if (Object.keys(disrupted).length > 0) status.disruptedPods = disrupted;
  if (!isDeepStrictEqual(status, budget.status)) {
    store.updateStatus('poddisruptionbudgets', { ...budget, status });
  }
  return Object.keys(disrupted).length > 0 ? EVICTION_COUNTS_MS : undefined;
}

/** Evictions noted in the status whose pods are still there and not yet being deleted. */
function stillCounting(budget: PodDisruptionBudget, pods: Pod[], nowMs: number): Record<string, string> {
  const present = new Set(pods.filter((pod) => !pod.metadata.deletionTimestamp).map((pod) => pod.metadata.name));
  const noted = budget.status?.disruptedPods ?? {};
  const counting = Object.entries(noted).filter(
    ([name, time]) => present.has(name) && (toMs(time) ?? 0) + EVICTION_COUNTS_MS > nowMs,
  );
  return Object.fromEntries(counting);
}
