/**
 * Pods that no kubelet will ever take away. Those bound to a node that does not exist any more fail and are removed at
 * once (the real collector waits 40 s first).
 */
import { isOf } from '../is-of.ts';
import type { Pod } from '../objects.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { markDisrupted } from './disruption-target.ts';

export function podGarbageCollector(context: ControllerContext): Controller {
  const { store, index } = context;
  const collect = (pod: Pod, message: string): void => {
    markDisrupted(context, pod, 'DeletionByPodGC', message, true);
    const { namespace, name, uid } = pod.metadata;
    store.delete('pods', namespace, name, { gracePeriodSeconds: 0, uid });
  };
  return {
    name: 'pod-gc',
    *keysFor(event) {
      if (event.resource === 'nodes' && event.type === 'DELETED') yield event.object.metadata.name;
      const node = isOf(event, 'pods') && event.type !== 'DELETED' ? event.object.spec?.nodeName : undefined;
      if (node && !store.get('nodes', undefined, node)) yield node;
    },
    *allKeys() {
      for (const node of index.nodesWithPods()) if (!store.get('nodes', undefined, node)) yield node;
    },
    sync(node) {
      if (store.get('nodes', undefined, node)) return undefined;
      for (const pod of [...index.podsOnNode(node)]) {
        const gone = pod.metadata.deletionTimestamp !== undefined && pod.metadata.deletionGracePeriodSeconds === 0;
        if (!gone) collect(pod, 'PodGC: node no longer exists');
      }
      return undefined;
    },
  };
}
