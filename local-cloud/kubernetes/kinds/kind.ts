/**
 * What the server knows of a kind, in one value: names, fields, defaults, rules, columns, and what else it
 * treats differently. What is absent has none.
 */
import type { KubeObject, ObjectStore } from '../object.ts';
import type { FieldError } from '../api-error.ts';
import { created } from './cells.ts';

export interface AdmissionContext {
  store: ObjectStore;
  warn: (text: string) => void;
}

/** The cells of one object, and row conditions by which kubectl knows what has completed. */
export interface Row {
  cells: unknown[];
  conditions?: unknown[];
}

export interface Kind {
  group: string;
  version: string;
  /** Plural name as it appears in paths; unique over all groups. */
  resource: string;
  kind: string;
  singular: string;
  namespaced: boolean;
  shortNames: string[];
  categories: string[];
  subresources: string[];
  /** Its fields, and those of the types that only it has, in the notation of ../schema/schema.ts. */
  fields: string;
  /** False for kinds that only answer a POST (reviews): nothing is stored. */
  stored: boolean;
  /** Whether `generation` counts changes of the spec. */
  countsGenerations: boolean;
  /**
   * What status begins with. Clients cannot set the status when they create a kind
   * that has one, or that counts generations.
   */
  firstStatus?: unknown;
  /** Whether a DELETE answers the object even when it is gone at once. */
  answersDeleted: boolean;
  /** Written too often, and by components only, for the books on field managers to be worth their size. */
  untracked: boolean;
  /** Completes the object at every write; absent fields get their values. Changes it in place. */
  defaults?: (object: KubeObject, store: ObjectStore) => void;
  /** Further completes, or refuses, an object about to be created. */
  admit?: (object: KubeObject, context: AdmissionContext) => void;
  /** What an update keeps when it does not mention it. */
  keep?: (next: KubeObject, stored: KubeObject) => void;
  /** What follows the creation: other objects. */
  created?: (object: KubeObject, context: { store: ObjectStore; rootCaPem: string | undefined }) => void;
  /** What is wrong with a name; a DNS subdomain unless said otherwise. */
  nameProblem?: (name: string) => string | undefined;
  /** What is wrong with an object at any write, at its creation, or between two of its states. */
  rules?: (object: KubeObject) => FieldError[];
  createRules?: (object: KubeObject) => FieldError[];
  updateRules?: (next: KubeObject, stored: KubeObject) => FieldError[];
  /**
   * Names, with `#` before those of numbers, `?` before those of booleans, and `+`
   * behind those shown with `-o wide` only.
   */
  columns: string;
  row: (object: KubeObject, nowMs: number) => unknown[] | Row;
  /** What a field selector can ask for, besides name and namespace. */
  selectable: Record<string, (object: KubeObject) => unknown>;
}

type Names = Pick<Kind, 'kind' | 'resource' | 'fields'> & Partial<Kind>;

/**
 * A kind of the core group, in namespaces, that can be stored, with the columns Name and Age, unless said otherwise.
 */
export function defineKind(given: Names): Kind {
  return {
    group: '',
    version: 'v1',
    singular: given.kind.toLowerCase(),
    namespaced: true,
    shortNames: [],
    categories: [],
    subresources: [],
    stored: true,
    countsGenerations: false,
    answersDeleted: false,
    untracked: false,
    columns: 'Name|Age',
    row: (object, nowMs) => [object.metadata.name, created(object, nowMs)],
    selectable: {},
    ...given,
  };
}

/** `apps/v1`, or `v1` for the core group. */
export function apiVersionOf(kind: Pick<Kind, 'group' | 'version'>): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}
