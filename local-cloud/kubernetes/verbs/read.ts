/** get and list. */
import * as z from 'zod';
import { parseJsonIfWhole } from '../../read-json.ts';
import { ApiError, badRequest, notFound } from '../api-error.ts';
import type { Answer, Call } from '../wire/call.ts';
import { fieldMatcher } from './field-selector.ts';
import { matchesSelector, parseSelector } from '../labels.ts';
import type { ApiRequest } from '../wire/request.ts';
import type { KubeObject } from '../object.ts';
import type { Pod } from '../objects.ts';
import type { ListOptions, ObjectStore } from '../object-store.ts';

/** The object that the request names. Throws 404. */
export function requireObject(call: Pick<Call, 'store' | 'request'>): KubeObject {
  const { type, namespace, name = '' } = call.request;
  const object = call.store.get(type.resource, namespace, name);
  if (!object) throw notFound(type, name);
  return object;
}

/** The pod that the request names; only pods have eviction and logs. Throws 404. */
export function requirePod({ store, request: { type, namespace, name = '' } }: Pick<Call, 'store' | 'request'>): Pod {
  const pod = store.get('pods', namespace, name);
  if (!pod) throw notFound(type, name);
  return pod;
}

export function getObject(call: Call): Answer {
  return { is: 'object', code: 200, type: call.request.type, object: requireObject(call) };
}

/** Whether an object is selected by the request's name and selectors. */
export function matcherOf({ type, name, query, namespace }: ApiRequest): (object: KubeObject) => boolean {
  const labels = query.get('labelSelector');
  const selector = labels ? parseSelector(labels) : undefined;
  const fields = fieldMatcher(type, query.get('fieldSelector'));
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    (name === undefined || object.metadata.name === name) &&
    (selector === undefined || matchesSelector(selector, object.metadata.labels)) &&
    (fields === undefined || fields(object));
}

export function selectObjects(store: ObjectStore, request: ApiRequest): KubeObject[] {
  const options: ListOptions = { where: matcherOf(request) };
  if (request.namespace !== undefined) options.namespace = request.namespace;
  return store.list(request.type.resource, options);
}

const continueToken = z.object({
  /** Version that the first page reported. */
  v: z.string(),
  /** Namespace and name of the last object handed out. */
  after: z.tuple([z.string(), z.string()]),
});
type ContinueToken = z.infer<typeof continueToken>;

/**
 * Pages are cut from the current state, not from that of the first page: what changes between two pages may be
 * seen or not, and no page token ever expires.
 */
export function listObjects({ store, request }: Call): Answer {
  const { type, query } = request;
  refuseFuture(store, query.get('resourceVersion'));
  const all = selectObjects(store, request);
  const token = decodeToken(query.get('continue'));
  const rest = token ? all.filter((object) => isAfter(object, token.after)) : all;
  const limit = Number(query.get('limit') ?? 0);
  const resourceVersion = token?.v ?? store.resourceVersion();
  if (!(limit > 0) || rest.length <= limit) return { is: 'list', type, items: rest, resourceVersion };
  const items = rest.slice(0, limit);
  const continueToken = encodeToken(resourceVersion, items.at(-1));
  const isSelective = query.get('labelSelector') || query.get('fieldSelector');
  const remaining = isSelective ? {} : { remaining: rest.length - limit };
  return { is: 'list', type, items, resourceVersion, continueToken, ...remaining };
}

function encodeToken(version: string, last: KubeObject | undefined): string {
  const next: ContinueToken = { v: version, after: [last?.metadata.namespace ?? '', last?.metadata.name ?? ''] };
  return Buffer.from(JSON.stringify(next)).toString('base64url');
}

function isAfter({ metadata }: KubeObject, [namespace, name]: [string, string]): boolean {
  const own = metadata.namespace ?? '';
  return own > namespace || (own === namespace && metadata.name > name);
}

function decodeToken(text: string | null): ContinueToken | undefined {
  if (!text) return undefined;
  // Anything that is not one of our tokens is malformed.
  const token = parseJsonIfWhole(Buffer.from(text, 'base64url').toString(), continueToken);
  if (token !== undefined) return token;
  throw badRequest('continue key is not valid: invalid continue token');
}

/** A client that has seen a version which this server has not is talking to a server that lost its disk. */
export function refuseFuture(store: ObjectStore, version: string | null): void {
  if (!version) return;
  if (!/^\d+$/.test(version)) {
    throw new ApiError(
      400,
      'BadRequest',
      `resourceVersion: Invalid value: "${version}": strconv.ParseUint: parsing "${version}": invalid syntax`,
    );
  }
  if (Number(version) <= Number(store.resourceVersion())) return;
  const message = `Too large resource version: ${version}, current: ${store.resourceVersion()}`;
  const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version', field: '' }];
  throw new ApiError(504, 'Timeout', `Timeout: ${message}`, { causes, retryAfterSeconds: 1 });
}
