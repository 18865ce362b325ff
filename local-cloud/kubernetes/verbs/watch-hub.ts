/** Hands each change of the store to the watches of its resource: one subscription for all of them. */
import type { ObjectStore, StoreEvent } from '../object-store.ts';

export interface WatchHub {
  /** Calls `listener` for each change of the resource from now on; the answer ends it. */
  add(resource: string, listener: (event: StoreEvent) => void): () => void;
  /** Ends the subscription. */
  stop(): void;
}

export function createWatchHub(store: ObjectStore): WatchHub {
  const listeners = new Map<string, Set<(event: StoreEvent) => void>>();
  const unsubscribe = store.subscribe((event) => {
    for (const listener of listeners.get(event.resource) ?? []) listener(event);
  });
  return {
    add(resource, listener) {
      const set = listeners.get(resource) ?? new Set();
      listeners.set(resource, set.add(listener));
      return () => set.delete(listener);
    },
    stop: () => {
      unsubscribe();
      listeners.clear();
    },
  };
}
