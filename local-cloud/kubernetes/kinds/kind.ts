/**
 * What the server knows of a kind, in one value: names, fields, defaults, rules, columns, and what else it
 * treats differently. What is absent has none. The file of a kind also gives its objects their type, under its plural
 * name (`Objects` in ../objects.ts).
 */
import type { ObjectStore } from '../object-store.ts';
import type { PodTemplate, Stored } from '../objects.ts';
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

/** What it does with its objects are methods, so that a kind of its own type is a kind in the list of all kinds. */
export interface Kind<R extends string = string> {
  group: string;
  version: string;
  /** Plural name as it appears in paths; unique over all groups. */
  resource: R;
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
  defaults?(object: Stored<R>, store: ObjectStore): void;
  /** Further completes, or refuses, an object about to be created. */
  admit?(object: Stored<R>, context: AdmissionContext): void;
  /** What an update keeps when it does not mention it. */
  keep?(next: Stored<R>, stored: Stored<R>): void;
  /** What follows the creation: other objects. */
  created?(object: Stored<R>, context: { store: ObjectStore; rootCaPem: string | undefined }): void;
  /** After what its pods are made. */
  template?(object: Stored<R>): PodTemplate | undefined;
  /** What is wrong with a name; a DNS subdomain unless said otherwise. */
  nameProblem?(name: string): string | undefined;
  /** What is wrong with an object at any write, at its creation, or between two of its states. */
  rules?(object: Stored<R>): FieldError[];
  createRules?(object: Stored<R>): FieldError[];
  updateRules?(next: Stored<R>, stored: Stored<R>): FieldError[];
  /**
   * Names, with `#` before those of numbers, `?` before those of booleans, and `+`
   * behind those shown with `-o wide` only.
   */
  columns: string;
  row(object: Stored<R>, nowMs: number): unknown[] | Row;
  /** What a field selector can ask for, besides name and namespace. */
  selectable: Record<string, Getter<R>>;
}

/** Reads one field. A method's type, for the same reason. */
export type Getter<R extends string> = { of(object: Stored<R>): unknown }['of'];

type Names<R extends string> = Pick<Kind<R>, 'kind' | 'resource' | 'fields'> & Partial<Kind<R>>;

/**
 * A kind of the core group, in namespaces, that can be stored, with the columns Name and Age, unless said otherwise.
 */
export function defineKind<R extends string>(given: Names<R>): Kind<R> {
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
