/**
 * Checks requests against the protobuf definitions that ship with the client library, as Google's front end does. An
 * unknown field, a wrong type or an unknown enum name is 400 INVALID_ARGUMENT with the path of the field. Gives back
 * one form: camelCase names, enums by name, int64 as text. It knows nothing of what the fields mean.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { GoogleError } from '../../identity/google-http.ts';
import { isList, isPlain } from '../../is-plain.ts';
import { readJson } from '../../read-json.ts';

/** A message that ProtoSchema.check() has judged by the definitions; ../messages.ts gives its fields their types. */
export type Json = Record<string, unknown>;

interface ProtoField {
  type: string;
  rule?: string;
  keyType?: string;
}

interface ProtoNode {
  fields?: Record<string, ProtoField>;
  values?: Record<string, number>;
  methods?: Record<string, ProtoMethod>;
  nested?: Record<string, ProtoNode>;
}

export interface ProtoMethod {
  requestType: string;
  responseType: string;
  parsedOptions?: Json[];
}

const PACKAGE = ['google', 'container', 'v1'];

/** Types whose JSON is a bare value. */
const WRAPPERS: Record<string, string> = {
  'google.protobuf.BoolValue': 'bool',
  'google.protobuf.StringValue': 'string',
  'google.protobuf.Int32Value': 'int32',
  'google.protobuf.UInt32Value': 'uint32',
  'google.protobuf.Int64Value': 'int64',
  'google.protobuf.UInt64Value': 'uint64',
  'google.protobuf.DoubleValue': 'double',
  'google.protobuf.FloatValue': 'float',
  'google.protobuf.BytesValue': 'bytes',
  'google.protobuf.Timestamp': 'timestamp',
  'google.protobuf.Duration': 'duration',
  'google.protobuf.FieldMask': 'string',
};

export class ProtoSchema {
  readonly #root: ProtoNode;

  constructor(root: ProtoNode) {
    this.#root = root;
  }

  methods(): Record<string, ProtoMethod> {
    return this.#find([...PACKAGE, 'ClusterManager'])?.methods ?? {};
  }

  /** The message in its one form, or a GoogleError that lists every problem. */
  check(messageName: string, value: unknown): Json {
    const violations: { field: string; description: string }[] = [];
    const result = this.#message([...PACKAGE, messageName], value, '', violations);
    const [first] = violations;
    if (!first) return result;
    throw new GoogleError(
      400,
      `Invalid JSON payload received. ${violations.map((each) => each.description).join('\n')}`,
      {
        details: [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: violations }],
      },
    );
  }

  /** Enum names become numbers, for callers that asked for `enum-encoding=int`. */
  withEnumNumbers(messageName: string, value: Json): Json {
    return this.#numbers([...PACKAGE, messageName], value);
  }

  #message(path: string[], value: unknown, at: string, violations: { field: string; description: string }[]): Json {
    const fields = this.#find(path)?.fields;
    if (!isPlain(value)) {
      violations.push(badValue(at, path.join('.'), value));
      return {};
    }
    if (!fields) return value;
    const result: Json = {};
    for (const [given, item] of Object.entries(value)) {
      const name = given.includes('_') ? camelCase(given) : given;
      const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
      const place = at === '' ? given : `${at}.${given}`;
      if (!field) violations.push(unknownName(given, at));
      else if (item !== null) result[name] = this.#field(path, field, item, place, violations);
    }
    return result;
  }

  #field(
    scope: string[],
    field: ProtoField,
    value: unknown,
    at: string,
    violations: { field: string; description: string }[],
  ): unknown {
    if (field.keyType !== undefined) {
      if (!isPlain(value)) violations.push(badValue(at, 'map', value));
      const entries = Object.entries(isPlain(value) ? value : {});
      return Object.fromEntries(
        entries.map(([key, item]) => [key, this.#single(scope, field.type, item, `${at}[${key}]`, violations)]),
      );
    }
    if (field.rule !== 'repeated') return this.#single(scope, field.type, value, at, violations);
    if (!isList(value)) {
      violations.push(badValue(at, 'list', value));
      return [];
    }
    return value.map((item, index) => this.#single(scope, field.type, item, `${at}[${index}]`, violations));
  }

  #single(
    scope: string[],
    type: string,
    value: unknown,
    at: string,
    violations: { field: string; description: string }[],
  ): unknown {
    const scalar = WRAPPERS[type] ?? type;
    if (scalar in SCALARS) {
      const result = SCALARS[scalar]?.(value);
      if (result === undefined) violations.push(badValue(at, `TYPE_${scalar.toUpperCase()}`, value));
      return result;
    }
    const path = this.#resolve(scope, type);
    const values = path && this.#find(path)?.values;
    if (!path || type === 'google.protobuf.Any') return value;
    if (!values) return this.#message(path, value, at, violations);
    const name = enumName(values, value);
    if (name === undefined) violations.push(badValue(at, `type.googleapis.com/${path.join('.')}`, value));
    return name;
  }

  #numbers(path: string[], value: Json): Json {
    const fields = this.#find(path)?.fields;
    if (!fields) return value;
    const result: Json = {};
    for (const [name, item] of Object.entries(value)) {
      const field = fields[name];
      result[name] = field ? this.#numbersOfField(path, field, item) : item;
    }
    return result;
  }

  #numbersOfField(scope: string[], field: ProtoField, value: unknown): unknown {
    const path = WRAPPERS[field.type] || field.type in SCALARS ? undefined : this.#resolve(scope, field.type);
    if (!path) return value;
    const values = this.#find(path)?.values;
    const convert = (item: unknown): unknown =>
      values ? (values[String(item)] ?? item) : isPlain(item) ? this.#numbers(path, item) : item;
    if (isList(value)) return value.map(convert);
    if (field.keyType === undefined) return convert(value);
    return Object.fromEntries(Object.entries(value ?? {}).map(([key, item]) => [key, convert(item)]));
  }

  #find(path: string[]): ProtoNode | undefined {
    let node: ProtoNode | undefined = this.#root;
    for (const part of path) node = node?.nested?.[part];
    return node;
  }

  /** A type name is looked up from the innermost scope outwards, as protobuf does. */
  #resolve(scope: string[], type: string): string[] | undefined {
    const parts = type.split('.');
    for (let length = scope.length; length >= 0; length -= 1) {
      const path = [...scope.slice(0, length), ...parts];
      if (this.#find(path)) return path;
    }
    return undefined;
  }
}

