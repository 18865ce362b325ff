/** Deletes finished Jobs, with their pods, ttlSecondsAfterFinished after their end. */
import type { KubeObject } from '../object.ts';
import { conditionsOf } from './conditions.ts';
import { byKey, keyOf, keysOfAll, type Controller, type ControllerContext } from './controller.ts';
import { toMs } from './time.ts';

export function ttlAfterFinishedController({ store, index, clock }: ControllerContext): Controller {
  return {
    name: 'ttl-after-finished',
    *keysFor({ resource, object }) {
      if (resource === 'jobs') yield keyOf(object);
    },
    allKeys: () => keysOfAll(index, 'jobs'),
    sync(key) {
      const job = byKey(store, 'jobs', key);
      const expiry = job && expiryMs(job);
      if (!job || expiry === undefined || job.metadata.deletionTimestamp !== undefined) return undefined;
      const left = expiry - clock.nowMs();
      if (left > 0) return left;
      store.delete('jobs', job.metadata.namespace, job.metadata.name, {
        propagationPolicy: 'Foreground',
        uid: job.metadata.uid,
      });
      return undefined;
    },
  };
}

function expiryMs(job: KubeObject): number | undefined {
  const seconds = job.spec.ttlSecondsAfterFinished as number | undefined;
  const end = conditionsOf(job).find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  );
  const ended = toMs(end?.lastTransitionTime);
  return seconds === undefined || ended === undefined ? undefined : ended + seconds * 1000;
}
