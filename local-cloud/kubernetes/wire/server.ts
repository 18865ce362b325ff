/**
 * The embedded Kubernetes API server of one cluster: HTTPS, bearer tokens, discovery, resources; and the controllers
 * behind it. What it offers and what it does not imitate is in README.md.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { listen } from '../../listen.ts';
import { messageOf, stackOf } from '../../error-text.ts';
import type { LocalContext } from '../../context.ts';
import { InjectedFault } from '../../faults.ts';
import { ApiError } from '../api-error.ts';
import { bootstrap } from '../store/bootstrap.ts';
import type { Answer, Call } from './call.ts';
import { startControllers } from '../controllers/controllers.ts';
import { answerPath } from './paths.ts';
import { render } from './render.ts';
import { callName, parseRequest, type ApiRequest } from './request.ts';
import { route } from './route.ts';
import { createStore } from '../store/store.ts';
import type { ObjectStore } from '../object-store.ts';
import { serverIdentity } from './tls.ts';
import { createWatchHub, type WatchHub } from '../verbs/watch-hub.ts';

export interface KubernetesOptions {
  /** Of the cluster; for its certificates and logs. */
  name: string;
  /** Where its state lies. */
  dir: string;
  /** 0: any free port. */
  port: number;
  host?: string;
  /** Whether a bearer token ('' for none) may do everything; there are no finer rights. */
  authenticate: (bearer: string) => boolean | Promise<boolean>;
  /** False: only the API, as where the controllers are to be someone else's. */
  controllers?: boolean;
}

export interface RunningKubernetes {
  url: string;
  caPem: string;
  store: ObjectStore;
  stop(): Promise<void>;
}

/** Starts the API server and its controllers. */
export async function startKubernetes(context: LocalContext, options: KubernetesOptions): Promise<RunningKubernetes> {
  const { dir, name, authenticate, host = '127.0.0.1' } = options;
  const { caPem, certPem, keyPem } = await serverIdentity(dir, name);
  const store = createStore(join(dir, 'objects'), { clock: context.clock, rootCaPem: caPem });
  const hub = createWatchHub(store);
  const sockets = new Set<Socket>();
  const server = createServer({ cert: certPem, key: keyPem }, (http, response) => {
    serve({ context, store, hub, http, response, authenticate }).catch((error: unknown) => {
      context.log('kubernetes', `${http.method} ${http.url}: ${stackOf(error)}`);
      response.destroy();
    });
  });
  server.keepAliveTimeout = 65_000;
  server.requestTimeout = 0;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const port = await listen(server, options.port, host);
  bootstrap(store, port);
  const controllers = options.controllers === false ? undefined : startControllers(store, context);
  const stop = async (): Promise<void> => {
    controllers?.stop();
    hub.stop();
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
    store.close();
  };
  return { url: `https://${host}:${port}`, caPem, store, stop };
}

interface Exchange {
  context: LocalContext;
  store: ObjectStore;
  hub: WatchHub;
  http: IncomingMessage;
  response: ServerResponse;
  authenticate: KubernetesOptions['authenticate'];
}

async function serve(exchange: Exchange): Promise<void> {
  const { http, response } = exchange;
  let request: ApiRequest | undefined;
  try {
    const url = new URL(http.url ?? '/', 'https://localhost');
    await authenticated(exchange, url);
    request = parseRequest(http.method ?? 'GET', url);
    if (request) await serveResource(exchange, request);
    else answerPath(http, response, url);
  } catch (error) {
    fail(exchange, error);
  } finally {
    if (request) book(exchange, request);
  }
}

async function serveResource(exchange: Exchange, request: ApiRequest): Promise<void> {
  const { response, context } = exchange;
  const warnings: string[] = [];
  const warn = (text: string): void => addWarning(response, warnings, text);
  const call: Call = { ...exchange, request, agent: agentOf(exchange), warn };
  const checkFaults = async (when: 'before' | 'after'): Promise<void> => {
    if (!isKubelet(exchange)) await context.faults.check('kubernetes', callName(request), when);
  };
  await checkFaults('before');
  if (request.type.resource === 'endpoints') warn(ENDPOINTS_WARNING);
  const answer: Answer = await route(call);
  if (answer.is !== 'streamed') await checkFaults('after');
  render(call, answer);
}

function agentOf({ http }: Exchange): string {
  return (http.headers['user-agent'] ?? 'unknown').split('/')[0] ?? 'unknown';
}

/** The kubelet's own traffic is neither in the books nor subject to faults meant for the API's clients. */
const isKubelet = (exchange: Exchange): boolean => agentOf(exchange).startsWith('foreach-fleet-kubelet');

function book(exchange: Exchange, request: ApiRequest): void {
  if (request.verb === 'watch' || isKubelet(exchange)) return;
  exchange.context.books.call('kubernetes', callName(request), exchange.response.statusCode);
}

const ENDPOINTS_WARNING = 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice';
const OPEN_PATHS = new Set(['/healthz', '/livez', '/readyz', '/version']);

async function authenticated({ http, authenticate }: Exchange, url: URL): Promise<void> {
  if (OPEN_PATHS.has(url.pathname)) return;
  const header = http.headers.authorization ?? '';
  const bearer = /^Bearer\s+(\S+)\s*$/i.exec(header)?.[1] ?? '';
  if (!(await authenticate(bearer))) throw new ApiError(401, 'Unauthorized', 'Unauthorized');
}

function addWarning(response: ServerResponse, warnings: string[], text: string): void {
  if (response.headersSent || warnings.includes(text)) return;
  warnings.push(text);
  const quoted = (each: string): string =>
    `299 - "${each.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', ' ')}"`;
  response.setHeader('warning', warnings.map(quoted));
}

function fail({ http, response, context }: Exchange, error: unknown): void {
  if (error instanceof InjectedFault && applyFault(response, error)) return;
  const known = error instanceof ApiError ? error : error instanceof InjectedFault ? faultError(error) : undefined;
  if (!known) context.log('kubernetes', `${http.method} ${http.url}: ${stackOf(error)}`);
  const status = known ?? new ApiError(500, 'InternalError', `Internal error occurred: ${messageOf(error)}`);
  if (response.headersSent) return void response.destroy();
  const retry = status.details?.retryAfterSeconds;
  if (retry !== undefined) response.setHeader('retry-after', String(retry));
  response.writeHead(status.code, { 'content-type': 'application/json' });
  response.end(JSON.stringify(status.toStatus()));
}

/** True when the fault leaves nothing to answer. */
function applyFault(response: ServerResponse, { rule }: InjectedFault): boolean {
  if (rule.effect === 'reset' || rule.effect === 'drop') response.destroy();
  return rule.effect === 'reset' || rule.effect === 'drop' || rule.effect === 'hang';
}

function faultError({ rule }: InjectedFault): ApiError {
  const code = rule.status ?? (rule.effect === 'quota' ? 429 : 503);
  const reasons: Record<number, string> = {
    401: 'Unauthorized',
    403: 'Forbidden',
    404: 'NotFound',
    409: 'Conflict',
    410: 'Expired',
    429: 'TooManyRequests',
    500: 'InternalError',
    503: 'ServiceUnavailable',
    504: 'Timeout',
  };
  return new ApiError(code, rule.reason ?? reasons[code] ?? 'Unknown', 'scripted fault of the local cloud');
}
