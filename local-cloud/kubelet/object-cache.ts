/**
 * Secrets, ConfigMaps and Services as read lately, so that many pods of a node that use the same object cost one
 * request. While the API server is away the last known answer counts, so that containers can be restarted.
 */
import { asConfigMap, asPods, asSecret, asServices } from './answers.ts';
import { ApiError, corePath, isNotFound, type KubeApi } from './api.ts';
import type { Pod, Service, WithData } from './types.ts';

const READERS = { secrets: asSecret, configmaps: asConfigMap };

/** One question; a failed one is too old for everybody. */
interface Reading {
  atMs: number;
  value: Promise<unknown>;
}

interface Entry {
  askedMs: number;
  newest: Reading;
  /** The newest answer, and when it was asked for: several questions may be under way. */
  known: { askedMs: number; value: unknown } | undefined;
}

export interface ServiceAccountToken {
  token: string;
  renewMs: number;
}

export class ObjectCache {
  readonly #api: KubeApi;
  readonly #nowMs: () => number;
  readonly #entries = new Map<string, Entry>();
  readonly #tokens = new Map<string, ServiceAccountToken>();

  constructor(api: KubeApi, nowMs: () => number) {
    this.#api = api;
    this.#nowMs = nowMs;
  }

  /** The object, not older than `maxAgeMs`; undefined when it does not exist. Other failures are thrown. */
  async get(
    source: keyof typeof READERS,
    namespace: string,
    name: string,
    maxAgeMs: number,
  ): Promise<WithData | undefined> {
    try {
      return READERS[source](await this.#newest(corePath(source, namespace, name), maxAgeMs));
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** All Services of a namespace, as old as that at most. */
  async services(namespace: string, maxAgeMs: number): Promise<Service[]> {
    return asServices(await this.#newest(corePath('services', namespace), maxAgeMs)).items ?? [];
  }

  /** Pods of a namespace with these labels. */
  async podsWith(namespace: string, labelSelector: string, maxAgeMs: number): Promise<Pod[]> {
    const path = `${corePath('pods', namespace)}?labelSelector=${encodeURIComponent(labelSelector)}`;
    return asPods(await this.#newest(path, maxAgeMs)).items ?? [];
  }

  /** A token that is asked for anew when it is due. */
  async token(key: string, request: () => Promise<ServiceAccountToken>): Promise<string> {
    const known = this.#tokens.get(key);
    if (known && known.renewMs > this.#nowMs()) return known.token;
    const fresh = await request();
    this.#tokens.set(key, fresh);
    return fresh.token;
  }

  /** Forgets what nobody has asked for in a while. */
  prune(maxAgeMs: number): void {
    const now = this.#nowMs();
    for (const [path, entry] of this.#entries) if (now - entry.askedMs > maxAgeMs) this.#entries.delete(path);
    for (const [key, token] of this.#tokens) if (now - token.renewMs > maxAgeMs) this.#tokens.delete(key);
  }

  #newest(path: string, maxAgeMs: number): Promise<unknown> {
    const now = this.#nowMs();
    const reading: Reading = { atMs: now, value: Promise.resolve() };
    const entry = this.#entries.get(path) ?? { askedMs: now, newest: reading, known: undefined };
    entry.askedMs = now;
    if (entry.newest !== reading && now - entry.newest.atMs <= maxAgeMs) return entry.newest.value;
    entry.newest = reading;
    this.#entries.set(path, entry);
    reading.value = this.#ask(path, entry, reading);
    return reading.value;
  }

  async #ask(path: string, entry: Entry, reading: Reading): Promise<unknown> {
    const askedMs = reading.atMs;
    try {
      const value: unknown = await this.#api.get(path);
      if (askedMs >= (entry.known?.askedMs ?? 0)) entry.known = { askedMs, value };
      return value;
    } catch (error) {
      reading.atMs = Number.NEGATIVE_INFINITY;
      if (isNotFound(error)) entry.known = undefined;
      // Looked up only now: another question may have been answered while this one waited.
      if (error instanceof ApiError || entry.known === undefined) throw error;
      return entry.known.value;
    }
  }
}
