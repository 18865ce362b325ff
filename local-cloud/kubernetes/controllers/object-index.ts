/**
 * The store's objects by namespace, owner and node, kept current from its changes, so that a controller never scans
 * what does not concern it. Events are left out: they are many, and no controller reads them through here.
 */
import { kinds } from '../kinds/registry.ts';
import { isOf } from '../is-of.ts';
import type { Located, ObjectStore, StoreEvent } from '../object-store.ts';
import type { KubeObject } from '../object.ts';
import type { Pod, Stored } from '../objects.ts';

type Group<T> = Map<string, Map<string, T>>;

/** As the store (../store/store.ts) it has the calls by a plural name twice: with the type of the kind, and as done. */
export class ObjectIndex {
  readonly #byNamespace = new Map<string, Group<KubeObject>>();
  readonly #byOwner: Group<Located> = new Map();
  readonly #podsByNode: Group<Pod> = new Map();
  readonly #byUid = new Map<string, Located>();

  constructor(store: ObjectStore) {
    const resources = new Set(kinds.filter((type) => type.stored).map((type) => type.resource));
    for (const resource of resources) {
      if (resource === 'events') continue;
      for (const object of store.list(resource)) this.#add(resource, object);
    }
  }

  /** Takes in one change. */
  apply({ type, resource, object }: StoreEvent): void {
    if (resource === 'events') return;
    const known = this.#byUid.get(object.metadata.uid);
    if (known) this.#remove(known);
    if (type !== 'DELETED') this.#add(resource, object);
  }

  /** The object with that uid, whatever its type. */
  find(uid: string): Located | undefined {
    return this.#byUid.get(uid);
  }

  inNamespace<R extends string>(resource: R, namespace: string | undefined): Iterable<Stored<R>>;
  inNamespace(resource: string, namespace: string | undefined): Iterable<KubeObject> {
    return (
      this.#byNamespace
        .get(resource)
        ?.get(namespace ?? '')
        ?.values() ?? []
    );
  }

  all<R extends string>(resource: R): Iterable<Stored<R>>;
  *all(resource: string): Iterable<KubeObject> {
    for (const objects of this.#byNamespace.get(resource)?.values() ?? []) yield* objects.values();
  }

  *everything(): Iterable<Located> {
    yield* this.#byUid.values();
  }

  /** Whatever names that uid among its owners. */
  dependentsOf(uid: string): Iterable<Located> {
    return this.#byOwner.get(uid)?.values() ?? [];
  }

  /** Objects of a type that are managed by the owner with that uid. */
  controlledBy<R extends string>(resource: R, uid: string): Stored<R>[];
  controlledBy(resource: string, uid: string): KubeObject[] {
    const found: KubeObject[] = [];
    for (const located of this.dependentsOf(uid)) {
      if (located.resource !== resource) continue;
      const owners = located.object.metadata.ownerReferences ?? [];
      if (owners.some((owner) => owner.uid === uid && owner.controller === true)) found.push(located.object);
    }
    return found;
  }

  /** Pods that are bound to a node, finished ones included. */
  podsOnNode(node: string): Iterable<Pod> {
    return this.#podsByNode.get(node)?.values() ?? [];
  }

  /** Names of nodes that pods are bound to, whether or not the node exists. */
  nodesWithPods(): Iterable<string> {
    return this.#podsByNode.keys();
  }

  #add(resource: string, object: KubeObject): void {
    const { uid, namespace, name } = object.metadata;
    const located = { resource, object };
    this.#byUid.set(uid, located);
    const spaces: Group<KubeObject> = this.#byNamespace.get(resource) ?? new Map<string, Map<string, KubeObject>>();
    this.#byNamespace.set(resource, spaces);
    put(spaces, namespace ?? '', name, object);
    for (const owner of object.metadata.ownerReferences ?? []) put(this.#byOwner, owner.uid, uid, located);
    const node = nodeOf(located);
    if (isOf(located, 'pods') && node) put(this.#podsByNode, node, uid, located.object);
  }

  #remove(located: Located): void {
    const { resource, object } = located;
    const { uid, namespace, name } = object.metadata;
    this.#byUid.delete(uid);
    const spaces = this.#byNamespace.get(resource);
    if (spaces) take(spaces, namespace ?? '', name);
    for (const owner of object.metadata.ownerReferences ?? []) take(this.#byOwner, owner.uid, uid);
    const node = nodeOf(located);
    if (node) take(this.#podsByNode, node, uid);
  }
}

/** Of a pod that is bound to one. */
function nodeOf(located: Located): string | undefined {
  return isOf(located, 'pods') ? located.object.spec?.nodeName : undefined;
}

function put<T>(groups: Group<T>, group: string, key: string, value: T): void {
  const members = groups.get(group);
  if (members) members.set(key, value);
  else groups.set(group, new Map([[key, value]]));
}

function take<T>(groups: Group<T>, group: string, key: string): void {
  const members = groups.get(group);
  members?.delete(key);
  if (members?.size === 0) groups.delete(group);
}
