/** create, update, patch, delete and deletecollection of whole objects and of their status. */
import { plainAt, textAt } from '../../is-plain.ts';
import { ApiError, badRequest, invalid, notFound } from '../api-error.ts';
import { isDryRun, mediaType, readObject, unsupportedOption, type Answer, type Call } from '../wire/call.ts';
import type { DeleteOptions } from '../object-store.ts';
import { checkFields } from '../wire/field-check.ts';
import { writeOptions } from './manager.ts';
import { patchedObject } from './patch.ts';
import { selectObjects } from './read.ts';
import { apiVersionOf } from '../kinds/kind.ts';
import { schemaOf } from '../schema/schema.ts';
import type { KubeObject, NewObject, Plain } from '../object.ts';
import type { WriteOptions } from '../object-store.ts';

/**
 * Decodes a client's object as fieldValidation asks: unknown fields are dropped silently, with a warning, or refused.
 */
function decode(call: Call, object: Plain): NewObject {
  const { type, query } = call.request;
  const kind = String(object['kind'] ?? type.kind);
  const apiVersion = String(object['apiVersion'] ?? apiVersionOf(type));
  if (apiVersion !== apiVersionOf(type)) {
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${apiVersionOf(type)})`,
    );
  }
  if (kind !== type.kind) {
    const expected = `${apiVersionOf(type)}, Kind=${type.kind}`;
    throw badRequest(
      `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: the kind in the ` +
        `data (${kind}) does not match the expected kind (${expected})`,
    );
  }
  const { object: clean, unknown } = checkFields(object, schemaOf(type), type.kind, type.version);
  reportUnknown(call, query.get('fieldValidation') ?? 'Warn', unknown);
  return { ...clean, metadata: clean['metadata'] ?? {} };
}

const FIELD_VALIDATION = ['', 'Ignore', 'Strict', 'Warn'];

function reportUnknown(call: Call, mode: string, unknown: string[]): void {
  if (!FIELD_VALIDATION.includes(mode)) throw unsupportedOption('fieldValidation', mode, FIELD_VALIDATION);
  if (unknown.length === 0 || mode === 'Ignore') return;
  const lines = unknown.map((path) => `unknown field ${JSON.stringify(path)}`);
  if (mode !== 'Strict') return lines.forEach((line) => call.warn(line));
  if (call.request.verb === 'patch') {
    const message = `Invalid value: "patch": strict decoding error: ${lines.join(', ')}`;
    throw invalid('', '', '', [{ reason: 'FieldValueInvalid', field: 'patch', message }]);
  }
  const { kind, version } = call.request.type;
  throw badRequest(
    `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: strict decoding ` +
      `error: ${lines.join(', ')}`,
  );
}

/** Puts the namespace of the path into the object; throws 400 when it names another one. */
function placeInNamespace(call: Call, object: NewObject): void {
  const { namespace, type } = call.request;
  if (!type.namespaced) return;
  const given = object.metadata.namespace;
  if (given && namespace && given !== namespace) {
    throw badRequest(`the namespace of the provided object does not match the namespace sent on the request`);
  }
  if (namespace !== undefined) object.metadata.namespace = namespace;
}

export async function createObject(call: Call): Promise<Answer> {
  const { type, namespace, name } = call.request;
  if (name !== undefined)
    throw new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
  const body = await readObject(call.http);
  if (!body) throw badRequest('the body of the request is empty');
  if (type.namespaced && namespace === undefined) {
    throw badRequest('an empty namespace may not be set during creation');
  }
  const object = decode(call, body);
  placeInNamespace(call, object);
  return { is: 'object', code: 201, type, object: call.store.create(type.resource, object, writeOptions(call)) };
}

export async function updateObject(call: Call): Promise<Answer> {
  const { type, name = '', subresource } = call.request;
  const body = await readObject(call.http);
  if (!body) throw badRequest('the body of the request is empty');
  const object = decode(call, body);
  placeInNamespace(call, object);
  if (object.metadata.name !== name) {
    throw badRequest(
      `the name of the object (${object.metadata.name ?? ''}) does not match the name on the URL (${name})`,
    );
  }
  return { is: 'object', code: 200, type, object: store(call, object, subresource === 'status', true) };
}

function store(call: Call, object: NewObject, status: boolean, tracked: boolean): KubeObject {
  const { resource } = call.request.type;
  const options = writeOptions(call, tracked);
  // A namespace's own finalizers are the controllers' alone.
  if (resource === 'namespaces') object['spec'] = call.store.get(resource, undefined, object.metadata.name ?? '')?.spec;
  return status ? call.store.updateStatus(resource, object, options) : call.store.update(resource, object, options);
}

export async function patchObject(call: Call): Promise<Answer> {
  const { type, namespace, name = '', subresource } = call.request;
  const stored = call.store.get(type.resource, namespace, name);
  const isApply = mediaType(call.http) === 'application/apply-patch+yaml';
  if (!stored && !isApply) throw notFound(type, name);
  const patched = decode(call, await patchedObject(call, stored));
  placeInNamespace(call, patched);
  patched.metadata.name ??= name;
  checkIdentity(call, patched);
  // Reading the body took a turn or more: what was read before it may be old, so the
  // patch is made against what is stored then.
  if (!call.store.get(type.resource, namespace, name)) {
    if (stored || subresource !== undefined) throw notFound(type, name);
    return {
      is: 'object',
      code: 201,
      type,
      object: call.store.create(type.resource, patched, writeOptions(call, false)),
    };
  }
  return { is: 'object', code: 200, type, object: store(call, patched, subresource === 'status', !isApply) };
}

function checkIdentity({ request }: Call, patched: NewObject): void {
  const { name = '' } = request;
  if (patched.metadata.name === name) return;
  throw badRequest(`the name of the object (${patched.metadata.name}) does not match the name on the URL (${name})`);
}

/** DeleteOptions from body and query; the query wins, as on a real server. */
async function deleteOptions(call: Call): Promise<DeleteOptions & WriteOptions> {
  const body = (await readObject(call.http)) ?? {};
  const { query } = call.request;
  const given = (name: string): unknown => query.get(name) ?? body[name] ?? undefined;
  const policy = given('propagationPolicy') ?? fromOrphan(given('orphanDependents'));
  const grace = given('gracePeriodSeconds');
  const preconditions = plainAt(body, 'preconditions');
  const uid = textAt(preconditions, 'uid');
  const resourceVersion = textAt(preconditions, 'resourceVersion');
  const dryRun = body['dryRun'];
  return {
    dryRun: isDryRun(query) || (Array.isArray(dryRun) && dryRun[0] === 'All'),
    ...(policy === undefined ? {} : { propagationPolicy: checkPolicy(String(policy)) }),
    ...(grace === undefined ? {} : { gracePeriodSeconds: Number(grace) }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}

function fromOrphan(orphan: unknown): string | undefined {
  if (orphan === undefined) return undefined;
  return orphan === true || orphan === 'true' ? 'Orphan' : 'Background';
}

function checkPolicy(policy: string): 'Background' | 'Foreground' | 'Orphan' {
  if (policy === 'Background' || policy === 'Foreground' || policy === 'Orphan') return policy;
  const message = `Unsupported value: "${policy}": supported values: "Foreground", "Background", "Orphan", "nil"`;
  throw invalid('DeleteOptions', 'meta.k8s.io', '', [
    { reason: 'FieldValueNotSupported', field: 'propagationPolicy', message },
  ]);
}

/**
 * Old clients expect the pods of a deleted Job to stay; the server tells them so,
 * and kubectl asks for Background itself.
 */
function withDefaultPolicy(call: Call, options: DeleteOptions & WriteOptions): DeleteOptions & WriteOptions {
  if (call.request.type.resource !== 'jobs' || options.propagationPolicy !== undefined) return options;
  call.warn(
    'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to ' +
      'remove them or set propagationPolicy=Orphan to suppress this warning',
  );
  return { ...options, propagationPolicy: 'Orphan' };
}

export async function deleteObject(call: Call): Promise<Answer> {
  const { type, namespace, name = '' } = call.request;
  const options = withDefaultPolicy(call, await deleteOptions(call));
  const before = call.store.get(type.resource, namespace, name);
  const deleted = call.store.delete(type.resource, namespace, name, options);
  if (!before || !deleted) throw notFound(type, name);
  const remains = call.store.get(type.resource, namespace, name) !== undefined && !options.dryRun;
  if (remains || type.answersDeleted) return { is: 'object', code: 200, type, object: deleted };
  const details = {
    name,
    ...(type.group === '' ? {} : { group: type.group }),
    kind: type.resource,
    uid: deleted.metadata.uid,
  };
  return {
    is: 'plain',
    code: 200,
    body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details },
  };
}

export async function deleteCollection(call: Call): Promise<Answer> {
  const { request } = call;
  const { type } = request;
  if (type.resource === 'namespaces')
    throw new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
  const options = withDefaultPolicy(call, await deleteOptions(call));
  const items: KubeObject[] = [];
  for (const object of selectObjects(call.store, request)) {
    const { namespace, name } = object.metadata;
    const deleted = call.store.delete(type.resource, namespace, name, options);
    if (deleted) items.push(deleted);
  }
  return { is: 'list', type, items, resourceVersion: call.store.resourceVersion() };
}
