/**
 * The two schema-less patches: JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7386). Pure: the input is not changed.
 *
 * Own code, because the libraries (rfc6902 5.4, fast-json-patch 3.1) accept what a real API server refuses. Both take
 * an inherited name such as toString for a member that exists, and copy beyond the end of a list. The first drops a
 * member called __proto__ without a word, the second refuses it.
 */
import { isDeepStrictEqual } from 'node:util';
import { isPlain } from '../../is-plain.ts';
import { ApiError, badRequest } from '../api-error.ts';

const MAX_OPERATIONS = 10_000;

/** Applies a JSON Patch. Throws 400 for what is no list of operations, and 422 for one that does not fit the object. */
export function applyJsonPatch(target: unknown, operations: unknown): unknown {
  if (!Array.isArray(operations))
    throw badRequest(
      'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    );
  if (operations.length > MAX_OPERATIONS) {
    throw new ApiError(
      413,
      'RequestEntityTooLarge',
      `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${operations.length}`,
    );
  }
  let result: unknown = structuredClone(target);
  const odd: unknown = operations.find((operation) => !isPlain(operation) && operation !== null);
  if (odd !== undefined)
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${typeof odd} into Go value of type handlers.jsonPatchOp`,
    );
  for (const operation of operations) result = applyOperation(result, isPlain(operation) ? operation : {});
  return result;
}

/** Clients are told no more than this. */
function unfit(): ApiError {
  return new ApiError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
}

function applyOperation(document: unknown, operation: Record<string, unknown>): unknown {
  const { op, value: given } = operation;
  const path = pointer(operation['path']);
  const from = (): string[] => pointer(operation['from']);
  switch (op) {
    case 'add':
      return setAt(document, path, structuredClone(given), true);
    case 'replace':
      return setAt(document, path, structuredClone(given), false);
    case 'remove':
      removeAt(document, path);
      return document;
    case 'test':
      if (!isDeepStrictEqual(memberAt(document, path), given ?? null)) throw unfit();
      return document;
    case 'copy':
      return setAt(document, path, structuredClone(memberAt(document, from())), true);
    case 'move': {
      const value = getAt(document, from());
      removeAt(document, from());
      return setAt(document, path, value, true);
    }
    default:
      throw unfit();
  }
}

function pointer(path: unknown): string[] {
  if (typeof path !== 'string' || (path !== '' && !path.startsWith('/'))) throw unfit();
  return path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function getAt(document: unknown, path: string[]): unknown {
  let value = document;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) throw unfit();
    value = Reflect.get(value, part);
  }
  return value;
}

/** A member that an object lacks is null to a test and a copy. */
function memberAt(document: unknown, path: string[]): unknown {
  const holder = getAt(document, path.slice(0, -1));
  const last = path.at(-1);
  return isPlain(holder) && last !== undefined && !Object.hasOwn(holder, last) ? null : getAt(document, path);
}

/** Where `insert` is false, an item of a list must be there; a member of an object need not, as on a real server. */
function setAt(document: unknown, path: string[], value: unknown, insert: boolean): unknown {
  const last = path.at(-1);
  if (last === undefined) {
    if (insert) throw unfit();
    return value;
  }
  const container = getAt(document, path.slice(0, -1));
  if (Array.isArray(container)) {
    const index = last === '-' && insert ? container.length : Number(last);
    const most = insert ? container.length : container.length - 1;
    if (!Number.isInteger(index) || index < 0 || index > most) throw unfit();
    container.splice(index, insert ? 0 : 1, value);
  } else if (isPlain(container)) {
    define(container, last, value);
  } else throw unfit();
  return document;
}

function removeAt(document: unknown, path: string[]): void {
  getAt(document, path);
  const container = getAt(document, path.slice(0, -1));
  const last = path.at(-1) ?? '';
  if (Array.isArray(container)) container.splice(Number(last), 1);
  else if (isPlain(container)) delete container[last];
}

/** A plain assignment to the name `__proto__` would not make a property. */
function define(container: object, key: string, value: unknown): void {
  Object.defineProperty(container, key, { value, writable: true, enumerable: true, configurable: true });
}

/** Applies a merge patch: null removes, objects merge, everything else replaces. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isPlain(patch)) return structuredClone(patch);
  const result: Record<string, unknown> = isPlain(target) ? structuredClone(target) : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else define(result, key, applyMergePatch(Object.hasOwn(result, key) ? result[key] : undefined, value));
  }
  return result;
}
