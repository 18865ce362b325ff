/** Events are kept for an hour, as a real API server keeps them. */
import type { Event } from '../objects.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { toMs } from './time.ts';

const KEPT_MS = 3_600_000;
const LOOK_EVERY_MS = 60_000;
const KEY = 'events';

export function eventExpiry({ store, clock }: ControllerContext): Controller {
  return {
    name: 'event-expiry',
    keysFor: () => [],
    allKeys: () => [KEY],
    sync() {
      const oldest = clock.nowMs() - KEPT_MS;
      const expired = store.list('events', {
        where: (event) => lastSeenMs(event) < oldest,
      });
      for (const { metadata } of expired) store.delete('events', metadata.namespace, metadata.name);
      return LOOK_EVERY_MS;
    },
  };
}

function lastSeenMs(event: Event): number {
  const seen = event.series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime;
  return toMs(seen) ?? toMs(event.metadata.creationTimestamp) ?? 0;
}
