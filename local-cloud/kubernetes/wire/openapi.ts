/**
 * OpenAPI documents made from the schema: what `kubectl explain`, `kubectl apply` and client-side
 * validation read. Fields, types, required fields, merge keys and kinds are there; descriptions are not,
 * and of the operations only what clients look for.
 */
import type { Plain } from '../object.ts';
import { serverVersion, servedGroupVersions } from './discovery.ts';
import { apiVersionOf, type Kind } from '../kinds/kind.ts';
import {
  allSchemas,
  schemaNamed,
  schemaOf,
  type Field,
  type FieldType,
  type ListType,
  type ObjectSchema,
} from '../schema/schema.ts';

const PREFIX_V2 = '#/definitions/';
const PREFIX_V3 = '#/components/schemas/';
const LIST_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta';
const QUERY_PARAMETERS = ['dryRun', 'fieldManager', 'fieldValidation'];
const PATCH_TYPES = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

const SCALARS: Record<string, Plain> = {
  string: { type: 'string' },
  int: { type: 'integer', format: 'int32' },
  long: { type: 'integer', format: 'int64' },
  num: { type: 'number', format: 'double' },
  bool: { type: 'boolean' },
  bytes: { type: 'string', format: 'byte' },
  time: { type: 'string', format: 'date-time' },
  microtime: { type: 'string', format: 'date-time' },
  quantity: { type: 'string' },
  intstr: { type: 'string', format: 'int-or-string' },
  any: { type: 'object' },
};

