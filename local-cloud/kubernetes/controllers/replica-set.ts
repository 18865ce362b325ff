/**
 * ReplicaSets: keeps the wanted number of pods, chooses which go when there are too many,
 * and counts the ready and available ones.
 */
import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '../../error-text.ts';
import { matchesSelector } from '../labels.ts';
import { timestamp } from '../store/metadata.ts';
import type { Pod, ReplicaSet } from '../objects.ts';
import { claim, concernedOwners } from './claim.ts';
import { conditionsOf, withCondition, withoutCondition } from './conditions.ts';
import { byKey, keyOf, keysOfAll, type Controller, type ControllerContext } from './controller.ts';
import type { EventRecorder } from './event-recorder.ts';
import { controllerOf } from './owners.ts';
import { BURST_REPLICAS, createPod, deletePod, isNamespaceLeaving, podFromTemplate } from './pod-control.ts';
import { isActive, isAvailable, isReady, readySinceMs } from './pod-state.ts';
import { inVictimOrder } from './victim-order.ts';

export function replicaSetController(context: ControllerContext): Controller {
  const { store, index, clock } = context;
  const recorder = context.recorder('replicaset-controller');
  return {
    name: 'replicaset',
    *keysFor(event) {
      if (event.resource === 'replicasets') yield keyOf(event.object);
      if (event.resource === 'pods')
        yield* concernedOwners(context, event, { kind: 'ReplicaSet', resource: 'replicasets' });
    },
    allKeys: () => keysOfAll(index, 'replicasets'),
    sync(key) {
      const set = byKey(store, 'replicasets', key);
      if (!set) return undefined;
      const pods = claim(context, 'pods', set, set.spec?.selector).filter(isActive);
      let failure: unknown;
      if (set.metadata.deletionTimestamp === undefined) {
        try {
          manage(context, recorder, set, pods);
        } catch (error) {
          failure = error;
        }
      }
      writeStatus(context, set, pods, failure);
      if (failure !== undefined && !isNamespaceLeaving(failure)) throw failure;
      return untilNextAvailable(set, pods, clock.nowMs());
    },
  };
}

/** Creates what is missing and deletes what is too much. */
function manage(context: ControllerContext, recorder: EventRecorder, set: ReplicaSet, pods: Pod[]): void {
  const surplus = pods.length - (set.spec?.replicas ?? 1);
  const template = { ...set.spec?.template };
  for (let missing = Math.min(-surplus, BURST_REPLICAS); missing > 0; missing -= 1) {
    createPod(context, recorder, set, podFromTemplate(set, template));
  }
  if (surplus <= 0) return;
  const victims = surplus >= pods.length ? pods : inVictimOrder(pods, relatedPods(context, set), context.clock.nowMs());
  for (const pod of victims.slice(0, Math.min(surplus, BURST_REPLICAS))) deletePod(context, recorder, set, pod);
}

/** Active pods of all ReplicaSets with the same owner (the Deployment), this one's included. */
function relatedPods({ index }: ControllerContext, set: ReplicaSet): Pod[] {
  const owner = controllerOf(set);
  const siblings = owner ? index.controlledBy('replicasets', owner.uid) : [set];
  return siblings.flatMap((sibling) => index.controlledBy('pods', sibling.metadata.uid).filter(isActive));
}

function writeStatus({ store, clock }: ControllerContext, set: ReplicaSet, pods: Pod[], failure: unknown): void {
  const current = byKey(store, 'replicasets', keyOf(set));
  if (!current) return;
  const status = statusOf(set, pods, failure, clock.nowMs());
  if (!isDeepStrictEqual(status, current.status)) store.updateStatus('replicasets', { ...current, status });
}

/** The status as the pods were when the sync began: what was just created or deleted shows at the next one. */
function statusOf(set: ReplicaSet, pods: Pod[], failure: unknown, nowMs: number): ReplicaSet['status'] {
  const minReadySeconds = set.spec?.minReadySeconds ?? 0;
  const wanted = set.spec?.template?.metadata?.labels ?? {};
  const conditions = failureConditions(set, pods, failure, nowMs);
  return {
    replicas: pods.length,
    ...counted('fullyLabeledReplicas', pods, (pod) => matchesSelector({ matchLabels: wanted }, pod.metadata.labels)),
    ...counted('readyReplicas', pods, isReady),
    ...counted('availableReplicas', pods, (pod) => isAvailable(pod, minReadySeconds, nowMs)),
    observedGeneration: set.metadata.generation,
    ...(conditions.length > 0 ? { conditions } : {}),
  };
}

/** A count under its name; a count of nothing is left out. */
function counted(name: string, pods: Pod[], fits: (pod: Pod) => boolean): Record<string, number> {
  const count = pods.filter(fits).length;
  return count > 0 ? { [name]: count } : {};
}

function failureConditions(set: ReplicaSet, pods: Pod[], failure: unknown, nowMs: number) {
  const conditions = conditionsOf(set);
  if (failure === undefined) return withoutCondition(conditions, 'ReplicaFailure');
  const tooMany = pods.length > (set.spec?.replicas ?? 1);
  return withCondition(conditions, {
    type: 'ReplicaFailure',
    status: 'True',
    reason: tooMany ? 'FailedDelete' : 'FailedCreate',
    message: messageOf(failure),
    lastTransitionTime: timestamp(nowMs),
  });
}

/** Time until the next ready pod has been ready long enough to count as available. */
function untilNextAvailable(set: ReplicaSet, pods: Pod[], nowMs: number): number | undefined {
  const minReadyMs = (set.spec?.minReadySeconds ?? 0) * 1000;
  if (minReadyMs === 0) return undefined;
  let soonest: number | undefined;
  for (const pod of pods) {
    const since = readySinceMs(pod);
    if (since === undefined || since + minReadyMs <= nowMs) continue;
    soonest = Math.min(soonest ?? Infinity, since + minReadyMs - nowMs);
  }
  return soonest;
}
