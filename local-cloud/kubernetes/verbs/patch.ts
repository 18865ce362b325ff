/** From the media type of a PATCH to the patched object. */
import { parse as parseYaml } from 'yaml';
import { messageOf } from '../../error-text.ts';
import { ApiError, badRequest, invalid } from '../api-error.ts';
import { applyConfiguration } from './apply.ts';
import { mediaType, readBody, type Call } from '../wire/call.ts';
import { checkFields } from '../wire/field-check.ts';
import { isPlain, plainAt } from '../../is-plain.ts';
import { applyJsonPatch, applyMergePatch } from './patch-json.ts';
import { applyStrategicPatch } from './patch-strategic.ts';
import { isTrue } from '../wire/request.ts';
import { apiVersionOf, type Kind } from '../kinds/kind.ts';
import { schemaOf, type ObjectSchema } from '../schema/schema.ts';
import type { KubeObject, Plain } from '../object.ts';
import { managerOf } from './manager.ts';

/** A function from the object as it is to the object as the request's body wants it. */
export async function readPatch(call: Call): Promise<(current: Plain | undefined, schema: ObjectSchema) => Plain> {
  const text = (await readBody(call.http)).toString('utf8');
  const media = mediaType(call.http);
  if (media === 'application/apply-patch+yaml') return (current, schema) => applied(call, current, text, schema);
  const patch = parseJson(text);
  return (current, schema) => {
    const before = current ?? {};
    switch (media) {
      case 'application/json-patch+json':
        return asObject(applyJsonPatch(before, patch));
      case 'application/merge-patch+json':
        if (!isPlain(patch))
          throw badRequest(
            'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}',
          );
        return asObject(applyMergePatch(before, patch));
      case 'application/strategic-merge-patch+json':
        return applyStrategicPatch(before, patch, schema);
      default:
        throw unsupported(media);
    }
  };
}

/** The stored object, patched. Reads the body first: `stored` is looked up anew behind it. */
export async function patchedObject(call: Call, stored: KubeObject | undefined): Promise<Plain> {
  const patch = await readPatch(call);
  const { type, namespace, name = '' } = call.request;
  const current = call.store.get(type.resource, namespace, name) ?? stored;
  return patch(current, schemaOf(type));
}

function applied(call: Call, current: Plain | undefined, text: string, schema: ObjectSchema): Plain {
  const { query, type } = call.request;
  if (!query.get('fieldManager')) throw managerMissing();
  const config = parseConfiguration(text);
  checkKind(config, type);
  const own = plainAt(config, 'metadata');
  const placed = { ...config, metadata: { ...own, ...placeOf(call, own) } };
  const { object, unknown } = checkFields(placed, schema, type.kind, type.version);
  if (unknown.length > 0) throw undeclared(config, unknown);
  return applyConfiguration(current, object, schema, managerOf(call), isTrue(query.get('force')));
}

function checkKind({ apiVersion, kind }: Plain, type: Kind): void {
  if (apiVersion === apiVersionOf(type) && kind === type.kind) return;
  throw badRequest(`invalid object type: ${withSlash(String(apiVersion ?? ''))}, Kind=${String(kind ?? '')}`);
}

/** The core group has no name, but its slash is written here. */
const withSlash = (apiVersion: string): string => (apiVersion.includes('/') ? apiVersion : `/${apiVersion}`);

/** Name and namespace of the path; a configuration that names others is refused. */
function placeOf({ request }: Call, own: Plain): Plain {
  const { type, name = '', namespace } = request;
  if (own['name'] !== undefined && own['name'] !== name) {
    throw badRequest(`the name of the object (${own['name']}) does not match the name on the URL (${name})`);
  }
  return { name, ...(type.namespaced ? { namespace: own['namespace'] ?? namespace } : {}) };
}

function undeclared(config: Plain, unknown: string[]): ApiError {
  const { apiVersion, kind } = config;
  const { namespace, name } = plainAt(config, 'metadata');
  const what = `${namespace ?? ''}/${name ?? ''}; ${withSlash(String(apiVersion))}, Kind=${kind}`;
  const why = unknown.map((path) => `.${path}: field not declared in schema`).join('\n');
  return new ApiError(500, 'InternalError', `failed to create typed patch object (${what}): ${why}`);
}

function managerMissing(): ApiError {
  const message = 'Required value: is required for apply patch';
  return invalid('PatchOptions', 'meta.k8s.io', '', [{ reason: 'FieldValueRequired', field: 'fieldManager', message }]);
}

function parseConfiguration(text: string): Plain {
  try {
    return asObject(parseYaml(text));
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw badRequest(`error decoding YAML: ${messageOf(error)}`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badRequest(`error decoding patch: ${messageOf(error)}`);
  }
}

function asObject(value: unknown): Plain {
  if (!isPlain(value)) throw badRequest('the patch does not leave an object');
  return value;
}

function unsupported(media: string): ApiError {
  const accepted = [
    'application/json-patch+json',
    'application/merge-patch+json',
    'application/strategic-merge-patch+json',
    'application/apply-patch+yaml',
  ];
  return new ApiError(
    415,
    'UnsupportedMediaType',
    'the body of the request was in an unknown format - accepted media types include: ' +
      `${accepted.join(', ')} (got ${media})`,
  );
}
