/**
 * The pods bound to this node: list, watch from there, list again when the watch cannot
 * go on and from time to time in any case.
 */
import { messageOf } from '../../error-text.ts';
import type { Clock } from '../../clock.ts';
import { asPod, asPods, status } from '../answers.ts';
import { ApiError, corePath, type KubeApi } from '../api.ts';
import type { Timing } from '../timing.ts';
import type { Pod } from '../types.ts';

export interface PodListener {
  /** Everything there is; what is not in it is gone. */
  all(pods: Pod[]): void;
  changed(pod: Pod): void;
  removed(pod: Pod): void;
}

const SHORT_WATCH_MS = 500;
const RETRY_MS = [200, 500, 1000, 2000];
const MAX_RETRY_MS = 5000;

export class PodSource {
  readonly #api: KubeApi;
  readonly #nodeName: string;
  readonly #clock: Clock;
  readonly #timing: Timing;
  readonly #listener: PodListener;
  readonly #log: (message: string) => void;
  #stopped = false;
  #closeWatch: () => void = () => undefined;
  #wakeUp: () => void = () => undefined;
  #resourceVersion: string | undefined;
  #listedAtMs = 0;
  #failures = 0;

  constructor(parts: {
    api: KubeApi;
    nodeName: string;
    clock: Clock;
    timing: Timing;
    listener: PodListener;
    log: (message: string) => void;
  }) {
    this.#api = parts.api;
    this.#nodeName = parts.nodeName;
    this.#clock = parts.clock;
    this.#timing = parts.timing;
    this.#listener = parts.listener;
    this.#log = parts.log;
  }

  /** Runs until stopped. */
  async run(): Promise<void> {
    while (!this.#stopped) {
      try {
        if (this.#resourceVersion === undefined || this.#clock.nowMs() - this.#listedAtMs >= this.#timing.resyncMs)
          await this.#list();
        const sinceMs = this.#clock.nowMs();
        await this.#watchOnce();
        // A server that closes every watch at once must not be asked in a tight loop.
        if (this.#clock.nowMs() - sinceMs < SHORT_WATCH_MS) await this.#pause();
        else this.#failures = 0;
      } catch (error) {
        await this.#failed(error);
      }
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#closeWatch();
    this.#wakeUp();
  }

  async #list(): Promise<void> {
    const list = asPods(await this.#api.get(corePath('pods'), { fieldSelector: this.#selector() }));
    if (this.#stopped) return;
    this.#resourceVersion = list.metadata?.resourceVersion;
    this.#listedAtMs = this.#clock.nowMs();
    this.#listener.all(list.items ?? []);
  }

  /** One watch, until it is cut, silent for too long, or a new list is due. */
  #watchOnce(): Promise<void> {
    const dueMs = Math.max(0, this.#listedAtMs + this.#timing.resyncMs - this.#clock.nowMs());
    return new Promise((resolve, reject) => {
      const cancelDue = this.#clock.after(dueMs, () => end(undefined));
      let isOver = false;
      const end = (error: unknown) => {
        if (isOver) return;
        isOver = true;
        cancelDue();
        this.#closeWatch();
        if (error === undefined || error === null || isSilence(error)) resolve();
        else reject(error);
      };
      const query = {
        fieldSelector: this.#selector(),
        resourceVersion: this.#resourceVersion,
        allowWatchBookmarks: true,
        timeoutSeconds: 300,
      };
      const opening = this.#api.watch(corePath('pods'), query, {
        event: (type, object) => {
          if (!isOver) this.#take(type, object, end);
        },
        end: (error) => end(toApiError(error)),
      });
      opening.then(
        (close) => {
          this.#closeWatch = close;
          if (isOver || this.#stopped) close();
          if (this.#stopped) end(undefined);
        },
        (error: unknown) => end(error),
      );
    });
  }

  #take(type: string, object: unknown, end: (error: unknown) => void): void {
    if (type === 'ERROR') {
      const { code = 500, reason = '', message = 'watch failed' } = status.parse(object);
      return end(new ApiError(code, reason, message));
    }
    const pod = asPod(object);
    this.#resourceVersion = pod.metadata?.resourceVersion ?? this.#resourceVersion;
    if (type === 'ADDED' || type === 'MODIFIED') this.#listener.changed(pod);
    else if (type === 'DELETED') this.#listener.removed(pod);
  }

  async #failed(error: unknown): Promise<void> {
    if (this.#stopped) return;
    // 410: the server no longer has the versions since ours.
    if (error instanceof ApiError && error.code < 500) this.#resourceVersion = undefined;
    this.#log(`pods of ${this.#nodeName}: ${messageOf(error)}`);
    await this.#pause();
  }

  async #pause(): Promise<void> {
    if (this.#stopped) return;
    const waitMs = RETRY_MS[this.#failures] ?? MAX_RETRY_MS;
    this.#failures += 1;
    await new Promise<void>((resolve) => {
      this.#wakeUp = resolve;
      this.#clock.after(waitMs, resolve);
    });
  }

  #selector(): string {
    return `spec.nodeName=${this.#nodeName}`;
  }
}

function isSilence(error: unknown): boolean {
  return error instanceof DOMException && (error.name === 'TimeoutError' || error.name === 'AbortError');
}

/** The client's watch reports an HTTP status as a property of a plain error. */
function toApiError(error: unknown): unknown {
  if (!(error instanceof Error) || !('statusCode' in error) || typeof error.statusCode !== 'number') return error;
  return new ApiError(error.statusCode, '', error.message);
}
