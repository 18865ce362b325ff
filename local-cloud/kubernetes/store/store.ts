/**
 * All objects of one cluster: in memory, with every change in a journal on disk, one counter of versions over
 * everything, and a bounded history of changes for watches. Controllers and the API server write through the same
 * calls, so defaults, validation and admission (admission.ts) hold for both. Everything is synchronous: a read, a
 * decision and a write are never interleaved.
 *
 * Objects handed out are deeply frozen: change a structuredClone.
 */
import { isDeepStrictEqual } from 'node:util';
import { systemClock, type Clock } from '../../clock.ts';
import { admitCreate, admitUpdate } from './admission.ts';
import { alreadyExists, conflict, invalid, notFound } from '../api-error.ts';
import { markForDeletion } from './deletion.ts';
import type { KubeObject, NewObject } from '../object.ts';
import type { DeleteOptions, ListOptions, ObjectStore, StoreEvent, WriteOptions } from '../object-store.ts';
import type { NewStored, Stored } from '../objects.ts';
import { isOf } from '../is-of.ts';
import { openJournal } from './journal.ts';
import { matchesSelector, toSelector } from '../labels.ts';
import { keepOnStatusUpdate, keepOnUpdate, newMetadata } from './metadata.ts';
import { kindOf } from '../kinds/registry.ts';
import type { Kind } from '../kinds/kind.ts';

export interface StoreOptions {
  clock?: Clock;
  /** PEM of the cluster's CA, for the kube-root-ca.crt ConfigMap of every namespace. */
  rootCaPem?: string;
  /** Changes kept for watches. */
  historyLength?: number;
}

/** Opens the store in `dir`; what was there before comes back with its versions. */
export function createStore(dir: string, options: StoreOptions = {}): ObjectStore {
  return new JournaledStore(dir, options);
}

/**
 * Each call that hands out objects is declared twice: as the door has it, with the type of the named kind, and as it is
 * done, alike for all kinds.
 */
class JournaledStore implements ObjectStore {
  readonly #clock: Clock;
  readonly #rootCaPem: string | undefined;
  readonly #historyLength: number;
  readonly #journal;
  readonly #tables = new Map<string, Map<string, Map<string, KubeObject>>>();
  readonly #listeners = new Set<(event: StoreEvent) => void>();
  readonly #json = new WeakMap<KubeObject, string>();
  readonly #queue: StoreEvent[] = [];
  #delivering = false;
  #version: number;
  #history: StoreEvent[] = [];

  constructor(dir: string, options: StoreOptions) {
    this.#clock = options.clock ?? systemClock;
    this.#rootCaPem = options.rootCaPem;
    this.#historyLength = options.historyLength ?? 10_000;
    const { journal, recovered } = openJournal(dir);
    this.#journal = journal;
    this.#version = recovered.version;
    for (const { resource, object } of recovered.objects) this.#put(resource, deepFreeze(object));
    for (const { version, type, resource, object } of recovered.entries) {
      this.#version = version;
      this.#apply({ type, resource, object: deepFreeze(object) });
    }
  }

  get<R extends string>(resource: R, namespace: string | undefined, name: string): Stored<R> | undefined;
  get(resource: string, namespace: string | undefined, name: string): KubeObject | undefined {
    return this.#tables.get(resource)?.get(this.#space(resource, namespace))?.get(name);
  }

  list<R extends string>(resource: R, options?: ListOptions<R>): Stored<R>[];
  list(resource: string, options: ListOptions = {}): KubeObject[] {
    const table = this.#tables.get(resource);
    if (!table) return [];
    const selector = options.labelSelector ? toSelector(options.labelSelector) : undefined;
    const spaces = options.namespace !== undefined ? [options.namespace] : [...table.keys()].sort();
    const isWanted = (object: KubeObject): boolean =>
      (!selector || matchesSelector(selector, object.metadata.labels)) && (!options.where || options.where(object));
    const found: KubeObject[] = [];
    for (const space of spaces) {
      for (const object of table.get(space)?.values() ?? []) if (isWanted(object)) found.push(object);
    }
    return found.sort(byNamespaceAndName);
  }

