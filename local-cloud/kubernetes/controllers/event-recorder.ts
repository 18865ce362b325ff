/**
 * Writes Events as client-go's recorder does. The same event again raises its count; more than ten similar ones in ten
 * minutes become one "(combined from similar events)". A source that says too much about one object (25 at once, then
 * one in five minutes) is not written.
 */
import type { Clock } from '../../clock.ts';
import { timestamp } from '../store/metadata.ts';
import type { ObjectStore } from '../object-store.ts';
import type { KubeObject } from '../object.ts';

const SIMILAR_MOST = 10;
const SIMILAR_WINDOW_MS = 600_000;
const BURST = 25;
const REFILL_MS = 300_000;
/** Remembered texts and sources; beyond it the memory starts anew, which only costs some aggregation. */
const REMEMBERED_MOST = 4096;
const COMBINED = '(combined from similar events): ';

export type EventType = 'Normal' | 'Warning';

export class EventRecorder {
  readonly #store: ObjectStore;
  readonly #clock: Clock;
  readonly #component: string;
  /** Text of an event -> where it was written. */
  readonly #written = new Map<string, { namespace: string; name: string }>();
  readonly #similar = new Map<string, { messages: Set<string>; lastMs: number }>();
  readonly #budgets = new Map<string, { left: number; atMs: number }>();

  constructor(store: ObjectStore, clock: Clock, component: string) {
    this.#store = store;
    this.#clock = clock;
    this.#component = component;
  }

  /** Notes that something happened to an object. Never throws: an event lost is no reason to stop working. */
  record(about: KubeObject, type: EventType, reason: string, message: string): void {
    const subject = `${about.kind}/${about.metadata.namespace ?? ''}/${about.metadata.name}/${about.metadata.uid}`;
    const { group, text } = this.#combine(`${subject}/${type}/${reason}`, message);
    if (!this.#spend(subject)) return;
    try {
      if (!this.#raiseCount(group, text)) this.#write(group, about, type, reason, text);
    } catch {
      this.#written.delete(group);
    }
  }

  #combine(similarity: string, message: string): { group: string; text: string } {
    const now = this.#clock.nowMs();
    forgetWhenFull(this.#similar);
    let similar = this.#similar.get(similarity);
    if (!similar || now - similar.lastMs > SIMILAR_WINDOW_MS) {
      similar = { messages: new Set(), lastMs: now };
      this.#similar.set(similarity, similar);
    }
    similar.lastMs = now;
    if (similar.messages.size < SIMILAR_MOST) similar.messages.add(message);
    if (similar.messages.has(message)) return { group: `${similarity}/${message}`, text: message };
    return { group: similarity, text: COMBINED + message };
  }

  #spend(subject: string): boolean {
    const now = this.#clock.nowMs();
    forgetWhenFull(this.#budgets);
    const budget = this.#budgets.get(subject) ?? { left: BURST, atMs: now };
    const left = Math.min(BURST, budget.left + (now - budget.atMs) / REFILL_MS);
    const may = left >= 1;
    this.#budgets.set(subject, { left: may ? left - 1 : left, atMs: now });
    return may;
  }

  #raiseCount(group: string, text: string): boolean {
    const where = this.#written.get(group);
    const event = where && this.#store.get('events', where.namespace, where.name);
    if (!event) return false;
    const count = (event.count ?? 1) + 1;
    this.#store.update('events', {
      ...event,
      message: text,
      count,
      lastTimestamp: timestamp(this.#clock.nowMs()),
    });
    return true;
  }

  #write(group: string, about: KubeObject, type: EventType, reason: string, message: string): void {
    const now = this.#clock.nowMs();
    const { name, namespace, uid, resourceVersion } = about.metadata;
    const created = this.#store.create('events', {
      metadata: { name: eventName(name, now), namespace: namespace ?? 'default' },
      involvedObject: {
        kind: about.kind,
        ...(namespace === undefined ? {} : { namespace }),
        name,
        uid,
        apiVersion: about.apiVersion,
        resourceVersion,
      },
      reason,
      message,
      source: { component: this.#component },
      firstTimestamp: timestamp(now),
      lastTimestamp: timestamp(now),
      count: 1,
      type,
      eventTime: null,
      reportingComponent: this.#component,
      reportingInstance: '',
    });
    forgetWhenFull(this.#written);
    this.#written.set(group, {
      namespace: created.metadata.namespace ?? 'default',
      name: created.metadata.name,
    });
  }
}

let sequence = 0;

/** The object's name and nanoseconds in hexadecimal, as real events are named; a counter stands for the nanoseconds. */
function eventName(name: string, nowMs: number): string {
  sequence = (sequence + 1) % 1_000_000;
  return `${name}.${(BigInt(Math.floor(nowMs)) * 1_000_000n + BigInt(sequence)).toString(16)}`;
}

function forgetWhenFull(memory: Map<string, unknown>): void {
  if (memory.size >= REMEMBERED_MOST) memory.clear();
}
