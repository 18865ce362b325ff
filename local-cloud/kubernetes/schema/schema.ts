/**
 * The fields of every kind. From them follow the OpenAPI documents, the checks for unknown and mistyped fields, and how
 * lists and maps merge in strategic merge patches and server-side apply. A kind states its own (../kinds); what several
 * kinds share stands in the tables beside this file.
 *
 * Notation: in a table `package NAME as ALIAS`, then a type at the start of a line. Its fields are indented below it as
 * `name:type`. Behind the name stands `!` when it is required, and `*` when its zero value differs from absence. `#3`
 * is its number in the protobuf form (`#1.3` inside an embedded message). Types: string int long num bool bytes time
 * microtime quantity intstr any, another type of the same package or `alias/Type`, `[T]` list, `{T}` map with string
 * keys. After `|` in a list or map: `atomic` (replaced as a whole), `set`, `map=a+b` (server-side apply tells items
 * apart by these keys). Or `merge` or `merge=key` (strategic merge patch does, by this key), `retainKeys`. `Type
 * (atomic)` is replaced as a whole; `~replace` and `~retainKeys` after a type are strategies of the patch.
 *
 * The fields come from the Go sources of the API (scripts/write-kubernetes-schema.ts); which types there are is written
 * by hand.
 */
import type { Kind } from '../kinds/kind.ts';
import { podSchema } from './pod-table.ts';
import { sharedSchema } from './shared-table.ts';
import { volumeSchema } from './volumes-table.ts';

export type ScalarName =
  'string' | 'int' | 'long' | 'num' | 'bool' | 'bytes' | 'time' | 'microtime' | 'quantity' | 'intstr' | 'any';

export interface ListType {
  is: 'list';
  of: FieldType;
  /** Keys of a list that server-side apply merges item by item. */
  mapKeys?: string[];
  set?: boolean;
  /** Strategic merge patch merges instead of replacing; with a key for lists of objects. */
  merge?: boolean;
  mergeKey?: string;
  retainKeys?: boolean;
}

export type FieldType =
  | { is: 'scalar'; name: ScalarName }
  | { is: 'object'; type: string }
  | ListType
  | { is: 'map'; of: FieldType; atomic?: boolean };

export interface Field {
  name: string;
  type: FieldType;
  required: boolean;
  /** Zero, false or '' is a value of it and does not mean that it is absent. */
  optional: boolean;
  /** Where it is in the protobuf form: a number, or the numbers of an embedded message and of the field in it. */
  numbers: number[];
  patchStrategy?: 'replace' | 'retainKeys';
}

export interface ObjectSchema {
  /** `io.k8s.api.core.v1.PodSpec` */
  fullName: string;
  /** `PodSpec` */
  name: string;
  fields: Map<string, Field>;
  atomic: boolean;
}

const SCALARS = [
  'string',
  'int',
  'long',
  'num',
  'bool',
  'bytes',
  'time',
  'microtime',
  'quantity',
  'intstr',
  'any',
] as const;
/** name ! * #numbers : type ~strategy */
const FIELD = /^(\w+)(!?)(\*?)(?:#([\d.]+))?:([^~]+)(?:~(\w+))?$/;
const packages = new Map<string, string>();
const schemas = new Map<string, ObjectSchema>();

const tables = [podSchema, volumeSchema, sharedSchema].join('\n');
for (const [, name = '', alias = ''] of tables.matchAll(/^package (\S+) as (\S+)$/gm)) packages.set(alias, name);
declareFields('', tables);

/** Takes in types of a package, or of those that the text itself names. */
export function declareFields(packageName: string, source: string): void {
  let inside = packageName;
  let current: ObjectSchema | undefined;
  for (const line of source.split('\n')) {
    if (line === '') continue;
    if (line.startsWith('package ')) inside = line.split(' ')[1] ?? '';
    else if (line.startsWith('  ')) {
      for (const each of line.trim().split(' ')) {
        const field = parseField(each, inside);
        current?.fields.set(field.name, field);
      }
    } else {
      const [name = '', note] = line.split(' ');
      current = { fullName: `${inside}.${name}`, name, fields: new Map(), atomic: note === '(atomic)' };
      schemas.set(current.fullName, current);
    }
  }
}

function parseField(source: string, inside: string): Field {
  const [, name = '', required, optional, numbers, type = '', strategy] = FIELD.exec(source) ?? [];
  const field: Field = {
    name,
    type: parseType(type, inside),
    required: required === '!',
    optional: optional === '*',
    numbers: numbers === undefined ? [] : numbers.split('.').map(Number),
  };
  if (strategy === 'replace' || strategy === 'retainKeys') field.patchStrategy = strategy;
  return field;
}

function parseType(source: string, inside: string): FieldType {
  const [element = '', ...options] = source.slice(1, -1).split('|');
  if (source.startsWith('[')) return withListOptions({ is: 'list', of: parseType(element, inside) }, options);
  if (source.startsWith('{')) {
    const of = parseType(element, inside);
    return options.includes('atomic') ? { is: 'map', of, atomic: true } : { is: 'map', of };
  }
  const scalar = SCALARS.find((name) => name === source);
  if (scalar !== undefined) return { is: 'scalar', name: scalar };
  const [alias = '', name] = source.split('/');
  return { is: 'object', type: name === undefined ? `${inside}.${alias}` : `${packages.get(alias)}.${name}` };
}

function withListOptions(list: ListType, options: string[]): ListType {
  for (const option of options) {
    const [word, value] = option.split('=');
    if (word === 'map') list.mapKeys = (value ?? '').split('+');
    if (word === 'set') list.set = true;
    if (word === 'retainKeys') list.retainKeys = true;
    if (word === 'merge') {
      list.merge = true;
      if (value !== undefined) list.mergeKey = value;
    }
  }
  return list;
}

/** Whether there is a schema of this name. */
export function hasSchema(fullName: string): boolean {
  return schemas.has(fullName);
}

/** The schema behind a full name; every name that the table mentions is in it. */
export function schemaNamed(fullName: string): ObjectSchema {
  const found = schemas.get(fullName);
  if (!found) throw new Error(`no schema for ${fullName}`);
  return found;
}

/** All schemas, for the OpenAPI documents. */
export function allSchemas(): Iterable<ObjectSchema> {
  return schemas.values();
}

/** `io.k8s.api.apps.v1` for apps/v1. */
export function packageOf(group: string, version: string): string {
  return `io.k8s.api.${group === '' ? 'core' : (group.split('.')[0] ?? '')}.${version}`;
}

/** The schema of a resource's kind. */
export function schemaOf(type: Pick<Kind, 'group' | 'version' | 'kind'>): ObjectSchema {
  return schemaNamed(`${packageOf(type.group, type.version)}.${type.kind}`);
}

/** The type of one field; undefined for a name that the kind does not have. */
export function fieldOf(schema: ObjectSchema, name: string): Field | undefined {
  return schema.fields.get(name);
}
