/**
 * Server-side apply and the bookkeeping it needs: who manages which field (metadata.managedFields). Pure.
 * The model is the real one, path by path: an apply takes what it names, loses what it no longer names, and conflicts
 * with another manager's differing value unless forced. Any other write takes the fields that it changes. Left out:
 * conversion between API versions (every kind has one here), and the merging of managers beyond the tenth update.
 */
import { isDeepStrictEqual } from 'node:util';
import { ApiError, badRequest } from '../api-error.ts';
import {
  childType,
  fieldSetOf,
  fromFieldsV1,
  itemKey,
  itemSegment,
  printPath,
  removeAt,
  split,
  toFieldsV1,
  valueAt,
  type FieldSet,
} from './field-set.ts';
import { isList, isPlain } from '../../is-plain.ts';
import { schemaNamed, type FieldType, type ObjectSchema } from '../schema/schema.ts';

type Plain = Record<string, unknown>;

export interface Manager {
  name: string;
  subresource: string | undefined;
  time: string;
}

interface Entry {
  manager: string;
  operation: 'Apply' | 'Update';
  apiVersion: string;
  time: string;
  subresource?: string;
  fields: FieldSet;
}

/** Fields that nobody manages: identity, and what the server writes. */
const UNMANAGED = new Set(['f:apiVersion', 'f:kind']);
const UNMANAGED_METADATA = new Set(
  [
    'name',
    'namespace',
    'uid',
    'resourceVersion',
    'generation',
    'creationTimestamp',
    'deletionTimestamp',
    'selfLink',
    'managedFields',
    'deletionGracePeriodSeconds',
    'generateName',
  ].map((name) => `f:${name}`),
);

const typeOfSchema = (schema: ObjectSchema): FieldType => ({ is: 'object', type: schema.fullName });

function managedSet(object: unknown, schema: ObjectSchema): FieldSet {
  const all = fieldSetOf(object, typeOfSchema(schema));
  return new Set([...all].filter((path) => isManaged(split(path))));
}

function isManaged([first = '', second = '']: string[]): boolean {
  return !UNMANAGED.has(first) && !(first === 'f:metadata' && UNMANAGED_METADATA.has(second));
}

function metadataOf(object: Plain | undefined): Plain {
  const metadata = object?.['metadata'];
  return isPlain(metadata) ? metadata : {};
}

function readEntries(object: Plain | undefined): Entry[] {
  const listed = metadataOf(object)['managedFields'];
  if (!Array.isArray(listed)) return [];
  return listed.filter(isPlain).map(({ manager, operation, apiVersion, time, subresource, fieldsV1 }) => ({
    manager: String(manager ?? ''),
    operation: operation === 'Apply' ? 'Apply' : 'Update',
    apiVersion: String(apiVersion ?? ''),
    time: String(time ?? ''),
    ...(subresource ? { subresource: String(subresource) } : {}),
    fields: fromFieldsV1(fieldsV1),
  }));
}

function writeEntries(object: Plain, entries: Entry[]): void {
  const kept = entries.filter((entry) => entry.fields.size > 0);
  const managedFields = kept.map(({ fields, ...entry }) => ({
    ...entry,
    fieldsType: 'FieldsV1',
    fieldsV1: toFieldsV1(fields),
  }));
  const metadata: Plain = { ...metadataOf(object), managedFields };
  if (managedFields.length === 0) delete metadata['managedFields'];
  object['metadata'] = metadata;
}

const sameManager = (entry: Entry, operation: Entry['operation'], manager: Manager): boolean =>
  entry.manager === manager.name && entry.operation === operation && entry.subresource === manager.subresource;

/**
 * The object after `config` is applied to `live` (undefined: it becomes the
 * object). Throws 409 on conflicts, unless forced.
 */
export function applyConfiguration(
  live: Plain | undefined,
  config: Plain,
  schema: ObjectSchema,
  manager: Manager,
  force: boolean,
): Plain {
  refuseManagedFields(config);
  const type = typeOfSchema(schema);
  const wanted = managedSet(config, schema);
  const entries = readEntries(live);
  const previous = entries.find((entry) => sameManager(entry, 'Apply', manager));
  const others = entries.filter((entry) => entry !== previous);
  const conflicts = findConflicts(live, config, type, wanted, others);
  if (conflicts.length > 0 && !force) throw conflictError(conflicts);
  for (const { entry, path } of conflicts) entry.fields.delete(path);
  const merged = mergeObjects(structuredClone(live ?? {}), config, type);
  prune(merged, type, previous?.fields, wanted, others);
  const isRepeated =
    conflicts.length === 0 && sameSet(previous?.fields, wanted) && isDeepStrictEqual(bare(merged), bare(live));
  const own = applyEntry(manager, config, wanted);
  if (previous && isRepeated) own.time = previous.time;
  // Keeping each entry's place makes a repeated apply change nothing at all.
  writeEntries(merged, previous ? entries.map((entry) => (entry === previous ? own : entry)) : [...entries, own]);
  return merged;
}

function refuseManagedFields(config: Plain): void {
  if (metadataOf(config)['managedFields'] !== undefined) throw badRequest('metadata.managedFields must be nil');
}

function applyEntry({ name, subresource, time }: Manager, config: Plain, fields: FieldSet): Entry {
  const apiVersion = String(config['apiVersion'] ?? '');
  return { manager: name, operation: 'Apply', apiVersion, time, ...(subresource ? { subresource } : {}), fields };
}

function sameSet(a: FieldSet | undefined, b: FieldSet): boolean {
  return a !== undefined && a.size === b.size && [...b].every((path) => a.has(path));
}

function bare(object: Plain | undefined): Plain | undefined {
  return object && { ...object, metadata: { ...metadataOf(object), managedFields: undefined } };
}

