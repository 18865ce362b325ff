/**
 * The store's objects by namespace, owner and node, kept current from its changes, so that a controller never scans
 * what does not concern it. Events are left out: they are many, and no controller reads them through here.
 */
import { kinds } from '../kinds/registry.ts';
import type { KubeObject, ObjectStore, StoreEvent } from '../object.ts';

export interface Located {
  resource: string;
  object: KubeObject;
}

type Group<T> = Map<string, Map<string, T>>;

export class ObjectIndex {
  readonly #byNamespace = new Map<string, Group<KubeObject>>();
  readonly #byOwner: Group<Located> = new Map();
  readonly #podsByNode: Group<KubeObject> = new Map();
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

  inNamespace(resource: string, namespace: string | undefined): Iterable<KubeObject> {
    return (
      this.#byNamespace
        .get(resource)
        ?.get(namespace ?? '')
        ?.values() ?? []
    );
  }

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
  podsOnNode(node: string): Iterable<KubeObject> {
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
    let spaces = this.#byNamespace.get(resource);
    if (!spaces) this.#byNamespace.set(resource, (spaces = new Map()));
    put(spaces, namespace ?? '', name, object);
    for (const owner of object.metadata.ownerReferences ?? []) put(this.#byOwner, owner.uid, uid, located);
    if (resource === 'pods' && object.spec?.nodeName) put(this.#podsByNode, object.spec.nodeName, uid, object);
  }

  #remove({ resource, object }: Located): void {
    const { uid, namespace, name } = object.metadata;
    this.#byUid.delete(uid);
    const spaces = this.#byNamespace.get(resource);
    if (spaces) take(spaces, namespace ?? '', name);
    for (const owner of object.metadata.ownerReferences ?? []) take(this.#byOwner, owner.uid, uid);
    if (resource === 'pods' && object.spec?.nodeName) take(this.#podsByNode, object.spec.nodeName, uid);
  }
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
