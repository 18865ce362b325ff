/** Deletes pods from nodes with NoExecute taints that they do not tolerate, or no longer. */
import { isOf } from '../is-of.ts';
import { timestamp } from '../store/metadata.ts';
import type { Node, Pod, Taint } from '../objects.ts';
import { byKey, keyOf, keysOfAll, type Controller, type ControllerContext } from './controller.ts';
import { markDisrupted } from './disruption-target.ts';
import { isFinished } from './pod-state.ts';
import { staySeconds, taintsOf, tolerationsOf } from './taints.ts';
import { toMs } from './time.ts';

export function taintEvictionController(context: ControllerContext): Controller {
  const { store, index, clock } = context;
  const recorder = context.recorder('taint-eviction-controller');
  const evict = (pod: Pod): void => {
    const { namespace, name, uid } = pod.metadata;
    recorder.record(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${namespace ?? ''}/${name}`);
    markDisrupted(context, pod, 'DeletionByTaintManager', 'Taint manager: deleting due to NoExecute taint');
    store.delete('pods', namespace, name, { uid });
  };
  return {
    name: 'taint-eviction',
    *keysFor(event) {
      if (event.type === 'DELETED') return;
      if (isOf(event, 'nodes')) {
        const { object, previous } = event;
        if (noExecute(object).length > 0 || (previous && noExecute(previous).length > 0)) yield keyOf(object);
      }
      const node = isOf(event, 'pods') && !event.previous?.spec?.nodeName ? event.object.spec?.nodeName : undefined;
      if (node) yield `/${node}`;
    },
    allKeys: () => keysOfAll(index, 'nodes'),
    sync(key) {
      const node = byKey(store, 'nodes', key);
      const taints = node ? noExecute(node) : [];
      if (!node || taints.length === 0) return undefined;
      const now = clock.nowMs();
      let soonest: number | undefined;
      for (const pod of [...index.podsOnNode(node.metadata.name)]) {
        if (isFinished(pod) || pod.metadata.deletionTimestamp !== undefined) continue;
        const seconds = staySeconds(tolerationsOf(pod), taints);
        if (seconds === undefined) continue;
        const left = startMs(pod, taints, now) + seconds * 1000 - now;
        if (left <= 0) evict(pod);
        else soonest = Math.min(soonest ?? Infinity, left);
      }
      return soonest;
    },
  };
}

function noExecute(node: Node): Taint[] {
  return taintsOf(node).filter(({ effect }) => effect === 'NoExecute');
}

/**
 * From when a pod's patience counts: when the last taint came, or the pod did. A
 * taint without a time counts from the pod.
 */
function startMs(pod: Pod, taints: readonly Taint[], nowMs: number): number {
  const started = toMs(pod.status?.startTime ?? pod.metadata.creationTimestamp) ?? nowMs;
  return Math.max(started, ...taints.map(({ timeAdded }) => toMs(timeAdded) ?? started));
}

/** A taint that starts now. */
export function newTaint(key: string, effect: string, nowMs: number): Taint {
  return { key, effect, timeAdded: timestamp(nowMs) };
}
