/**
 * Kubernetes Events of the kubelet: repeated ones are counted up in one object, and a flood of one pod's
 * events is cut off as the real recorder does.
 */
import { corePath, type KubeApi } from './api.ts';
import type { EventObject } from './types.ts';

export interface EventSubject {
  kind: 'Pod' | 'Node';
  namespace: string | undefined;
  name: string;
  uid: string;
  /** For a container: spec.containers{name}. */
  fieldPath?: string | undefined;
}

const BURST = 25;
const REFILL_MS = 300_000;

export class EventRecorder {
  readonly #api: KubeApi;
  readonly #nodeName: string;
  readonly #nowMs: () => number;
  readonly #known = new Map<string, { name: string; count: number }>();
  readonly #allowance = new Map<string, { tokens: number; atMs: number }>();
  #queue: Promise<void> = Promise.resolve();
  #sequence = 0;
  #closed = false;

  constructor(api: KubeApi, nodeName: string, nowMs: () => number) {
    this.#api = api;
    this.#nodeName = nodeName;
    this.#nowMs = nowMs;
  }

  /** Sends the event in the background; one that cannot be sent is dropped. */
  record(subject: EventSubject, type: 'Normal' | 'Warning', reason: string, message: string): void {
    if (this.#closed || !this.#isAllowed(subject.uid)) return;
    this.#queue = this.#queue.then(() => this.#send(subject, type, reason, message)).catch(() => undefined);
  }

  /** Nothing is sent any more; waits for what is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#queue;
  }

  forget(uid: string): void {
    this.#allowance.delete(uid);
    for (const key of this.#known.keys()) if (key.startsWith(`${uid}|`)) this.#known.delete(key);
  }

  async #send(subject: EventSubject, type: 'Normal' | 'Warning', reason: string, message: string): Promise<void> {
    const namespace = subject.namespace ?? 'default';
    const now = new Date(this.#nowMs()).toISOString().replace(/\.\d+Z$/, 'Z');
    const key = [subject.uid, subject.fieldPath, type, reason, message].join('|');
    const known = this.#known.get(key);
    if (known) {
      known.count += 1;
      await this.#api.mergePatch(corePath('events', namespace, known.name), { count: known.count, lastTimestamp: now });
      return;
    }
    const name = `${subject.name}.${(this.#nowMs() * 1000 + (this.#sequence++ % 1000)).toString(16)}`;
    this.#known.set(key, { name, count: 1 });
    await this.#api.create(
      corePath('events', namespace),
      this.#newEvent(subject, namespace, name, { type, reason, message, now }),
    );
  }

  #newEvent(
    subject: EventSubject,
    namespace: string,
    name: string,
    what: { type: string; reason: string; message: string; now: string },
  ): EventObject {
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace },
      involvedObject: {
        kind: subject.kind,
        apiVersion: 'v1',
        name: subject.name,
        uid: subject.uid,
        namespace: subject.namespace,
        fieldPath: subject.fieldPath,
      },
      type: what.type,
      reason: what.reason,
      message: what.message.slice(0, 1024),
      source: { component: 'kubelet', host: this.#nodeName },
      reportingComponent: 'kubelet',
      reportingInstance: this.#nodeName,
      firstTimestamp: what.now,
      lastTimestamp: what.now,
      count: 1,
    };
  }

  #isAllowed(uid: string): boolean {
    const now = this.#nowMs();
    const entry = this.#allowance.get(uid) ?? { tokens: BURST, atMs: now };
    const tokens = Math.min(BURST, entry.tokens + (now - entry.atMs) / REFILL_MS);
    this.#allowance.set(uid, { tokens: Math.max(0, tokens - 1), atMs: now });
    return tokens >= 1;
  }
}
