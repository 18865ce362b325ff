/** Owner references: the one that controls an object, and writing it. */
import type { ObjectMeta, OwnerReference } from '../object.ts';

interface WithMetadata {
  metadata: ObjectMeta;
}

/** All owner references of an object. */
export function ownersOf(object: WithMetadata): OwnerReference[] {
  return object.metadata.ownerReferences ?? [];
}

/** The owner that manages the object, if any. */
export function controllerOf(object: WithMetadata): OwnerReference | undefined {
  return ownersOf(object).find((owner) => owner.controller === true);
}

/** The reference that makes `owner` the managing owner of what carries it. */
export function controllerReference(owner: WithMetadata & { apiVersion: string; kind: string }): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** The object with these owner references instead of its own; none at all leaves the field out. */
export function withOwners<T extends WithMetadata>(object: T, owners: OwnerReference[]): T {
  const metadata: ObjectMeta = { ...object.metadata, ownerReferences: owners };
  if (owners.length === 0) delete metadata.ownerReferences;
  return { ...object, metadata };
}

/** The object without one of its finalizers. */
export function withoutFinalizer<T extends WithMetadata>(object: T, finalizer: string): T {
  const { finalizers, ...metadata } = object.metadata;
  const left = (finalizers ?? []).filter((each) => each !== finalizer);
  return {
    ...object,
    metadata: left.length === 0 ? metadata : { ...metadata, finalizers: left },
  };
}
