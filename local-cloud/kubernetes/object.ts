/**
 * What the folders of this API speak of: an object, its metadata, a change, and the calls of the store that keeps them.
 * Types only, so that kinds, verbs and controllers know the store without importing it.
 */
import type { LabelSelector } from './labels.ts';

/** Any JSON object whose fields nobody has declared: what somebody sends, patches and scales. */
export type Plain = Record<string, unknown>;

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  name: string;
  generateName?: string;
  namespace?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: object[];
}

/**
 * An object of whatever kind. Its fields are `any`, because each kind has its own: whoever looks at an object of one
 * kind says so by the type of its parameter (objects.ts), and what was sent has passed wire/field-check.ts, which knows
 * every field of every kind.
 */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: any;
  status?: any;
  [key: string]: any;
}

/** What a caller hands in for a create: the server fills the rest. */
export type NewObject = Omit<KubeObject, 'apiVersion' | 'kind' | 'metadata'> & {
  apiVersion?: string;
  kind?: string;
  metadata: Partial<ObjectMeta>;
};

export interface StoreEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  resource: string;
  object: KubeObject;
  /** The state before, for watches with a selector. Absent for ADDED. */
  previous?: KubeObject;
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

export interface ListOptions {
  namespace?: string;
  labelSelector?: Record<string, string> | LabelSelector;
  where?: (object: KubeObject) => boolean;
}

export interface ObjectStore {
  /** `resource` is the plural name everywhere: 'pods', 'deployments'. */
  get(resource: string, namespace: string | undefined, name: string): KubeObject | undefined;
  /** Ordered by namespace and name. */
  list(resource: string, options?: ListOptions): KubeObject[];
  /**
   * Fills uid, creationTimestamp, resourceVersion, defaults, generateName. Throws
   * ApiError: 409 AlreadyExists, 422, 403, 404.
   */
  create(resource: string, object: NewObject, options?: WriteOptions): KubeObject;
  /** The main resource: status stays as stored. Throws 409 on a stale resourceVersion (if one is given) and 404. */
  update(resource: string, object: NewObject, options?: WriteOptions): KubeObject;
  /** Only the status. Throws as update does. */
  updateStatus(resource: string, object: NewObject, options?: WriteOptions): KubeObject;
  /**
   * Removes, or marks where a grace period or finalizers stand in the way (pods on a node: the kubelet
   * confirms with grace 0). Answers the last state, or undefined when there was no such object. Throws 409
   * when uid or resourceVersion do not match.
   */
  delete(
    resource: string,
    namespace: string | undefined,
    name: string,
    options?: DeleteOptions & WriteOptions,
  ): KubeObject | undefined;
  /** In commit order, after commit; the answer ends it. A listener may write: its events come after the current one. */
  subscribe(listener: (event: StoreEvent) => void): () => void;
  resourceVersion(): string;
  /** Changes after `version`, oldest first; undefined when the history no longer reaches back so far. */
  since(version: number): StoreEvent[] | undefined;
  /** The object's JSON text, made once per object. */
  json(object: KubeObject): string;
  close(): void;
}