const SCALARS: Record<string, (value: unknown) => unknown> = {
  string: (value) => (typeof value === 'string' ? value : undefined),
  bytes: (value) => (typeof value === 'string' ? value : undefined),
  timestamp: (value) => (typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? value : undefined),
  duration: (value) => (typeof value === 'string' && /^-?\d+(\.\d+)?s$/.test(value) ? value : undefined),
  bool: (value) => (typeof value === 'boolean' ? value : { true: true, false: false }[String(value)]),
  int32: (value) => wholeNumber(value, -(2 ** 31), 2 ** 31 - 1),
  uint32: (value) => wholeNumber(value, 0, 2 ** 32 - 1),
  int64: (value) => (/^-?\d+$/.test(String(value)) ? String(value) : undefined),
  uint64: (value) => (/^\d+$/.test(String(value)) ? String(value) : undefined),
  double: (value) => realNumber(value),
  float: (value) => realNumber(value),
};

function wholeNumber(value: unknown, low: number, high: number): number | undefined {
  const number = realNumber(value);
  return number !== undefined && Number.isInteger(number) && number >= low && number <= high ? number : undefined;
}

function realNumber(value: unknown): number | undefined {
  if (typeof value !== 'number' && (typeof value !== 'string' || value.trim() === '')) return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

function enumName(values: Record<string, number>, value: unknown): string | undefined {
  if (typeof value === 'string' && Object.hasOwn(values, value)) return value;
  if (typeof value !== 'number') return undefined;
  return Object.entries(values).find(([, number]) => number === value)?.[0];
}

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase());
}

function unknownName(name: string, at: string): { field: string; description: string } {
  const where = at === '' ? '' : ` at '${at}'`;
  return { field: at, description: `Unknown name "${name}"${where}: Cannot find field.` };
}

function badValue(at: string, type: string, value: unknown): { field: string; description: string } {
  return { field: at, description: `Invalid value at '${at}' (${type}), ${JSON.stringify(value)}` };
}

/** The definitions of the installed @google-cloud/container. */
export function loadContainerSchema(): ProtoSchema {
  const entry = createRequire(import.meta.url).resolve('@google-cloud/container');
  const file = join(dirname(entry), '..', 'protos', 'protos.json');
  // Looked at no closer: it is the package that is installed, and no input.
  return new ProtoSchema(readJson(file, z.custom<ProtoNode>(isPlain)));
}
