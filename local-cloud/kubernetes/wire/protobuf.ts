/**
 * Reads the protobuf form in which newer kubectl sends the objects it makes itself (`kubectl create ...`). Answers
 * always go out as JSON, which every client takes as well; so there is no writer.
 *
 * Own code, because the fields of all kinds stand in schema/ already, with their numbers. A library (protobufjs) wants
 * them described a second time.
 */
import { isList, plainAt } from '../../is-plain.ts';
import { badRequest } from '../api-error.ts';
import type { Plain } from '../object.ts';
import { hasSchema, packageOf, schemaNamed, type Field, type FieldType, type ObjectSchema } from '../schema/schema.ts';

const MAGIC = Buffer.from('k8s\0');
const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';

export function isProtobuf(bytes: Buffer): boolean {
  return bytes.subarray(0, MAGIC.length).equals(MAGIC);
}

/**
 * The object in an envelope (magic, runtime.Unknown). Throws 400 for a kind that is
 * not known or bytes that do not parse.
 */
export function decodeProtobuf(bytes: Buffer): Plain {
  const envelope = readFields(bytes.subarray(MAGIC.length));
  const typeMeta = readFields(bytesOf(envelope, 1));
  const apiVersion = bytesOf(typeMeta, 1).toString();
  const kind = bytesOf(typeMeta, 2).toString();
  const [group = '', version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  const name = [`${packageOf(group, version ?? '')}.${kind}`, `${META}.${kind}`].find(hasSchema);
  if (name === undefined) throw badRequest(`no kind "${kind}" is registered for version "${apiVersion}"`);
  return { apiVersion, kind, ...readMessage(bytesOf(envelope, 2), schemaNamed(name)) };
}

interface RawField {
  number: number;
  value: Buffer | bigint;
}

function bytesOf(fields: RawField[], number: number): Buffer {
  const value = fields.find((field) => field.number === number)?.value;
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
}

/** One level of the wire format: numbers with their varints or bytes. */
function readFields(bytes: Buffer): RawField[] {
  const fields: RawField[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) break;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw badRequest('the protobuf body is cut short');
  };
  const take = (length: number): Buffer => {
    if (length > bytes.length - at) throw badRequest('the protobuf body is cut short');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const wire = tag & 7;
    if (wire === 0) fields.push({ number: tag >>> 3, value: varint() });
    else if (wire === 1) fields.push({ number: tag >>> 3, value: take(8) });
    else if (wire === 2) fields.push({ number: tag >>> 3, value: take(Number(varint())) });
    else if (wire === 5) fields.push({ number: tag >>> 3, value: take(4) });
    else throw badRequest(`the protobuf body has a field of wire type ${wire}`);
  }
  return fields;
}

function readMessage(bytes: Buffer, schema: ObjectSchema): Plain {
  const result: Plain = {};
  readInto(result, bytes, [...schema.fields.values()], 0);
  return result;
}

/** `depth`: how many messages are embedded around these fields; their numbers are that far into the list. */
function readInto(result: Plain, bytes: Buffer, fields: Field[], depth: number): void {
  for (const { number, value } of readFields(bytes)) {
    const here = fields.filter((field) => field.numbers[depth] === number);
    const direct = here.find((field) => field.numbers.length === depth + 1);
    if (direct) put(result, direct, value);
    else if (here.length > 0 && Buffer.isBuffer(value)) readInto(result, value, here, depth + 1);
  }
}

function put(result: Plain, field: Field, raw: Buffer | bigint): void {
  const { type, name } = field;
  if (type.is === 'list') {
    const before = result[name];
    result[name] = [...(isList(before) ? before : []), readValue(raw, type.of)];
  } else if (type.is === 'map') {
    const entry = readFields(whole(raw));
    const value = entry.find((each) => each.number === 2)?.value ?? Buffer.alloc(0);
    result[name] = { ...plainAt(result, name), [bytesOf(entry, 1).toString()]: readValue(value, type.of) };
  } else {
    const value = readValue(raw, type);
    const isAbsent = value === undefined || (!field.optional && (value === '' || value === 0 || value === false));
    if (!isAbsent) result[name] = value;
  }
}

/** Bytes where the schema says bytes. Throws 400 for a number in their place. */
function whole(raw: Buffer | bigint): Buffer {
  if (typeof raw === 'bigint') throw badRequest('the protobuf body has a number where a message should be');
  return raw;
}

function readValue(raw: Buffer | bigint, type: FieldType): unknown {
  if (type.is === 'object') return readMessage(whole(raw), schemaNamed(type.type));
  if (type.is === 'list') return readFields(whole(raw)).map((each) => readValue(each.value, type.of));
  if (type.is === 'map') return {};
  if (typeof raw === 'bigint') return type.name === 'bool' ? raw !== 0n : Number(BigInt.asIntN(64, raw));
  switch (type.name) {
    case 'bytes':
      return raw.toString('base64');
    case 'time':
    case 'microtime':
      return readTime(raw, type.name === 'microtime');
    case 'quantity':
      return bytesOf(readFields(raw), 1).toString();
    case 'intstr':
      return readIntOrString(raw);
    case 'any':
      return parseAny(bytesOf(readFields(raw), 1));
    case 'num':
      return raw.readDoubleLE();
    default:
      return raw.toString('utf8');
  }
}

function readTime(raw: Buffer, micro: boolean): string | undefined {
  const fields = readFields(raw);
  const seconds = fields.find((field) => field.number === 1)?.value;
  if (typeof seconds !== 'bigint') return undefined;
  const nanos = fields.find((field) => field.number === 2)?.value ?? 0n;
  const text = new Date(Number(BigInt.asIntN(64, seconds)) * 1000).toISOString().slice(0, 19);
  return micro
    ? `${text}.${String(Number(typeof nanos === 'bigint' ? nanos : 0n) / 1000).padStart(6, '0')}Z`
    : `${text}Z`;
}

function readIntOrString(raw: Buffer): number | string {
  const fields = readFields(raw);
  const isText = fields.find((field) => field.number === 1)?.value === 1n;
  if (isText) return bytesOf(fields, 3).toString();
  const number = fields.find((field) => field.number === 2)?.value;
  return typeof number === 'bigint' ? Number(BigInt.asIntN(64, number)) : 0;
}

function parseAny(bytes: Buffer): unknown {
  return bytes.length === 0 ? undefined : JSON.parse(bytes.toString('utf8'));
}
