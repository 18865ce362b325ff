/**
 * What every object has, whatever its kind: names, metadata, and fields that only its kind knows. Types only; those of
 * the kinds are in objects.ts, and object-store.ts tells how one gets from the name of a kind to objects of its type.
 */

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
 * An object of whatever kind, to code that serves all kinds alike. What is in its fields is unknown there, and read by
 * the tables of its fields (schema/schema.ts) or by small readers that look first (../is-plain.ts).
 */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: unknown;
  status?: unknown;
  [key: string]: unknown;
}

/** What a caller hands in for a create: the server fills the rest. */
export type Draft<T extends KubeObject> = Omit<T, 'apiVersion' | 'kind' | 'metadata'> & {
  apiVersion?: string;
  kind?: string;
  metadata: Partial<ObjectMeta>;
};

/** A draft of whatever kind. */
export type NewObject = Draft<KubeObject>;
