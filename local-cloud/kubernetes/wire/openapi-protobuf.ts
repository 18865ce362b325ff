/**
 * Writes an OpenAPI 2 document in the protobuf form (gnostic's openapi.v2) that kubectl insists
 * on. Only what openapi.ts makes is written.
 */
import { stringify as toYaml } from 'yaml';

/** What of a document is written; members called x-... are extensions. */
interface Schema {
  $ref?: string;
  format?: string;
  description?: string;
  required?: string[];
  additionalProperties?: Schema;
  type?: string;
  items?: Schema;
  properties?: Record<string, Schema>;
}

interface Operation {
  operationId?: string;
  consumes?: string[];
  parameters?: { in: string; name: string; type: string }[];
  responses?: Record<string, { description: string }>;
}

export interface OpenApiV2 {
  swagger?: string;
  info?: { title: string; version: string };
  paths?: Record<string, Record<string, Operation>>;
  definitions?: Record<string, Schema>;
}

/** Field numbers of the messages that occur, by the names of the JSON form. */
const DOCUMENT = { swagger: 1, info: 2, paths: 8, definitions: 9 };
const SCHEMA = {
  $ref: 1,
  format: 2,
  description: 4,
  required: 19,
  additionalProperties: 21,
  type: 22,
  items: 23,
  properties: 25,
  extension: 31,
};
const PATH_ITEM: Record<string, number> = { get: 2, put: 3, post: 4, delete: 5, patch: 8 };
const OPERATION = { operationId: 5, consumes: 7, parameters: 8, responses: 9, extension: 13 };
const QUERY_PARAMETER = { in: 2, name: 4, type: 6 };

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}

/** A length-delimited field: text or a message. */
function field(number: number, value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

const named = (name: string, value: Buffer): Buffer => Buffer.concat([field(1, name), field(2, value)]);

/** `x-...` members: their values are YAML text inside. */
function extensions(json: object, number: number): Buffer[] {
  return Object.entries(json)
    .filter(([key]) => key.startsWith('x-'))
    .map(([key, value]) => field(number, named(key, field(2, toYaml(value)))));
}

function schema(json: Schema): Buffer {
  const parts: Buffer[] = [];
  for (const key of ['$ref', 'format', 'description'] as const)
    if (json[key] !== undefined) parts.push(field(SCHEMA[key], String(json[key])));
  for (const name of json.required ?? []) parts.push(field(SCHEMA.required, name));
  if (json.additionalProperties)
    parts.push(field(SCHEMA.additionalProperties, field(1, schema(json.additionalProperties))));
  if (json.type) parts.push(field(SCHEMA.type, field(1, json.type)));
  if (json.items) parts.push(field(SCHEMA.items, field(1, schema(json.items))));
  if (json.properties) parts.push(field(SCHEMA.properties, namedAll(json.properties, 1, schema)));
  return Buffer.concat([...parts, ...extensions(json, SCHEMA.extension)]);
}

function namedAll<T>(map: Record<string, T>, number: number, write: (json: T) => Buffer): Buffer {
  return Buffer.concat(Object.entries(map).map(([name, value]) => field(number, named(name, write(value)))));
}

function operation(json: Operation): Buffer {
  const parts = [field(OPERATION.operationId, String(json.operationId))];
  for (const media of json.consumes ?? []) parts.push(field(OPERATION.consumes, media));
  for (const parameter of json.parameters ?? []) {
    const query = Buffer.concat([
      field(QUERY_PARAMETER.in, parameter.in),
      field(QUERY_PARAMETER.name, parameter.name),
      field(QUERY_PARAMETER.type, parameter.type),
    ]);
    // ParametersItem.parameter, Parameter.non_body_parameter, NonBodyParameter.query_parameter
    parts.push(field(OPERATION.parameters, field(1, field(2, field(3, query)))));
  }
  const responses = Object.entries(json.responses ?? {}).map(([code, response]) =>
    field(1, named(code, field(1, field(1, response.description)))),
  );
  parts.push(field(OPERATION.responses, Buffer.concat(responses)));
  return Buffer.concat([...parts, ...extensions(json, OPERATION.extension)]);
}

function pathItem(json: Record<string, Operation>): Buffer {
  return Buffer.concat(Object.entries(json).map(([method, each]) => field(PATH_ITEM[method] ?? 0, operation(each))));
}

/** The document's bytes. */
export function openApiV2Protobuf({ swagger, info, paths = {}, definitions = {} }: OpenApiV2): Buffer {
  const head = Buffer.concat([field(1, String(info?.title)), field(2, String(info?.version))]);
  return Buffer.concat([
    field(DOCUMENT.swagger, String(swagger)),
    field(DOCUMENT.info, head),
    field(DOCUMENT.paths, namedAll(paths, 2, pathItem)),
    field(DOCUMENT.definitions, namedAll(definitions, 1, schema)),
  ]);
}
