/** What a request asks for, read from its method, path and query: verb, type, namespace, name, subresource. Pure. */
import { ApiError } from '../api-error.ts';
import { findKind } from '../kinds/registry.ts';
import type { Kind } from '../kinds/kind.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

export interface ApiRequest {
  verb: Verb;
  type: Kind;
  namespace: string | undefined;
  name: string | undefined;
  subresource: string | undefined;
  query: URLSearchParams;
}

/** The request behind a resource path, or undefined when the path is not one of a resource. */
export function parseRequest(method: string, url: URL): ApiRequest | undefined {
  const parts = url.pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const group = parts[0] === 'apis' ? parts[1] : parts[0] === 'api' ? '' : undefined;
  if (group === undefined) return undefined;
  const [version, ...rest] = parts.slice(group === '' ? 1 : 2);
  if (version === undefined || rest.length === 0) return undefined;
  const place = locate(group, version, rest);
  if (!place) return undefined;
  return { ...place, verb: verbOf(method, place.name, url.searchParams), query: url.searchParams };
}

type Place = Pick<ApiRequest, 'type' | 'namespace' | 'name' | 'subresource'>;

function locate(group: string, version: string, rest: string[]): Place | undefined {
  // `namespaces/x` is the namespace itself, `namespaces/x/pods` are its pods, `namespaces/x/status` its status.
  if (rest[0] === 'namespaces' && rest.length >= 3) {
    const type = findKind(group, version, rest[2] ?? '');
    if (type?.namespaced) return { type, namespace: rest[1], name: rest[3], subresource: rest[4] };
  }
  const type = findKind(group, version, rest[0] ?? '');
  if (!type || rest.length > 3) return undefined;
  if (type.namespaced && rest.length > 1) return undefined;
  return { type, namespace: undefined, name: rest[1], subresource: rest[2] };
}

function verbOf(method: string, name: string | undefined, query: URLSearchParams): Verb {
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (isTrue(query.get('watch'))) return 'watch';
      return name === undefined ? 'list' : 'get';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return name === undefined ? 'deletecollection' : 'delete';
    default:
      throw new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
  }
}

/** Booleans in queries: present and not false. */
export function isTrue(value: string | null): boolean {
  return value !== null && value !== 'false' && value !== '0';
}

/** `patch deployments/scale`: how the books and the scripted faults name a call. */
export function callName(request: ApiRequest): string {
  const { verb, type, subresource } = request;
  return `${verb} ${type.resource}${subresource === undefined ? '' : `/${subresource}`}`;
}
