/**
 * Decoding as a strict server does it: fields that the kind does not have are dropped
 * and named; wrong types are refused. Pure.
 */
import { badRequest } from '../api-error.ts';
import type { Plain } from '../object.ts';
import { isPlain } from '../../is-plain.ts';
import { schemaNamed, type FieldType, type ObjectSchema, type ScalarName } from '../schema/schema.ts';

export interface Checked {
  object: Plain;
  /** Paths of fields that were dropped: `spec.replica`, `spec.containers[0].imag`. */
  unknown: string[];
}

interface Walk {
  unknown: string[];
  mistyped: (path: string, struct: string, found: unknown, wanted: string) => never;
  notBase64: () => never;
}

/** The object without what its kind does not know. Throws 400 where a value has the wrong type. */
export function checkFields(
  object: Record<string, unknown>,
  schema: ObjectSchema,
  kind: string,
  version: string,
): Checked {
  const unknown: string[] = [];
  const refuse = (why: string): never => {
    throw badRequest(`${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${why}`);
  };
  const mistyped: Walk['mistyped'] = (path, struct, found, wanted) =>
    refuse(`json: cannot unmarshal ${jsonName(found)} into Go struct field ${struct}.${path} of type ${wanted}`);
  const notBase64 = (): never => refuse('illegal base64 data at input byte 0');
  const clean = walkObject(object, schema, '', { unknown, mistyped, notBase64 });
  return { object: clean, unknown };
}

function walkObject(
  value: Record<string, unknown>,
  schema: ObjectSchema,
  path: string,
  walk: Walk,
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, each] of Object.entries(value)) {
    const at = path === '' ? key : `${path}.${key}`;
    const field = schema.fields.get(key);
    if (!field) walk.unknown.push(at);
    else if (each !== null) result[key] = walkValue(each, field.type, at, schema.name, walk);
  }
  return result;
}

function walkValue(value: unknown, type: FieldType, path: string, struct: string, walk: Walk): unknown {
  switch (type.is) {
    case 'object': {
      const schema = schemaNamed(type.type);
      return isPlain(value)
        ? walkObject(value, schema, path, walk)
        : walk.mistyped(path, struct, value, `v1.${schema.name}`);
    }
    case 'list':
      if (!Array.isArray(value)) return walk.mistyped(path, struct, value, `[]${goName(type.of)}`);
      return value.map((each, index) => walkValue(each, type.of, `${path}[${index}]`, struct, walk));
    case 'map': {
      if (!isPlain(value)) return walk.mistyped(path, struct, value, `map[string]${goName(type.of)}`);
      const entries = Object.entries(value).filter(([, each]) => each !== null);
      return Object.fromEntries(
        entries.map(([key, each]) => [
          key,
          walkValue(each, type.of, type.of.is === 'scalar' ? path : `${path}.${key}`, struct, walk),
        ]),
      );
    }
    default:
      if (type.name === 'bytes' && typeof value === 'string' && !fits('bytes', value)) return walk.notBase64();
      return fits(type.name, value) ? canonical(type.name, value) : walk.mistyped(path, struct, value, goName(type));
  }
}

function fits(name: ScalarName, value: unknown): boolean {
  switch (name) {
    case 'any':
      return true;
    case 'bool':
      return typeof value === 'boolean';
    case 'num':
      return typeof value === 'number';
    case 'int':
      return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= 2 ** 31;
    case 'long':
      return Number.isInteger(value);
    case 'intstr':
      return typeof value === 'string' || Number.isInteger(value);
    case 'quantity':
      return typeof value === 'string' || typeof value === 'number';
    case 'bytes':
      return typeof value === 'string' && /^[A-Za-z0-9+/\r\n]*={0,2}$/.test(value);
    default:
      return typeof value === 'string';
  }
}

/** Quantities are kept as text, whatever they came as. */
function canonical(name: ScalarName, value: unknown): unknown {
  return name === 'quantity' ? String(value) : value;
}

function goName(type: FieldType): string {
  if (type.is === 'object') return `v1.${schemaNamed(type.type).name}`;
  if (type.is === 'list') return `[]${goName(type.of)}`;
  if (type.is === 'map') return `map[string]${goName(type.of)}`;
  return {
    int: 'int32',
    long: 'int64',
    num: 'float64',
    bytes: '[]uint8',
    quantity: 'resource.Quantity',
    intstr: 'intstr.IntOrString',
    time: 'v1.Time',
    microtime: 'v1.MicroTime',
    any: 'interface {}',
    string: 'string',
    bool: 'bool',
  }[type.name];
}

function jsonName(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value === 'number' ? `number` : typeof value;
}
