/**
 * The calls of the store that keeps the objects of a cluster, and the changes it tells. Types only, so that kinds,
 * verbs and controllers know the store without importing it.
 *
 * The store is the one door to the types of kinds. Whoever names a kind gets objects of its type, whoever has the name
 * in a variable gets them with fields unknown. What is behind a name has passed the fields of its kind
 * (wire/field-check.ts) and its rules (store/admission.ts) on its way in, or was written by code of that type.
 */
import type { LabelSelector } from './labels.ts';
import type { KubeObject } from './object.ts';
import type { NewStored, Stored } from './objects.ts';

/** An object with the plural name under which it is kept; is-of.ts finds those of one kind by it. */
export interface Located<R extends string = string> {
  resource: R;
  object: Stored<R>;
}

export interface StoreEvent<R extends string = string> extends Located<R> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** The state before, for watches with a selector. Absent for ADDED. */
  previous?: Stored<R>;
}

export interface WriteOptions {
  /** Do everything but the write; the answer is what would have been stored. */
  dryRun?: boolean;
  /** Receives the texts that a client gets as Warning headers. */
  warn?: (text: string) => void;
  /** Last change to the object before it is committed, after defaults and checks: the bookkeeping of field managers. */
  finish?: (next: KubeObject, stored: KubeObject | undefined) => void;
}

export interface DeleteOptions {
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  gracePeriodSeconds?: number;
  /** Preconditions. */
  uid?: string;
  resourceVersion?: string;
}

export interface ListOptions<R extends string = string> {
  namespace?: string;
  labelSelector?: Record<string, string> | LabelSelector;
  where?: (object: Stored<R>) => boolean;
}

export interface ObjectStore {
  /** `resource` is the plural name everywhere: 'pods', 'deployments'. */
  get<R extends string>(resource: R, namespace: string | undefined, name: string): Stored<R> | undefined;
  /** Ordered by namespace and name. */
  list<R extends string>(resource: R, options?: ListOptions<R>): Stored<R>[];
  /**
   * Fills uid, creationTimestamp, resourceVersion, defaults, generateName. Throws
   * ApiError: 409 AlreadyExists, 422, 403, 404.
   */
  create<R extends string>(resource: R, object: NewStored<R>, options?: WriteOptions): Stored<R>;
  /** The main resource: status stays as stored. Throws 409 on a stale resourceVersion (if one is given) and 404. */
  update<R extends string>(resource: R, object: NewStored<R>, options?: WriteOptions): Stored<R>;
  /** Only the status. Throws as update does. */
  updateStatus<R extends string>(resource: R, object: NewStored<R>, options?: WriteOptions): Stored<R>;
  /**
   * Removes, or marks where a grace period or finalizers stand in the way (pods on a node: the kubelet
   * confirms with grace 0). Answers the last state, or undefined when there was no such object. Throws 409
   * when uid or resourceVersion do not match.
   */
  delete<R extends string>(
    resource: R,
    namespace: string | undefined,
    name: string,
    options?: DeleteOptions & WriteOptions,
  ): Stored<R> | undefined;
  /** In commit order, after commit; the answer ends it. A listener may write: its events come after the current one. */
  subscribe(listener: (event: StoreEvent) => void): () => void;
  resourceVersion(): string;
  /** Changes after `version`, oldest first; undefined when the history no longer reaches back so far. */
  since(version: number): StoreEvent[] | undefined;
  /** The object's JSON text, made once per object. */
  json(object: KubeObject): string;
  close(): void;
}
