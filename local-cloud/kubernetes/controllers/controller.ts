/** What a controller is, and what it is given. */
import type { Clock } from '../../clock.ts';
import type { ObjectStore, StoreEvent } from '../object-store.ts';
import type { KubeObject } from '../object.ts';
import type { Stored } from '../objects.ts';
import type { EventRecorder } from './event-recorder.ts';
import type { ObjectIndex } from './object-index.ts';

export interface ControllerContext {
  store: ObjectStore;
  index: ObjectIndex;
  clock: Clock;
  /** The recorder that writes Events in the name of a component. */
  recorder(component: string): EventRecorder;
  log(message: string): void;
}

/**
 * Brings part of the cluster to where its specs say, one key at a time. `sync` looks at the state as it is, not at
 * what changed, and may be called any number of times. A number it answers asks for another look after so many
 * milliseconds. Throwing means: again, with back-off.
 */
export interface Controller {
  readonly name: string;
  /** Keys that a change concerns. */
  keysFor(event: StoreEvent): Iterable<string>;
  /** Every key there is: at the start, and at each resync. */
  allKeys(): Iterable<string>;
  sync(key: string): number | undefined;
}

/** `namespace/name`, or `/name` for objects of the whole cluster. */
export function keyOf(object: Pick<KubeObject, 'metadata'>): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

/** The object a key stands for. */
export function byKey<R extends string>(store: ObjectStore, resource: R, key: string): Stored<R> | undefined {
  const slash = key.indexOf('/');
  return store.get(resource, slash === 0 ? undefined : key.slice(0, slash), key.slice(slash + 1));
}

/** Keys of all objects of one type. */
export function* keysOfAll(index: ObjectIndex, resource: string): Iterable<string> {
  for (const object of index.all(resource)) yield keyOf(object);
}
