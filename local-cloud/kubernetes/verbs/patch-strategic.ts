/**
 * Strategic merge patch: a merge patch that knows, from the schema, which lists merge item by item.
 * Understands the directives $patch (delete, replace, merge), $deleteFromPrimitiveList, $setElementOrder and
 * $retainKeys. Pure: the input is not changed.
 */
import { isDeepStrictEqual } from 'node:util';
import { badRequest } from '../api-error.ts';
import { isPlain } from '../../is-plain.ts';
import {
  fieldOf,
  schemaNamed,
  type Field,
  type FieldType,
  type ListType,
  type ObjectSchema,
} from '../schema/schema.ts';

type Plain = Record<string, unknown>;

const DELETE_PRIMITIVES = '$deleteFromPrimitiveList/';
const ELEMENT_ORDER = '$setElementOrder/';

/** Applies a strategic merge patch to an object of the given schema. */
export function applyStrategicPatch(target: Plain, patch: unknown, schema: ObjectSchema): Plain {
  if (!isPlain(patch))
    throw badRequest(
      'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}',
    );
  return mergeObjects(structuredClone(target), patch, { is: 'object', type: schema.fullName });
}

function mergeObjects(target: Plain, patch: Plain, type: FieldType): Plain {
  if (patch['$patch'] === 'replace') return withoutDirectives(patch);
  if (patch['$patch'] === 'delete') return {};
  for (const [key, value] of Object.entries(patch)) {
    if (!key.startsWith('$')) mergeField(target, patch, key, value, childOf(type, key));
  }
  for (const key of Object.keys(patch)) applyListDirective(target, patch, key, type);
  const retained = patch['$retainKeys'];
  if (Array.isArray(retained)) for (const key of Object.keys(target)) if (!retained.includes(key)) delete target[key];
  return target;
}

interface Child {
  type: FieldType;
  field?: Field | undefined;
}

function childOf(type: FieldType, key: string): Child {
  if (type.is === 'map') return { type: type.of };
  if (type.is !== 'object') return { type: { is: 'scalar', name: 'any' } };
  const field = fieldOf(schemaNamed(type.type), key);
  return field ? { type: field.type, field } : { type: { is: 'scalar', name: 'any' } };
}

function mergeField(target: Plain, patch: Plain, key: string, value: unknown, child: Child): void {
  const current = Object.hasOwn(target, key) ? target[key] : undefined;
  if (value === null) delete target[key];
  else if (child.field?.patchStrategy === 'replace') target[key] = structuredClone(value);
  else if (isPlain(value)) target[key] = mergeObjects(isPlain(current) ? current : {}, value, child.type);
  else if (Array.isArray(value) && child.type.is === 'list' && child.type.merge) {
    const order = patch[ELEMENT_ORDER + key];
    target[key] = mergeLists(
      Array.isArray(current) ? current : [],
      value,
      child.type,
      Array.isArray(order) ? order : undefined,
    );
  } else target[key] = structuredClone(value);
}

/** Directives whose list is not itself in the patch: removals from a list of primitives, and a pure change of order. */
function applyListDirective(target: Plain, patch: Plain, key: string, type: FieldType): void {
  if (key.startsWith(DELETE_PRIMITIVES)) {
    const name = key.slice(DELETE_PRIMITIVES.length);
    const gone = patch[key];
    const list = target[name];
    if (!Array.isArray(list) || !Array.isArray(gone)) return;
    target[name] = list.filter((each) => !gone.some((other) => isDeepStrictEqual(each, other)));
  }
  if (key.startsWith(ELEMENT_ORDER)) {
    const name = key.slice(ELEMENT_ORDER.length);
    const list = target[name];
    const child = childOf(type, name).type;
    const order = patch[key];
    if (name in patch || !Array.isArray(list) || !Array.isArray(order) || child.is !== 'list') return;
    target[name] = inOrder(list, list, order, keyOf(child));
  }
}

type KeyOf = (item: unknown) => unknown;

function keyOf(type: ListType): KeyOf {
  const { mergeKey } = type;
  return mergeKey === undefined ? (item) => item : (item) => (isPlain(item) ? item[mergeKey] : undefined);
}

function mergeLists(current: unknown[], patch: unknown[], type: ListType, order: unknown[] | undefined): unknown[] {
  const key = keyOf(type);
  const directives = patch.filter(isPlain).filter((item) => '$patch' in item);
  if (directives.some((item) => item['$patch'] === 'replace' && Object.keys(item).length === 1)) {
    const isDirective = (item: unknown): boolean => isPlain(item) && '$patch' in item;
    return patch.filter((item) => !isDirective(item)).map((item) => structuredClone(item));
  }
  let result = [...current];
  for (const item of patch) {
    if (isPlain(item) && type.mergeKey !== undefined && item[type.mergeKey] === undefined) {
      throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${type.mergeKey}`);
    }
    result = mergeItem(result, item, type, key);
  }
  return inOrder(result, current, order ?? patch, key);
}

function mergeItem(list: unknown[], item: unknown, type: ListType, key: KeyOf): unknown[] {
  const at = list.findIndex((each) => isDeepStrictEqual(key(each), key(item)));
  if (!isPlain(item)) return at >= 0 ? list : [...list, item];
  if (item['$patch'] === 'delete') return list.filter((_, index) => index !== at);
  const existing = list[at];
  const merged = mergeObjects(isPlain(existing) ? existing : {}, item, type.of);
  return at >= 0 ? list.with(at, merged) : [...list, merged];
}

/**
 * Items that `order` names come as it says; the others are put among them where they were before, each in front
 * of the first named item that it preceded.
 */
function inOrder(list: unknown[], before: unknown[], order: unknown[], key: KeyOf): unknown[] {
  const place = (items: unknown[], item: unknown): number =>
    items.findIndex((each) => isDeepStrictEqual(key(each), key(item)));
  const named = list.filter((item) => place(order, item) >= 0).sort((a, b) => place(order, a) - place(order, b));
  const others = list.filter((item) => place(order, item) < 0);
  const result: unknown[] = [];
  for (const item of named) {
    const limit = place(before, item);
    while (others[0] !== undefined && limit >= 0 && place(before, others[0]) < limit) result.push(others.shift());
    result.push(item);
  }
  return [...result, ...others];
}

function withoutDirectives(patch: Plain): Plain {
  return structuredClone(Object.fromEntries(Object.entries(patch).filter(([key]) => !key.startsWith('$'))));
}
