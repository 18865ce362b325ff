/**
 * Plain requests to the Kubernetes API with the official client's configuration (URL, certificate authority,
 * credentials). The client's own calls open a connection each and turn every field of every object into classes, which
 * in a large cluster costs more than the rest of a pass.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request, type AgentOptions, type RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import * as z from 'zod';
import { parseJson } from '../job/json-lines.ts';
import { messageOf, PortError } from '../ports/port-error.ts';
import { codeOf, retryAfterSecondsOf } from './error-code.ts';

/** `table`: the columns that kubectl prints, 2 % of the bytes of a list. `metadata`: the object's head only. */
export type Form = 'whole' | 'table' | 'metadata';

const ACCEPT: Record<Form, string> = {
  whole: 'application/json',
  table: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
  metadata: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json',
};

const CALL_MS = 15_000;
/** Making a connection costs more than several requests; more of them than this save little time. */
const CONNECTIONS = 2;
/** Shorter than any API server keeps a silent connection, so that none is used that the other side has just closed. */
const SILENT_MS = 4000;

/** One for each pass: what is kept open between passes is not to be trusted after an instance was frozen. */
export class KubernetesApi {
  readonly #config: KubeConfig;
  readonly #callMs: number;
  #options: Promise<RequestOptions> | undefined;

  constructor(config: KubeConfig, callMs: number = CALL_MS) {
    this.#config = config;
    this.#callMs = callMs;
  }

  /** @throws PortError FF-KUBERNETES */
  get(doing: string, path: string, form: Form = 'whole'): Promise<unknown> {
    return withDeadline(doing, (signal) => this.#send(signal, 'GET', path, form), this.#callMs);
  }

  /** Null when there is no such object. */
  async getOrNull(doing: string, path: string, form: Form = 'whole'): Promise<unknown> {
    return orNull(this.get(doing, path, form));
  }

  /** What the object became is not asked for. False when there is no such object. */
  async mergePatch(doing: string, path: string, body: object): Promise<boolean> {
    const send = (signal: AbortSignal): Promise<unknown> => this.#send(signal, 'PATCH', path, 'metadata', body);
    return (await orNull(withDeadline(doing, send, this.#callMs))) !== null;
  }

  async #send(signal: AbortSignal, method: string, path: string, form: Form, body?: object): Promise<unknown> {
    this.#options ??= connection(this.#config);
    const { headers, ...options } = await this.#options;
    const text = body === undefined ? '' : JSON.stringify(body);
    const sent =
      body === undefined
        ? {}
        : { 'content-type': 'application/merge-patch+json', 'content-length': Buffer.byteLength(text) };
    const cluster = this.#config.getCurrentCluster();
    if (cluster === null) throw new Error('the configuration names no cluster');
    const url = new URL(cluster.server.replace(/\/+$/, '') + path);
    const answer = await exchange(
      url,
      { ...options, method, signal, headers: { ...headers, ...sent, accept: ACCEPT[form] } },
      text,
    );
    if (answer.status < 200 || answer.status > 299) throw new KubernetesError(answer);
    return JSON.parse(answer.text);
  }
}

async function connection(config: KubeConfig): Promise<RequestOptions> {
  const options: RequestOptions & AgentOptions = {};
  await config.applyToHTTPSOptions(options);
  const { agent, headers, auth, ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = options;
  const tls = { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername };
  const given = Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
  const own = new Agent({ ...given, keepAlive: true, maxSockets: CONNECTIONS, timeout: SILENT_MS });
  const throughProxy = config.getCurrentCluster()?.proxyUrl !== undefined;
  return { headers: headers ?? {}, agent: throughProxy ? agent : own, ...(auth ? { auth } : {}) };
}

interface Answer {
  status: number;
  text: string;
  headers: IncomingHttpHeaders;
}

function exchange(url: URL, options: RequestOptions, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(url, options, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.once('close', () =>
        response.complete
          ? resolve({
              status: response.statusCode ?? 0,
              text: Buffer.concat(parts).toString('utf8'),
              headers: response.headers,
            })
          : reject(new Error('the answer ended too early')),
      );
    });
    call.on('error', reject);
    call.end(body);
  });
}

/** What the API server refused, in its own words. */
class KubernetesError extends Error {
  readonly code: number;
  readonly response: Pick<Answer, 'headers'>;

  constructor({ status, text, headers }: Answer) {
    super(`${status}: ${statusMessage(text)}`);
    this.name = 'KubernetesError';
    this.code = status;
    this.response = { headers };
  }
}

function statusMessage(text: string): string {
  return parseJson(text, z.object({ message: z.string() }))?.message ?? text;
}

async function orNull<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof PortError && codeOf(error.cause) === 404) return null;
    throw error;
  }
}

/**
 * The client has no deadline of its own, and some of its calls take no signal. One that is given up may still end
 * later, which does no harm, because every call may be repeated.
 */
export async function withDeadline<T>(
  doing: string,
  call: (signal: AbortSignal) => Promise<T>,
  callMs: number = CALL_MS,
): Promise<T> {
  const silence = new Error(`no answer within ${callMs} ms`);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(silence), callMs);
  const deadline = new Promise<never>((_, reject) => {
    late.signal.addEventListener('abort', () => reject(silence));
  });
  try {
    return await Promise.race([call(late.signal), deadline]);
  } catch (cause) {
    const status = codeOf(cause);
    const text = messageOf(cause).split('\n').slice(0, 3).join(' ').slice(0, 400);
    throw new PortError('FF-KUBERNETES', `${doing}: ${text}`, {
      retry: status === undefined || status === 408 || status === 409 || status === 429 || status >= 500,
      retryAfterSeconds: retryAfterSecondsOf(cause),
      cause,
    });
  } finally {
    clearTimeout(timer);
  }
}
