/**
 * The part of a write that is the server's: identity, versions, generation, and which
 * half of an object a call may change. Pure.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { ApiError, invalid } from '../api-error.ts';
import { apiVersionOf, type Kind } from '../kinds/kind.ts';
import type { KubeObject, NewObject } from '../object.ts';

/** RFC 3339 in whole seconds, as metadata carries it. */
export function timestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

const SUFFIX_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const GENERATE_NAME_PREFIX_MAX = 58;
const GENERATE_NAME_TRIES = 8;

/** Five letters that spell no words, as real generated names end. */
function randomSuffix(): string {
  return [...randomBytes(5)].map((byte) => SUFFIX_ALPHABET[byte % SUFFIX_ALPHABET.length]).join('');
}

/** A copy of a client's object with everything that the server alone decides. */
export function newMetadata(
  type: Kind,
  object: NewObject,
  nowMs: number,
  exists: (namespace: string | undefined, name: string) => boolean,
): KubeObject {
  const given = structuredClone(object);
  const metadata = { ...given.metadata };
  if (metadata.resourceVersion) {
    throw new ApiError(400, 'BadRequest', 'resourceVersion should not be set on objects to be created');
  }
  if (type.namespaced) metadata.namespace = metadata.namespace || 'default';
  else delete metadata.namespace;
  metadata.name = metadata.name || generateName(type, metadata.generateName, metadata.namespace, exists);
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.generation;
  const fresh: KubeObject = {
    ...given,
    kind: given.kind ?? type.kind,
    apiVersion: given.apiVersion ?? apiVersionOf(type),
    metadata: {
      ...metadata,
      name: metadata.name,
      uid: randomUUID(),
      resourceVersion: '',
      creationTimestamp: timestamp(nowMs),
      ...(type.countsGenerations ? { generation: 1 } : {}),
    },
  };
  dropEmpty(fresh);
  if (type.countsGenerations || type.firstStatus !== undefined) delete fresh.status;
  return fresh;
}

function generateName(
  type: Kind,
  prefix: string | undefined,
  namespace: string | undefined,
  exists: (namespace: string | undefined, name: string) => boolean,
): string {
  if (!prefix) {
    throw invalid(type.kind, type.group, '', [
      {
        reason: 'FieldValueRequired',
        field: 'metadata.name',
        message: 'Required value: name or generateName is required',
      },
    ]);
  }
  for (let tries = 0; tries < GENERATE_NAME_TRIES; tries += 1) {
    const name = prefix.slice(0, GENERATE_NAME_PREFIX_MAX) + randomSuffix();
    if (!exists(namespace, name)) return name;
  }
  throw new ApiError(
    409,
    'AlreadyExists',
    `${type.resource} "${prefix}" already exists, the server was not able to generate a unique name for the object`,
  );
}

/** Maps and lists of metadata that are empty are as good as absent; a stored object has them absent. */
function dropEmpty(object: KubeObject): void {
  const { metadata } = object;
  for (const key of ['labels', 'annotations', 'finalizers', 'ownerReferences', 'managedFields'] as const) {
    const value: object | null | undefined = metadata[key];
    if (value === null || (value !== undefined && Object.keys(value).length === 0)) delete metadata[key];
  }
}

/**
 * The new state after an update of the main resource: identity and status stay, the
 * generation counts changes of the spec.
 */
export function keepOnUpdate(type: Kind, object: NewObject, stored: KubeObject): KubeObject {
  const given = structuredClone(object);
  const next: KubeObject = {
    ...given,
    apiVersion: stored.apiVersion,
    kind: stored.kind,
    metadata: { ...given.metadata, ...identity(stored) },
  };
  keepDeletion(next, stored);
  dropEmpty(next);
  if (type.subresources.includes('status')) {
    if (stored.status === undefined) delete next.status;
    else next.status = stored.status;
  }
  if (stored.metadata.generation !== undefined) {
    const changed = !isDeepStrictEqual(withoutMetadata(next), withoutMetadata(stored));
    next.metadata.generation = stored.metadata.generation + (changed ? 1 : 0);
  }
  forbidNewFinalizers(type, next, stored);
  return next;
}

/**
 * The new state after an update of the status subresource. Pods and nodes let their
 * kubelet change labels and annotations with it.
 */
export function keepOnStatusUpdate(type: Kind, object: NewObject, stored: KubeObject): KubeObject {
  const next = structuredClone(stored);
  if (object.status === undefined) delete next.status;
  else next.status = structuredClone(object.status);
  const { managedFields, labels, annotations } = object.metadata;
  if (managedFields) next.metadata.managedFields = structuredClone(managedFields);
  if (type.resource === 'pods' || type.resource === 'nodes') {
    if (labels) next.metadata.labels = structuredClone(labels);
    if (annotations) next.metadata.annotations = structuredClone(annotations);
  }
  return next;
}

function identity({ metadata }: KubeObject): Omit<KubeObject['metadata'], 'labels' | 'annotations'> {
  const { name, namespace, uid, resourceVersion, creationTimestamp, generateName: prefix } = metadata;
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(prefix === undefined ? {} : { generateName: prefix }),
    uid,
    resourceVersion,
    creationTimestamp,
  };
}

function keepDeletion(next: KubeObject, { metadata }: KubeObject): void {
  delete next.metadata.deletionTimestamp;
  delete next.metadata.deletionGracePeriodSeconds;
  delete next.metadata.generation;
  if (metadata.deletionTimestamp !== undefined) next.metadata.deletionTimestamp = metadata.deletionTimestamp;
  if (metadata.deletionGracePeriodSeconds !== undefined) {
    next.metadata.deletionGracePeriodSeconds = metadata.deletionGracePeriodSeconds;
  }
}

/** An object that is on its way out takes no new finalizers. */
function forbidNewFinalizers(type: Kind, next: KubeObject, stored: KubeObject): void {
  if (stored.metadata.deletionTimestamp === undefined) return;
  const known = stored.metadata.finalizers ?? [];
  const added = (next.metadata.finalizers ?? []).filter((each) => !known.includes(each));
  if (added.length === 0) return;
  const found = added.map((each) => JSON.stringify(each)).join(', ');
  const message =
    'Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers ' +
    `[]string{${found}}`;
  throw invalid(type.kind, type.group, next.metadata.name, [
    { reason: 'FieldValueForbidden', field: 'metadata.finalizers', message },
  ]);
}

function withoutMetadata(object: KubeObject): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== 'metadata' && key !== 'status'));
}
