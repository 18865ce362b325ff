/**
 * Sets of field paths, as managedFields hold them (FieldsV1): which fields an object has, where they lie,
 * how to take one out. Pure. A path is a list of segments: `f:name` a field, `k:{"name":"x"}` an item of
 * a keyed list, `v:"x"` a member of a set.
 */
import * as z from 'zod';
import { isPlain } from '../../is-plain.ts';
import { parseJson } from '../../read-json.ts';
import { schemaNamed, type FieldType, type ListType } from '../schema/schema.ts';

type Plain = Record<string, unknown>;

/** Paths joined with a character that no segment contains. */
export type FieldSet = Set<string>;

const SEPARATOR = '\u0000';
export const split = (path: string): string[] => path.split(SEPARATOR);
const ANY: FieldType = { is: 'scalar', name: 'any' };

/** All leaves of `value`, and the items of keyed lists. Atomic maps and lists are one leaf. */
export function fieldSetOf(value: unknown, type: FieldType): FieldSet {
  const set: FieldSet = new Set();
  collect(value, type, [], set);
  return set;
}

function collect(value: unknown, type: FieldType, path: string[], set: FieldSet): void {
  if (isPlain(value) && !isAtomic(type) && Object.keys(value).length > 0) {
    for (const [key, each] of Object.entries(value)) collect(each, childType(type, key), [...path, `f:${key}`], set);
  } else if (Array.isArray(value) && type.is === 'list' && isGranular(type) && value.length > 0) {
    for (const item of value) {
      const itemPath = [...path, itemSegment(item, type)];
      set.add(itemPath.join(SEPARATOR));
      if (isPlain(item)) collect(item, type.of, itemPath, set);
    }
  } else if (path.length > 0) set.add(path.join(SEPARATOR));
}

const isGranular = (type: ListType): boolean => type.mapKeys !== undefined || type.set === true;

function isAtomic(type: FieldType): boolean {
  if (type.is === 'object') return schemaNamed(type.type).atomic;
  return type.is === 'scalar' || (type.is === 'map' && type.atomic === true);
}

export function childType(type: FieldType, key: string): FieldType {
  if (type.is === 'map') return type.of;
  return type.is === 'object' ? (schemaNamed(type.type).fields.get(key)?.type ?? ANY) : ANY;
}

/** The segment that names a list item. Keys with a default (a port's protocol) count as having it. */
export function itemSegment(item: unknown, type: ListType): string {
  if (type.mapKeys === undefined || !isPlain(item)) return `v:${JSON.stringify(item)}`;
  const key: Plain = {};
  for (const name of [...type.mapKeys].sort()) {
    const value = item[name] ?? (name === 'protocol' ? 'TCP' : undefined);
    if (value !== undefined) key[name] = value;
  }
  return `k:${JSON.stringify(key)}`;
}

/** The value at a path, or undefined. */
export function valueAt(root: unknown, path: string[], type: FieldType): unknown {
  let value = root;
  let at = type;
  for (const segment of path) {
    if (segment.startsWith('f:')) {
      if (!isPlain(value)) return undefined;
      value = value[segment.slice(2)];
      at = childType(at, segment.slice(2));
    } else {
      const list = at.is === 'list' ? at : undefined;
      if (!list || !Array.isArray(value)) return undefined;
      value = value.find((item) => itemSegment(item, list) === segment);
      at = list.of;
    }
    if (value === undefined) return undefined;
  }
  return value;
}

/** Removes what lies at a path (in place), and containers that this leaves empty. */
export function removeAt(root: Plain, path: string[], type: FieldType): void {
  const parentPath = path.slice(0, -1);
  const parent = parentPath.length === 0 ? root : valueAt(root, parentPath, type);
  const last = path.at(-1) ?? '';
  if (isPlain(parent)) delete parent[last.slice(2)];
  if (Array.isArray(parent)) {
    const list = typeAt(type, parentPath);
    if (list.is !== 'list') return;
    const at = parent.findIndex((item) => itemSegment(item, list) === last);
    if (at >= 0) parent.splice(at, 1);
  }
  const empty = (isPlain(parent) && Object.keys(parent).length === 0) || (Array.isArray(parent) && parent.length === 0);
  if (empty && parentPath.length > 1) removeAt(root, parentPath, type);
}

function typeAt(type: FieldType, path: string[]): FieldType {
  let at = type;
  for (const segment of path)
    at = segment.startsWith('f:') ? childType(at, segment.slice(2)) : at.is === 'list' ? at.of : ANY;
  return at;
}

/** FieldsV1 as it goes over the wire. */
interface FieldTree {
  [segment: string]: FieldTree;
}

export function toFieldsV1(set: FieldSet): FieldTree {
  const root: FieldTree = {};
  for (const path of [...set].sort()) {
    let node = root;
    for (const segment of split(path)) node = node[segment] ??= {};
    node['.'] = {};
  }
  return withoutLeafDots(root);
}

/** A leaf is `{}`; only inner nodes say by a dot that they are members themselves. */
function withoutLeafDots(node: FieldTree): FieldTree {
  const entries = Object.entries(node);
  if (entries.length === 1 && entries[0]?.[0] === '.') return {};
  return Object.fromEntries(entries.map(([key, child]) => [key, key === '.' ? {} : withoutLeafDots(child)]));
}

export function fromFieldsV1(fields: unknown): FieldSet {
  const set: FieldSet = new Set();
  const walk = (node: Plain, path: string[]): void => {
    const keys = Object.keys(node);
    if (keys.length === 0 && path.length > 0) set.add(path.join(SEPARATOR));
    for (const key of keys) {
      if (key === '.') set.add(path.join(SEPARATOR));
      else if (isPlain(node[key])) walk(node[key], [...path, key]);
    }
  };
  if (isPlain(fields)) walk(fields, []);
  return set;
}

/** The key fields of a segment `k:{"name":"x"}`. What clients send in managedFields is checked as it is read. */
export function itemKey(segment: string): Plain {
  return parseJson(segment.slice(2), z.record(z.string(), z.unknown()));
}

/** `.spec.template.spec.containers[name="c"].image`: how messages write a path. */
export function printPath(path: string): string {
  return split(path)
    .map((segment) => {
      if (segment.startsWith('f:')) return `.${segment.slice(2)}`;
      if (segment.startsWith('v:')) return `[=${segment.slice(2)}]`;
      return `[${Object.entries(itemKey(segment))
        .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
        .join(',')}]`;
    })
    .join('');
}
