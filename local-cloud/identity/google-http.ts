/**
 * How Google's JSON-over-HTTP services answer, shared by the services of the local cloud that are not storage. It has:
 * reading a request, bearer tokens, scripted faults, the books of calls, and errors in the shape that the client
 * libraries and gcloud parse. It knows no service; a service gives it a route per request.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { listen } from '../listen.ts';
import { readBytes } from '../read-bytes.ts';
import { stackOf } from '../error-text.ts';
import { InjectedFault, type FaultRule } from '../faults.ts';
import type { LocalContext } from '../context.ts';

const MAX_BODY_BYTES = 10 * 1024 * 1024;

export interface Call {
  method: string;
  /** Decoded path without the query. */
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  /** Parsed JSON; undefined when the request had no body. */
  body: unknown;
  /** What a scripted 'stockout' or 'quota' fault means for this call; the service decides where it shows. */
  shortage?: 'stockout' | 'quota';
}

export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  /** An object is sent as JSON, a string as it is. */
  body: unknown;
}

export interface Route {
  /** The name that fault rules and the books use, for example 'clusters.create'. */
  name: string;
  run(call: Call): Answer | Promise<Answer>;
}

export interface HttpOptions {
  service: string;
  port: number;
  route(call: Call): Route | undefined;
  /** Absent: every caller is let in. */
  authenticate?: (bearer: string) => boolean;
}

const CANONICAL: Record<number, { status: string; reason: string }> = {
  400: { status: 'INVALID_ARGUMENT', reason: 'badRequest' },
  401: { status: 'UNAUTHENTICATED', reason: 'authError' },
  403: { status: 'PERMISSION_DENIED', reason: 'forbidden' },
  404: { status: 'NOT_FOUND', reason: 'notFound' },
  409: { status: 'ALREADY_EXISTS', reason: 'alreadyExists' },
  412: { status: 'FAILED_PRECONDITION', reason: 'conditionNotMet' },
  429: { status: 'RESOURCE_EXHAUSTED', reason: 'rateLimitExceeded' },
  500: { status: 'INTERNAL', reason: 'backendError' },
  501: { status: 'UNIMPLEMENTED', reason: 'notImplemented' },
  503: { status: 'UNAVAILABLE', reason: 'backendError' },
  504: { status: 'DEADLINE_EXCEEDED', reason: 'backendError' },
};

/** An error as Google's APIs report it. */
export class GoogleError extends Error {
  readonly httpStatus: number;
  readonly canonical: string;
  readonly details: object[];

  constructor(httpStatus: number, message: string, extra: { canonical?: string; details?: object[] } = {}) {
    super(message);
    this.httpStatus = httpStatus;
    this.canonical = extra.canonical ?? CANONICAL[httpStatus]?.status ?? 'UNKNOWN';
    this.details = extra.details ?? [];
  }

  /** `reason` as the client libraries read it: from an ErrorInfo detail. */
  static withReason(
    httpStatus: number,
    canonical: string,
    message: string,
    reason: string,
    domain: string,
  ): GoogleError {
    const info = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain };
    return new GoogleError(httpStatus, message, { canonical, details: [info] });
  }

  toBody(): object {
    const reason = CANONICAL[this.httpStatus]?.reason ?? 'unknown';
    return {
      error: {
        code: this.httpStatus,
        message: this.message,
        errors: [{ message: this.message, domain: 'global', reason }],
        status: this.canonical,
        ...(this.details.length > 0 ? { details: this.details } : {}),
      },
    };
  }
}

export interface RunningHttp {
  url: string;
  port: number;
  stop(): Promise<void>;
}

/** Listens on loopback and serves `options.route`. */
export async function startGoogleHttp(context: LocalContext, options: HttpOptions): Promise<RunningHttp> {
  const server = createServer((request, response) => {
    serve(context, options, request, response).catch((error: unknown) => {
      context.log(options.service, `request failed: ${String(error)}`);
      response.destroy();
    });
  });
  server.keepAliveTimeout = 60_000;
  const port = await listen(server, options.port);
  return { url: `http://127.0.0.1:${port}`, port, stop: () => stopServer(server) };
}

function stopServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function serve(
  context: LocalContext,
  options: HttpOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let name = 'unknown';
  let answer: Answer;
  try {
    const call = await readCall(request);
    const route = options.route(call);
    if (!route) throw new GoogleError(404, `The requested URL ${call.path} was not found on this server.`);
    name = route.name;
    requireToken(options, call);
    answer = await runWithFaults(context, options.service, route, call);
  } catch (error) {
    if (error instanceof InjectedFault && !isStatusFault(error.rule)) {
      context.books.call(options.service, name, 0);
      // 'hang' leaves the socket open: it ends with the client's own deadline or with the server.
      if (error.rule.effect === 'reset' || error.rule.effect === 'drop') request.socket.destroy();
      return;
    }
    answer = errorAnswer(context, options.service, error);
  }
  context.books.call(options.service, name, answer.status ?? 200);
  write(response, answer);
}

async function readCall(request: IncomingMessage): Promise<Call> {
  const url = new URL(request.url ?? '/', 'http://local');
  const tooLarge = (): GoogleError => new GoogleError(413, 'Request payload size exceeds the limit.');
  const bytes = await readBytes(request, MAX_BODY_BYTES, tooLarge);
  return {
    method: request.method ?? 'GET',
    path: decodePath(url.pathname),
    query: url.searchParams,
    headers: request.headers,
    body: parseBody(bytes.toString('utf8'), request.headers['content-type']),
  };
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new GoogleError(400, 'Request path contains invalid percent-encoding.');
  }
}

function parseBody(text: string, contentType: string | undefined): unknown {
  if (text === '') return undefined;
  if (contentType?.startsWith('application/x-www-form-urlencoded'))
    return Object.fromEntries(new URLSearchParams(text));
  try {
    return JSON.parse(text);
  } catch {
    throw new GoogleError(400, 'Invalid JSON payload received. Parsing terminated before end of input.');
  }
}

function requireToken(options: HttpOptions, call: Call): void {
  if (!options.authenticate) return;
  const bearer = /^Bearer (.+)$/i.exec(call.headers.authorization ?? '')?.[1];
  if (bearer !== undefined && options.authenticate(bearer)) return;
  throw new GoogleError(
    401,
    'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or ' +
      'other valid authentication credential.',
  );
}

async function runWithFaults(context: LocalContext, service: string, route: Route, call: Call): Promise<Answer> {
  try {
    await context.faults.check(service, route.name, 'before');
  } catch (error) {
    const effect = error instanceof InjectedFault ? error.rule.effect : undefined;
    if (effect !== 'stockout' && effect !== 'quota') throw error;
    call.shortage = effect;
  }
  const answer = await route.run(call);
  await context.faults.check(service, route.name, 'after');
  return answer;
}

function isStatusFault(rule: FaultRule): boolean {
  return (
    rule.effect === 'status' || rule.effect === 'stockout' || rule.effect === 'quota' || rule.effect === 'duplicate'
  );
}

function errorAnswer(context: LocalContext, service: string, error: unknown): Answer {
  const known = toGoogleError(error, service);
  if (!known) {
    context.log(service, stackOf(error));
    return { status: 500, body: new GoogleError(500, 'Internal error encountered.').toBody() };
  }
  return { status: known.httpStatus, body: known.toBody() };
}

function toGoogleError(error: unknown, service: string): GoogleError | undefined {
  if (error instanceof GoogleError) return error;
  if (!(error instanceof InjectedFault)) return undefined;
  const status = error.rule.status ?? 503;
  if (error.rule.reason === undefined) return new GoogleError(status, error.message);
  const canonical = status === 400 ? 'FAILED_PRECONDITION' : (CANONICAL[status]?.status ?? 'UNKNOWN');
  return GoogleError.withReason(status, canonical, error.message, error.rule.reason, `${service}.googleapis.com`);
}

function write(response: ServerResponse, answer: Answer): void {
  const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body ?? {});
  const type = typeof answer.body === 'string' ? 'application/text' : 'application/json; charset=UTF-8';
  response.writeHead(answer.status ?? 200, { 'content-type': type, ...answer.headers });
  response.end(text);
}
