/**
 * The kubelet's only way to the API server: plain JSON over the official client's HTTP layer. One
 * dispatcher (connection pool) per kubelet; the client's own default is a new one per request. Does not
 * retry: callers know what a failure means.
 */
import { HttpMethod, IsomorphicFetchHttpLibrary, KubeConfig, RequestContext, Watch } from '@kubernetes/client-node';
import type { Cluster } from '@kubernetes/client-node';
import { parseJsonIfWhole } from '../read-json.ts';
import { status } from './answers.ts';

const USER_AGENT = 'foreach-fleet-kubelet/v1.33.5 (linux/amd64) process/1';

export class ApiError extends Error {
  readonly code: number;
  readonly reason: string;
  constructor(code: number, reason: string, message: string) {
    super(message);
    this.code = code;
    this.reason = reason;
  }
}

export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.code === 404;
}

export function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.code === 409;
}

export type Query = Record<string, string | number | boolean | undefined>;

export interface WatchHandlers {
  /** `type` is ADDED, MODIFIED, DELETED, BOOKMARK or ERROR; the object is a Status then. */
  event(type: string, object: unknown): void;
  /** Called once when the stream has ended, for whatever reason. */
  end(error: unknown): void;
}

export class KubeApi {
  readonly server: string;
  readonly #token: string;
  readonly #timeoutMs: number;
  readonly #http = new IsomorphicFetchHttpLibrary();
  readonly #kubeConfig = new KubeConfig();
  #dispatcher: ReturnType<RequestContext['getDispatcher']>;

  constructor(connect: { server: string; caPem: string; token: string }, timeoutMs: number) {
    this.server = connect.server.replace(/\/$/, '');
    this.#token = connect.token;
    this.#timeoutMs = timeoutMs;
    const caData = Buffer.from(connect.caPem).toString('base64');
    this.#kubeConfig.loadFromClusterAndUser(
      { name: 'cluster', server: this.server, caData, skipTLSVerify: false },
      { name: 'kubelet' },
    );
  }

  /** What the server answers is unknown, here and below: answers.ts reads it. */
  get(path: string, query?: Query): Promise<unknown> {
    return this.#request(HttpMethod.GET, path, { query });
  }

  create(path: string, body: object): Promise<unknown> {
    return this.#request(HttpMethod.POST, path, { body, type: 'application/json' });
  }

  mergePatch(path: string, body: object): Promise<unknown> {
    return this.#request(HttpMethod.PATCH, path, { body, type: 'application/merge-patch+json' });
  }

  async delete(path: string, body: object): Promise<void> {
    await this.#request(HttpMethod.DELETE, path, { body, type: 'application/json' });
  }

  /** Opens a watch; the answer closes it. A stream without a byte for 30 s is ended by the client. */
  async watch(path: string, query: Query, handlers: WatchHandlers): Promise<() => void> {
    const watch = new Watch(new SharedConnection(this));
    const onEvent = (type: string, object: unknown) => handlers.event(type, object);
    const controller = await watch.watch(path, query, onEvent, (error) => handlers.end(error));
    return () => controller.abort();
  }

  /** Adds credentials and the shared connection pool. */
  async applySecurityAuthentication(context: RequestContext): Promise<void> {
    if (this.#dispatcher === undefined) {
      const probe = new RequestContext(this.server, HttpMethod.GET);
      await this.#kubeConfig.applySecurityAuthentication(probe);
      this.#dispatcher ??= probe.getDispatcher();
    }
    if (this.#dispatcher) context.setDispatcher(this.#dispatcher);
    context.setHeaderParam('Authorization', `Bearer ${this.#token}`);
    context.setHeaderParam('User-Agent', USER_AGENT);
    context.setHeaderParam('Accept', 'application/json');
  }

  async close(): Promise<void> {
    await this.#dispatcher?.destroy().catch(() => undefined);
  }

  async #request(
    method: HttpMethod,
    path: string,
    options: { query?: Query | undefined; body?: object; type?: string },
  ): Promise<unknown> {
    const url = new URL(this.server + path);
    for (const [key, value] of Object.entries(options.query ?? {})) {
      if (value !== undefined) url.searchParams.set(key, String(value));
    }
    const context = new RequestContext(url.toString(), method);
    await this.applySecurityAuthentication(context);
    context.setSignal(AbortSignal.timeout(this.#timeoutMs));
    if (options.body) {
      context.setHeaderParam('Content-Type', options.type ?? 'application/json');
      context.setBody(JSON.stringify(options.body));
    }
    const response = await this.#http.send(context).toPromise();
    const text = await response.body.text();
    if (response.httpStatusCode >= 300) throw toApiError(response.httpStatusCode, text);
    return JSON.parse(text === '' ? '{}' : text);
  }
}

/** The configuration by which the client's Watch uses the connections of a KubeApi. */
class SharedConnection extends KubeConfig {
  readonly #api: KubeApi;

  constructor(api: KubeApi) {
    super();
    this.#api = api;
  }

  override getCurrentCluster(): Cluster {
    return { name: 'cluster', server: this.#api.server, skipTLSVerify: false };
  }

  override applySecurityAuthentication(context: RequestContext): Promise<void> {
    return this.#api.applySecurityAuthentication(context);
  }
}

function toApiError(code: number, text: string): ApiError {
  const { reason = '', message = text } = parseJsonIfWhole(text, status) ?? {};
  return new ApiError(code, reason, message);
}

/** REST path of a core/v1 object or list. */
export function corePath(resource: string, namespace?: string, name?: string): string {
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `/api/v1${scope}/${resource}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
}
