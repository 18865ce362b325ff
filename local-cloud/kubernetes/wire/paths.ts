/** Paths that are not resources: health, version, discovery, OpenAPI. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError } from '../api-error.ts';
import { aggregated, coreVersions, groupList, oneGroup, resourceList, rootPaths, serverVersion } from './discovery.ts';
import { openApiV2Protobuf } from './openapi-protobuf.ts';
import { openApiV2, openApiV3, openApiV3Index } from './openapi.ts';

/** Answers, or throws 404. */
export function answerPath(http: IncomingMessage, response: ServerResponse, url: URL): void {
  if (http.method !== 'GET' && http.method !== 'HEAD') throw unknownPath();
  const path = url.pathname.replace(/(.)\/+$/, '$1');
  if (/^\/(healthz|livez|readyz)(\/\w+)?$/.test(path)) return text(response, 200, 'ok');
  if (isNegotiated(http, response, path)) return;
  const body = documentAt(path, http.headers.host ?? 'localhost');
  if (body !== undefined) return json(response, body, 'application/json');
  if (isKnownGroup(path)) throw unknownPath();
  text(response, 404, '404 page not found\n');
}

/** Answers the documents that come in another form when the client asks for it. */
function isNegotiated({ headers }: IncomingMessage, response: ServerResponse, path: string): boolean {
  const form = aggregatedForm(headers.accept);
  if ((path === '/api' || path === '/apis') && form) {
    const type = `application/json;g=apidiscovery.k8s.io;v=${form};as=APIGroupDiscoveryList`;
    json(response, aggregated(path === '/api', form), type);
    return true;
  }
  if (path !== '/openapi/v2' || !headers.accept?.includes('protobuf')) return false;
  sendProtobuf(response);
  return true;
}

function documentAt(path: string, host: string): unknown {
  switch (path) {
    case '/':
      return rootPaths();
    case '/version':
      return serverVersion;
    case '/api':
      return coreVersions(host);
    case '/apis':
      return groupList();
    case '/openapi/v2':
      return openApiV2();
    case '/openapi/v3':
      return openApiV3Index();
    default:
      return groupDocumentAt(path);
  }
}

function groupDocumentAt(path: string): unknown {
  if (path.startsWith('/openapi/v3/')) return openApiV3(path.slice('/openapi/v3/'.length));
  const [root, first = '', second] = path.slice(1).split('/');
  if (root === 'api' && second === undefined) return resourceList('', first);
  if (root !== 'apis') return undefined;
  return second === undefined
    ? oneGroup(first)
    : path.split('/').length === 4
      ? resourceList(first, second)
      : undefined;
}

/** The newest version of aggregated discovery that the client takes, if it asks for it at all. */
function aggregatedForm(accept = ''): 'v2' | 'v2beta1' | undefined {
  if (!accept.includes('APIGroupDiscoveryList')) return undefined;
  return /v=v2[;,]/.test(`${accept},`) ? 'v2' : 'v2beta1';
}

/** Within a group that is served, an unknown resource is an API error; everything else is an unknown page. */
function isKnownGroup(path: string): boolean {
  const [root, first = '', second = ''] = path.slice(1).split('/');
  return root === 'api'
    ? resourceList('', first) !== undefined
    : root === 'apis' && resourceList(first, second) !== undefined;
}

function unknownPath(): ApiError {
  return new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});
}

let cachedProtobuf: Buffer | undefined;

function sendProtobuf(response: ServerResponse): void {
  cachedProtobuf ??= openApiV2Protobuf(openApiV2());
  const type = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
  response.writeHead(200, { 'content-type': type, 'content-length': cachedProtobuf.length });
  response.end(cachedProtobuf);
}

function json(response: ServerResponse, body: unknown, contentType: string): void {
  const payload = JSON.stringify(body);
  response.writeHead(200, { 'content-type': contentType, 'content-length': Buffer.byteLength(payload) });
  response.end(payload);
}

function text(response: ServerResponse, code: number, body: string): void {
  response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(body);
}