  create<R extends string>(resource: R, object: NewStored<R>, options?: WriteOptions): Stored<R>;
  create(resource: string, object: NewObject, options: WriteOptions = {}): KubeObject {
    const type = kindOf(resource);
    const fresh = newMetadata(type, object, this.#clock.nowMs(), (namespace, name) =>
      this.#has(resource, namespace, name),
    );
    admitCreate(type, fresh, { store: this, warn: options.warn ?? ignore });
    if (this.#has(resource, fresh.metadata.namespace, fresh.metadata.name))
      throw alreadyExists(type, fresh.metadata.name);
    options.finish?.(fresh, undefined);
    if (options.dryRun) return deepFreeze(fresh);
    const stored = this.#commit('ADDED', resource, fresh);
    type.created?.(stored, { store: this, rootCaPem: this.#rootCaPem });
    return stored;
  }

  update<R extends string>(resource: R, object: NewStored<R>, options?: WriteOptions): Stored<R>;
  update(resource: string, object: NewObject, options: WriteOptions = {}): KubeObject {
    const { type, stored } = this.#forUpdate(resource, object);
    const next = keepOnUpdate(type, object, stored);
    admitUpdate(type, next, stored, { store: this, warn: options.warn ?? ignore });
    return this.#replace(type, stored, next, options);
  }

  updateStatus<R extends string>(resource: R, object: NewStored<R>, options?: WriteOptions): Stored<R>;
  updateStatus(resource: string, object: NewObject, options: WriteOptions = {}): KubeObject {
    const { type, stored } = this.#forUpdate(resource, object);
    return this.#replace(type, stored, keepOnStatusUpdate(type, object, stored), options);
  }

  delete<R extends string>(
    resource: R,
    namespace: string | undefined,
    name: string,
    options?: DeleteOptions & WriteOptions,
  ): Stored<R> | undefined;
  delete(
    resource: string,
    namespace: string | undefined,
    name: string,
    options: DeleteOptions & WriteOptions = {},
  ): KubeObject | undefined {
    const type = kindOf(resource);
    const stored = this.get(resource, namespace, name);
    if (!stored) return undefined;
    checkPreconditions(type, stored, options);
    const marked = markForDeletion(type, stored, options, this.#clock.nowMs());
    if (marked === undefined) return options.dryRun ? stored : this.#remove(resource, stored);
    if (isDeepStrictEqual(marked, stored)) return stored;
    return options.dryRun ? deepFreeze(marked) : this.#commit('MODIFIED', resource, marked, stored);
  }

  subscribe(listener: (event: StoreEvent) => void): () => void {
    // A wrapper of its own, so that the same function can be subscribed twice.
    const own = (event: StoreEvent): void => listener(event);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  resourceVersion(): string {
    return String(this.#version);
  }

  since(version: number): StoreEvent[] | undefined {
    // Every version is exactly one change, so the place in the history follows from the number.
    const missed = this.#version - version;
    if (missed <= 0) return [];
    return missed > this.#history.length ? undefined : this.#history.slice(this.#history.length - missed);
  }

  json(object: KubeObject): string {
    let text = this.#json.get(object);
    if (text === undefined) {
      text = JSON.stringify(object);
      this.#json.set(object, text);
    }
    return text;
  }

  close(): void {
    this.#listeners.clear();
  }

  #forUpdate(resource: string, object: NewObject): { type: Kind; stored: KubeObject } {
    const type = kindOf(resource);
    const { name = '', namespace, uid, resourceVersion } = object.metadata;
    const stored = this.get(resource, namespace, name);
    if (!stored) throw notFound(type, name);
    if (uid !== undefined && uid !== '' && uid !== stored.metadata.uid) {
      const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${stored.metadata.uid}`;
      throw conflict(type, name, why);
    }
    if (resourceVersion && resourceVersion !== stored.metadata.resourceVersion) {
      if (!/^\d+$/.test(resourceVersion)) {
        const message = `Invalid value: ${JSON.stringify(resourceVersion)}: must be a number`;
        throw invalid(type.kind, type.group, name, [
          { reason: 'FieldValueInvalid', field: 'metadata.resourceVersion', message },
        ]);
      }
      throw conflict(type, name);
    }
    return { type, stored };
  }

  #replace(type: Kind, stored: KubeObject, next: KubeObject, options: WriteOptions): KubeObject {
    if (isDeepStrictEqual(next, stored)) return stored;
    options.finish?.(next, stored);
    if (options.dryRun) return deepFreeze(next);
    if (isFinished(type, next)) return this.#remove(type.resource, next);
    return this.#commit('MODIFIED', type.resource, next, stored);
  }

  #remove(resource: string, last: KubeObject): KubeObject {
    const previous = this.get(resource, last.metadata.namespace, last.metadata.name) ?? last;
    return this.#commit('DELETED', resource, structuredClone(last), previous);
  }

  #commit(type: StoreEvent['type'], resource: string, object: KubeObject, previous?: KubeObject): KubeObject {
    object.metadata.resourceVersion = String(this.#version + 1);
    const text = JSON.stringify(object);
    this.#journal.append(this.#version + 1, type, resource, text);
    this.#version += 1;
    deepFreeze(object);
    this.#json.set(object, text);
    const event: StoreEvent = { type, resource, object, ...(previous ? { previous } : {}) };
    this.#apply(event);
    if (this.#journal.isLong()) this.#journal.snapshot(this.#version, this.#everything());
    this.#queue.push(event);
    this.#deliver();
    return object;
  }

  #apply(event: StoreEvent): void {
    const { namespace, name } = event.object.metadata;
    const previous = event.previous ?? this.get(event.resource, namespace, name);
    if (event.type === 'DELETED')
      this.#tables.get(event.resource)?.get(this.#space(event.resource, namespace))?.delete(name);
    else this.#put(event.resource, event.object);
    this.#history.push(previous && event.type !== 'ADDED' ? { ...event, previous } : event);
    if (this.#history.length >= 2 * this.#historyLength) this.#history = this.#history.slice(-this.#historyLength);
  }

  #deliver(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    // A listener that throws must not keep the change, or the next ones, from the others.
    const errors: unknown[] = [];
    for (let event = this.#queue.shift(); event; event = this.#queue.shift()) {
      for (const listener of this.#listeners) {
        try {
          listener(event);
        } catch (error) {
          errors.push(error);
        }
      }
    }
    this.#delivering = false;
    if (errors.length > 0) throw errors[0];
  }

  *#everything(): Iterable<{ resource: string; json: string }> {
    for (const [resource, spaces] of this.#tables) {
      for (const space of spaces.values()) {
        for (const object of space.values()) yield { resource, json: this.json(object) };
      }
    }
  }

  #put(resource: string, object: KubeObject): void {
    const table = getOrMake(this.#tables, resource);
    getOrMake(table, this.#space(resource, object.metadata.namespace)).set(object.metadata.name, object);
  }

  #has(resource: string, namespace: string | undefined, name: string): boolean {
    return this.get(resource, namespace, name) !== undefined;
  }

  #space(resource: string, namespace: string | undefined): string {
    return kindOf(resource).namespaced ? (namespace ?? 'default') : '';
  }
}

/** Marked for deletion, and nothing holds it any more. Pods with a grace period wait for their kubelet. */
function isFinished({ resource }: Kind, object: KubeObject): boolean {
  const { metadata } = object;
  if (metadata.deletionTimestamp === undefined || (metadata.finalizers ?? []).length > 0) return false;
  const located = { resource, object };
  if (isOf(located, 'namespaces')) return (located.object.spec?.finalizers ?? []).length === 0;
  return (metadata.deletionGracePeriodSeconds ?? 0) === 0;
}

function checkPreconditions(type: Kind, { metadata }: KubeObject, { uid, resourceVersion }: DeleteOptions): void {
  const named = { resource: type.kind, group: type.group };
  const refusal = (what: string, asked: string, found: string | undefined, might: string): Error => {
    const difference = `the ${what} in the precondition (${asked}) does not match the ${what} in record (${found})`;
    return conflict(named, metadata.name, `${difference}. The object might have been ${might}`);
  };
  if (uid !== undefined && uid !== metadata.uid) throw refusal('UID', uid, metadata.uid, 'deleted and then recreated');
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion)
    throw refusal('ResourceVersion', resourceVersion, metadata.resourceVersion, 'modified');
}

function byNamespaceAndName(a: KubeObject, b: KubeObject): number {
  const left = a.metadata.namespace ?? '';
  const right = b.metadata.namespace ?? '';
  if (left !== right) return left < right ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : a.metadata.name > b.metadata.name ? 1 : 0;
}

function getOrMake<K, I, V>(maps: Map<K, Map<I, V>>, key: K): Map<I, V> {
  let map = maps.get(key);
  if (!map) maps.set(key, (map = new Map<I, V>()));
  return map;
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const each of Object.values(value)) deepFreeze(each);
  return value;
}

function ignore(): void {}
