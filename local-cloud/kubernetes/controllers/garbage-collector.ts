/**
 * Deletes what only deleted owners own, and carries out foreground deletion (dependents first)
 * and orphaning (dependents stay, without the reference). Objects are known by uid: an owner of
 * the same name made anew is not the owner.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Located, StoreEvent } from '../object-store.ts';
import type { KubeObject, OwnerReference } from '../object.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { ownersOf, withOwners, withoutFinalizer } from './owners.ts';

const FOREGROUND = 'foregroundDeletion';
const ORPHAN = 'orphan';

export function garbageCollector(context: ControllerContext): Controller {
  const { index } = context;
  return {
    name: 'garbage-collector',
    *keysFor(event) {
      if (event.resource === 'events' || !isNews(event)) return;
      const { uid, ownerReferences } = event.object.metadata;
      yield uid;
      for (const { object } of index.dependentsOf(uid)) yield object.metadata.uid;
      // An owner may be waiting for exactly this object to go.
      if (event.type === 'DELETED') for (const owner of ownerReferences ?? []) yield owner.uid;
    },
    *allKeys() {
      for (const { object } of index.everything()) {
        if (object.metadata.ownerReferences || object.metadata.finalizers) yield object.metadata.uid;
      }
    },
    sync(uid) {
      const located = index.find(uid);
      if (!located) return undefined;
      const finalizers = located.object.metadata.finalizers ?? [];
      if (located.object.metadata.deletionTimestamp === undefined) collect(context, located);
      else if (finalizers.includes(ORPHAN)) orphanDependents(context, located);
      else if (finalizers.includes(FOREGROUND)) deleteDependents(context, located);
      return undefined;
    },
  };
}

/** Most changes of an object say nothing about who owns it or whether it is going. */
function isNews({ type, object, previous }: StoreEvent): boolean {
  if (type !== 'MODIFIED' || !previous) return true;
  const { metadata: before } = previous;
  const { metadata: after } = object;
  return (
    before.deletionTimestamp !== after.deletionTimestamp ||
    !isDeepStrictEqual(before.finalizers, after.finalizers) ||
    !isDeepStrictEqual(before.ownerReferences, after.ownerReferences)
  );
}

/** Whether the owner is being deleted in the foreground and waits for whoever carries this reference. */
function isAwaited(owner: KubeObject | undefined, { blockOwnerDeletion }: OwnerReference): boolean {
  if (!owner || blockOwnerDeletion !== true) return false;
  return owner.metadata.deletionTimestamp !== undefined && owner.metadata.finalizers?.includes(FOREGROUND) === true;
}

/** Deletes an object none of whose owners is left; an object that has another owner only loses the stale references. */
function collect({ store, index }: ControllerContext, { resource, object }: Located): void {
  const owners = ownersOf(object);
  if (owners.length === 0) return;
  const present = owners.filter(({ uid }) => index.find(uid) !== undefined);
  const solid = present.filter((reference) => !isAwaited(index.find(reference.uid)?.object, reference));
  const waited = solid.length < present.length;
  if (solid.length > 0) {
    if (solid.length < owners.length) store.update(resource, withOwners(object, solid));
    return;
  }
  const { namespace, name, uid } = object.metadata;
  const propagationPolicy = propagation(object, waited && !isEmpty(index.dependentsOf(uid)));
  store.delete(resource, namespace, name, { propagationPolicy, uid });
}

/** As the object's own finalizers ask; in the foreground too when its owner waits and it has dependents of its own. */
function propagation({ metadata: { finalizers = [] } }: KubeObject, awaited: boolean) {
  if (awaited || finalizers.includes(FOREGROUND)) return 'Foreground';
  return finalizers.includes(ORPHAN) ? 'Orphan' : 'Background';
}

function orphanDependents({ store, index }: ControllerContext, { resource, object }: Located): void {
  for (const dependent of [...index.dependentsOf(object.metadata.uid)]) {
    const left = ownersOf(dependent.object).filter((owner) => owner.uid !== object.metadata.uid);
    store.update(dependent.resource, withOwners(dependent.object, left));
  }
  store.update(resource, withoutFinalizer(object, ORPHAN));
}

/** Dependents go first; those that do not block their owner need not be gone before it. */
function deleteDependents(context: ControllerContext, { resource, object }: Located): void {
  const { store, index } = context;
  for (const dependent of [...index.dependentsOf(object.metadata.uid)]) {
    if (dependent.object.metadata.deletionTimestamp === undefined) collect(context, dependent);
  }
  const blocking = [...index.dependentsOf(object.metadata.uid)].some((dependent) =>
    ownersOf(dependent.object).some((owner) => owner.uid === object.metadata.uid && owner.blockOwnerDeletion === true),
  );
  if (!blocking) store.update(resource, withoutFinalizer(object, FOREGROUND));
}

function isEmpty(items: Iterable<unknown>): boolean {
  for (const _item of items) return false;
  return true;
}