function typeJson(type: FieldType, prefix: string): Plain {
  switch (type.is) {
    case 'object':
      return prefix === PREFIX_V2
        ? { $ref: prefix + type.type }
        : { allOf: [{ $ref: prefix + type.type }], default: {} };
    case 'list':
      return { type: 'array', items: typeJson(type.of, prefix), ...listExtensions(type) };
    case 'map':
      return {
        type: 'object',
        additionalProperties: typeJson(type.of, prefix),
        ...(type.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
      };
    default:
      return { ...SCALARS[type.name] };
  }
}

function listExtensions(type: ListType): Plain {
  const extensions: Plain = { 'x-kubernetes-list-type': type.mapKeys ? 'map' : type.set ? 'set' : 'atomic' };
  if (type.mapKeys) extensions['x-kubernetes-list-map-keys'] = type.mapKeys;
  if (type.merge) extensions['x-kubernetes-patch-strategy'] = type.retainKeys ? 'merge,retainKeys' : 'merge';
  if (type.mergeKey !== undefined) extensions['x-kubernetes-patch-merge-key'] = type.mergeKey;
  return extensions;
}

function fieldJson(field: Field, prefix: string): Plain {
  const json = typeJson(field.type, prefix);
  return field.patchStrategy ? { ...json, 'x-kubernetes-patch-strategy': field.patchStrategy } : json;
}

function schemaJson(schema: ObjectSchema, prefix: string): Plain {
  const fields = [...schema.fields.values()];
  const required = fields.filter((field) => field.required).map((field) => field.name);
  const kinds = kindOfSchema(schema);
  return {
    type: 'object',
    properties: Object.fromEntries(fields.map((field) => [field.name, fieldJson(field, prefix)])),
    ...(required.length > 0 ? { required } : {}),
    ...(schema.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
    ...(kinds.length > 0 ? { 'x-kubernetes-group-version-kind': kinds } : {}),
  };
}

const gvk = ({ group, version, kind }: Kind): Plain => ({ group, kind, version });

/** The kind that has this schema; most schemas are only parts of one. */
function kindOfSchema(schema: ObjectSchema): Plain[] {
  const types = servedGroupVersions().flatMap((each) => each.types);
  return types.filter((type) => schemaOf(type) === schema).map(gvk);
}

function listJson(type: Kind, prefix: string): Plain {
  const item: FieldType = { is: 'object', type: schemaOf(type).fullName };
  const metadata: FieldType = { is: 'object', type: LIST_META };
  return {
    type: 'object',
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      items: { type: 'array', items: typeJson(item, prefix) },
      metadata: typeJson(metadata, prefix),
    },
    required: ['items'],
    'x-kubernetes-group-version-kind': [{ ...gvk(type), kind: `${type.kind}List` }],
  };
}

/** Paths of one resource, each with its operations. */
function pathsOf(type: Kind, version: 2 | 3): [string, Plain][] {
  const root = type.group === '' ? `/api/${type.version}` : `/apis/${apiVersionOf(type)}`;
  const scope = type.namespaced ? '/namespaces/{namespace}' : '';
  const operation = (action: string, writes: boolean): Plain => operationJson(type, action, writes, version);
  const collection = { get: operation('list', false), post: operation('post', true) };
  const item = {
    get: operation('get', false),
    put: operation('put', true),
    patch: operation('patch', true),
    delete: operation('delete', false),
  };
  if (!type.stored) return [[`${root}${scope}/${type.resource}`, { post: operation('post', true) }]];
  return [
    [`${root}${scope}/${type.resource}`, collection],
    [`${root}${scope}/${type.resource}/{name}`, item],
  ];
}

function operationJson(type: Kind, action: string, writes: boolean, version: 2 | 3): Plain {
  const parameters = writes
    ? QUERY_PARAMETERS.map((name) =>
        version === 2 ? { name, in: 'query', type: 'string' } : { name, in: 'query', schema: { type: 'string' } },
      )
    : [];
  const operation: Plain = {
    operationId: `${action}${type.group.replaceAll('.', '')}${type.version}${type.kind}`,
    ...(parameters.length > 0 ? { parameters } : {}),
    responses: { 200: { description: 'OK' } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': gvk(type),
  };
  if (version === 2) return action === 'patch' ? { ...operation, consumes: PATCH_TYPES } : operation;
  const name = schemaOf(type).fullName;
  operation['responses'] = {
    200: { description: 'OK', content: { 'application/json': { schema: { $ref: PREFIX_V3 + name } } } },
  };
  if (action === 'patch')
    operation['requestBody'] = { content: Object.fromEntries(PATCH_TYPES.map((each) => [each, {}])) };
  return operation;
}

const info = { title: 'Kubernetes', version: serverVersion.gitVersion };
let cachedV2: Plain | undefined;

/** The whole document in version 2. */
export function openApiV2(): Plain {
  if (cachedV2) return cachedV2;
  const types = servedGroupVersions().flatMap((each) => each.types);
  const definitions: Plain = {};
  for (const schema of allSchemas()) definitions[schema.fullName] = schemaJson(schema, PREFIX_V2);
  for (const type of types.filter((each) => each.stored))
    definitions[`${schemaOf(type).fullName}List`] = listJson(type, PREFIX_V2);
  cachedV2 = {
    swagger: '2.0',
    info,
    paths: Object.fromEntries(types.flatMap((type) => pathsOf(type, 2))),
    definitions,
  };
  return cachedV2;
}

const placeOf = (group: string, version: string): string =>
  group === '' ? `api/${version}` : `apis/${group}/${version}`;

/** Where the documents of version 3 are. */
export function openApiV3Index(): unknown {
  const entries = servedGroupVersions().map(({ group, version }) => {
    const place = placeOf(group, version);
    return [place, { serverRelativeURL: `/openapi/v3/${place}?hash=${serverVersion.gitVersion}` }] as const;
  });
  return { paths: Object.fromEntries(entries) };
}

/** The document of one group version (`apis/apps/v1`), undefined for one that is not served. */
export function openApiV3(place: string): unknown {
  const found = servedGroupVersions().find(({ group, version }) => placeOf(group, version) === place);
  if (!found) return undefined;
  const schemas: Plain = {};
  for (const type of found.types) {
    for (const name of reachable(schemaOf(type).fullName)) schemas[name] ??= schemaJson(schemaNamed(name), PREFIX_V3);
    if (type.stored) schemas[`${schemaOf(type).fullName}List`] = listJson(type, PREFIX_V3);
  }
  schemas[LIST_META] ??= schemaJson(schemaNamed(LIST_META), PREFIX_V3);
  return {
    openapi: '3.0.0',
    info,
    paths: Object.fromEntries(found.types.flatMap((type) => pathsOf(type, 3))),
    components: { schemas },
  };
}

/** A schema and all that it mentions. */
function reachable(root: string): Set<string> {
  const seen = new Set<string>();
  const visit = (type: FieldType): void => {
    if (type.is === 'list' || type.is === 'map') return visit(type.of);
    if (type.is !== 'object' || seen.has(type.type)) return;
    seen.add(type.type);
    for (const field of schemaNamed(type.type).fields.values()) visit(field.type);
  };
  visit({ is: 'object', type: root });
  return seen;
}
