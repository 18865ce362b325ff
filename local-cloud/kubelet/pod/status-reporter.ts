/**
 * Sends a pod's status to the API server whenever it has changed, newest only, and
 * keeps trying while the server is away.
 */
import { asPod } from '../answers.ts';
import { corePath, isConflict, isNotFound } from '../api.ts';
import type { KubeletContext } from '../kubelet-context.ts';
import type { Pod, PodStatus } from '../types.ts';

export interface ReportedPod {
  /** The pod as last seen. */
  pod(): Pod;
  status(): PodStatus;
  /** The API server has answered with a newer object. */
  updated(pod: Pod): void;
  gone(): void;
}

const MAX_RETRY_MS = 10_000;
/** Someone else writes to the object as well: read and try again this often before waiting. */
const CONFLICTS_AT_ONCE = 5;

export class StatusReporter {
  readonly #context: KubeletContext;
  readonly #subject: ReportedPod;
  #acknowledged = '';
  #dirty = false;
  #closed = false;
  #failures = 0;
  #sending: Promise<void> | undefined;
  #cancelRetry: (() => void) | undefined;

  constructor(context: KubeletContext, subject: ReportedPod) {
    this.#context = context;
    this.#subject = subject;
  }

  /** Something may have changed. */
  submit(): void {
    if (this.#closed) return;
    this.#dirty = true;
    if (this.#sending || this.#cancelRetry) return;
    this.#sending = this.#sendAll();
  }

  /** Tries to send what is due; answers whether the API server knows the present status. */
  async flush(): Promise<boolean> {
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    await this.#sending;
    this.submit();
    await this.#sending;
    return !this.#dirty;
  }

  /** Nothing is sent any more. */
  close(): void {
    this.#closed = true;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
  }

  async #sendAll(): Promise<void> {
    try {
      while (this.#dirty && !this.#closed) {
        this.#dirty = false;
        if (!(await this.#trySend())) return;
      }
    } finally {
      // In the same step as the last look at `dirty`, so that nothing is submitted in between and then forgotten.
      this.#sending = undefined;
    }
  }

  /** False when nothing more is to be sent now: it is tried again later, or the pod is gone. */
  async #trySend(): Promise<boolean> {
    try {
      await this.#send();
      this.#failures = 0;
      return true;
    } catch (error) {
      this.#dirty = true;
      this.#failures += 1;
      if (isNotFound(error)) {
        this.#subject.gone();
        return false;
      }
      if (isConflict(error)) await this.#reread();
      if (isConflict(error) && this.#failures <= CONFLICTS_AT_ONCE) return true;
      this.#retryLater();
      return false;
    }
  }

  async #send(): Promise<void> {
    const status = this.#subject.status();
    const text = JSON.stringify(status);
    if (text === this.#acknowledged) return;
    const { metadata } = this.#subject.pod();
    const path = `${corePath('pods', metadata?.namespace, metadata?.name)}/status`;
    const body = { metadata: { uid: metadata?.uid, resourceVersion: metadata?.resourceVersion }, status };
    const updated = asPod(await this.#context.api.mergePatch(path, body));
    this.#acknowledged = text;
    this.#subject.updated(updated);
  }

  #retryLater(): void {
    if (this.#closed) return;
    const waitMs = Math.min(MAX_RETRY_MS, this.#context.timing.retryMs * 2 ** Math.min(this.#failures - 1, 6));
    this.#cancelRetry = this.#context.clock.after(waitMs, () => {
      this.#cancelRetry = undefined;
      this.submit();
    });
  }

  /** The object has changed under us, or is another one of the same name. */
  async #reread(): Promise<void> {
    const { metadata } = this.#subject.pod();
    try {
      const fresh = asPod(await this.#context.api.get(corePath('pods', metadata?.namespace, metadata?.name)));
      if (fresh.metadata?.uid === metadata?.uid) this.#subject.updated(fresh);
      else this.#subject.gone();
    } catch (error) {
      if (isNotFound(error)) this.#subject.gone();
    }
  }
}