const isItem = (path: string): boolean => /^[kv]:/.test(split(path).at(-1) ?? '');

interface FoundConflict {
  entry: Entry;
  path: string;
}

function findConflicts(
  live: Plain | undefined,
  config: Plain,
  type: FieldType,
  wanted: FieldSet,
  others: Entry[],
): FoundConflict[] {
  const found: FoundConflict[] = [];
  for (const entry of others) {
    for (const path of wanted) {
      if (!entry.fields.has(path)) continue;
      const segments = split(path);
      // An item that both name is shared; its fields are compared one by one.
      if (isItem(path)) continue;
      if (!isDeepStrictEqual(valueAt(live, segments, type), valueAt(config, segments, type)))
        found.push({ entry, path });
    }
  }
  return found;
}

function conflictError(conflicts: FoundConflict[]): ApiError {
  const describe = ({ entry }: FoundConflict): string => {
    const using = entry.operation === 'Update' ? ` using ${entry.apiVersion}` : '';
    const subresource = entry.subresource ? ` with subresource ${JSON.stringify(entry.subresource)}` : '';
    return `conflict with ${JSON.stringify(entry.manager)}${subresource}${using}`;
  };
  const causes = conflicts.map((each) => ({
    reason: 'FieldManagerConflict',
    message: describe(each),
    field: printPath(each.path),
  }));
  const managers = new Set(causes.map((cause) => cause.message));
  const first = causes[0];
  const listFields = (manager: string): string => {
    const fields = causes.flatMap(({ message, field }) => (message === manager ? [`- ${field}`] : []));
    return `conflicts with ${manager.slice('conflict with '.length)}:\n${fields.join('\n')}`;
  };
  const text =
    causes.length === 1 && first ? `${first.message}: ${first.field}` : [...managers].map(listFields).join('\n');
  const noun = conflicts.length === 1 ? 'conflict' : 'conflicts';
  return new ApiError(409, 'Conflict', `Apply failed with ${conflicts.length} ${noun}: ${text}`, { causes });
}

/** Merges item by item where the schema says so; null and everything atomic replaces. */
function mergeValues(live: unknown, config: unknown, type: FieldType): unknown {
  if (isPlain(config) && isPlain(live) && isMergeable(type)) return mergeObjects(live, config, type);
  if (isList(config) && isList(live) && type.is === 'list' && (type.mapKeys || type.set)) {
    const known = live.map((item) => itemSegment(item, type));
    const result = [...live];
    for (const item of config) {
      const at = known.indexOf(itemSegment(item, type));
      if (at < 0) result.push(structuredClone(item));
      else result[at] = mergeValues(result[at], item, type.of);
    }
    return result;
  }
  return structuredClone(config);
}

/** Changes `live`. */
function mergeObjects(live: Plain, config: Plain, type: FieldType): Plain {
  for (const [key, value] of Object.entries(config)) live[key] = mergeValues(live[key], value, childType(type, key));
  return live;
}

function isMergeable(type: FieldType): boolean {
  return (type.is === 'object' && !schemaNamed(type.type).atomic) || (type.is === 'map' && !type.atomic);
}

/** Takes out what the manager applied before, applies no longer, and nobody else holds. */
function prune(object: Plain, type: FieldType, before: FieldSet = new Set(), wanted: FieldSet, others: Entry[]): void {
  const held = [...others.flatMap((entry) => [...entry.fields]), ...wanted];
  const isHeld = (path: string): boolean => held.some((each) => each === path || each.startsWith(`${path}\u0000`));
  // Items before what is in them: an item whose key went first could no longer be found.
  const gone = [...before].filter((path) => !wanted.has(path) && !isHeld(path));
  for (const path of gone.sort((a, b) => a.length - b.length)) {
    if (!isItemKey(split(path))) removeAt(object, split(path), type);
  }
}

/** The field by which a list item is told apart goes only with the item. */
function isItemKey(path: string[]): boolean {
  const item = path.at(-2) ?? '';
  return item.startsWith('k:') && (path.at(-1) ?? '').slice(2) in itemKey(item);
}

/**
 * Notes in `next` (in place) that a write other than an apply came from `manager`:
 * it takes every field that it changed.
 */
export function trackUpdate(stored: Plain | undefined, next: Plain, schema: ObjectSchema, manager: Manager): void {
  const type = typeOfSchema(schema);
  const present = managedSet(next, schema);
  const changed = [...present].filter((path) => {
    const segments = split(path);
    const before = stored === undefined ? undefined : valueAt(stored, segments, type);
    // Whoever changes a field of an item does not thereby manage the item.
    if (before !== undefined && isItem(path)) return false;
    return !isDeepStrictEqual(before, valueAt(next, segments, type));
  });
  // A client may rewrite managedFields itself (an empty list resets them); otherwise they go on from what is stored.
  const given = metadataOf(next)['managedFields'];
  const entries = readEntries(Array.isArray(given) ? next : stored);
  const own = entries.find((entry) => sameManager(entry, 'Update', manager));
  const taken = new Set(changed);
  for (const entry of entries) {
    if (entry === own) continue;
    entry.fields = new Set([...entry.fields].filter((path) => present.has(path) && !taken.has(path)));
  }
  if (own) {
    own.fields = new Set([...own.fields].filter((path) => present.has(path)));
    for (const path of changed) own.fields.add(path);
    if (changed.length > 0) own.time = manager.time;
  } else if (changed.length > 0) {
    const { name, subresource, time } = manager;
    const apiVersion = String(next['apiVersion'] ?? '');
    entries.push({
      manager: name,
      operation: 'Update',
      apiVersion,
      time,
      ...(subresource ? { subresource } : {}),
      fields: taken,
    });
  }
  writeEntries(next, entries);
}
