/**
 * The backlog of one subscription: leases with deadlines, back-off, ordering keys, dead-lettering. Values and a
 * clock only: it neither reads nor writes disk or network. With message ordering, one message of a key is out at
 * a time, and a failed one blocks its key.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { BackoffPolicy, Message, SubscriptionConfig } from './model.ts';

export interface LeasedMessage {
  ackId: string;
  message: Message;
  deliveryAttempt: number;
}

/** Somebody who takes messages as they come: a stream, a waiting pull, the push loop. */
export interface Consumer {
  /** How many more messages it takes now. */
  capacity(): number;
  ackDeadlineSeconds(): number;
  deliver(leased: LeasedMessage[]): void;
  /** The subscription is gone: nothing comes any more. */
  deleted(): void;
}

/** What the queue tells its owner, which keeps it on disk. */
export interface QueueEvents {
  settled(ids: string[]): void;
  attempted(id: string, attempts: number): void;
  deadLettered(message: Message, attempts: number): void;
}

interface Entry {
  message: Message;
  attempts: number;
  ackId: string | null;
  /** Ends the lease or the back-off that the entry is in. */
  cancelTimer: (() => void) | null;
  state: 'ready' | 'blocked' | 'leased' | 'waiting';
}

const pushBackoff: BackoffPolicy = { minimumMs: 100, maximumMs: 60_000 };
const immediately: BackoffPolicy = { minimumMs: 0, maximumMs: 0 };

export class SubscriptionQueue {
  config: SubscriptionConfig;
  readonly #clock: Clock;
  readonly #events: QueueEvents;
  readonly #entries = new Map<string, Entry>();
  #ready: Entry[] = [];
  readonly #keys = new Map<string, Entry[]>();
  readonly #consumers: Consumer[] = [];
  /** Part of every ackId, so that one from before a restart is not taken for a new one. */
  readonly #epoch = randomUUID().slice(0, 8);
  #serial = 0;

  constructor(config: SubscriptionConfig, clock: Clock, events: QueueEvents) {
    this.config = config;
    this.#clock = clock;
    this.#events = events;
  }

  get backlog(): Message[] {
    return [...this.#entries.values()].map((entry) => entry.message);
  }

  get size(): number {
    return this.#entries.size;
  }

  isLeased(ackId: string): boolean {
    return this.#find(ackId)?.state === 'leased';
  }

  attemptsOf(id: string): number {
    return this.#entries.get(id)?.attempts ?? 0;
  }

  add(message: Message, attempts = 0): void {
    const entry: Entry = { message, attempts, ackId: null, cancelTimer: null, state: 'ready' };
    this.#entries.set(message.id, entry);
    const key = this.#keyOf(entry);
    if (key !== null) {
      const line = this.#keys.get(key);
      if (line) {
        entry.state = 'blocked';
        line.push(entry);
        return;
      }
      this.#keys.set(key, [entry]);
    }
    this.#ready.push(entry);
  }

  /** The answer detaches the consumer. */
  attach(consumer: Consumer): () => void {
    this.#consumers.push(consumer);
    this.dispatch();
    return () => {
      const index = this.#consumers.indexOf(consumer);
      if (index >= 0) this.#consumers.splice(index, 1);
    };
  }

  /** Hands out what is ready, one message a turn, so that several consumers share the work. */
  dispatch(): void {
    const served = new Map<Consumer, LeasedMessage[]>();
    for (;;) {
      const consumer = this.#consumers.find((one) => one.capacity() - (served.get(one)?.length ?? 0) > 0);
      const leased = consumer && this.#leaseNext(consumer.ackDeadlineSeconds());
      if (!consumer || !leased) break;
      const batch = served.get(consumer);
      if (batch) batch.push(leased);
      else served.set(consumer, [leased]);
      this.#consumers.push(...this.#consumers.splice(this.#consumers.indexOf(consumer), 1));
    }
    for (const [consumer, leased] of served) consumer.deliver(leased);
  }

  take(maxMessages: number, ackDeadlineSeconds: number): LeasedMessage[] {
    const taken: LeasedMessage[] = [];
    while (taken.length < maxMessages) {
      const leased = this.#leaseNext(ackDeadlineSeconds);
      if (!leased) break;
      taken.push(leased);
    }
    return taken;
  }

  /**
   * An acknowledgement that comes after its deadline still counts unless the message has
   * been handed out again (as in the service).
   */
  acknowledge(ackIds: string[]): void {
    const entries = ackIds.map((ackId) => this.#find(ackId)).filter((entry) => entry !== undefined);
    this.#settle(entries);
    this.dispatch();
  }

  /** 0 seconds is a negative acknowledgement. Who sends a late one has room again, though its lease is over. */
  modifyDeadline(ackId: string, seconds: number): void {
    const entry = this.#find(ackId);
    if (entry?.state !== 'leased') return this.dispatch();
    if (seconds > 0) return this.#startLease(entry, seconds);
    this.#endLease(entry);
  }

  /** Acknowledges everything published before the given time: purge, or seek forward. */
  forget(publishedBeforeMs: number): void {
    this.#settle([...this.#entries.values()].filter((entry) => entry.message.publishTimeMs < publishedBeforeMs));
    this.dispatch();
  }

  /** For reading the log back: the same as acknowledging, told to nobody. */
  restoreSettled(ids: string[]): void {
    for (const id of ids) {
      const entry = this.#entries.get(id);
      if (entry) this.#remove(entry);
    }
  }

  restoreAttempts(id: string, attempts: number): void {
    const entry = this.#entries.get(id);
    if (entry) entry.attempts = attempts;
  }

  /** As close(), and everybody who waits for messages is told. */
  delete(): void {
    const consumers = [...this.#consumers];
    this.close();
    for (const consumer of consumers) consumer.deleted();
  }

  /** Stops all timers; nothing is delivered any more. */
  close(): void {
    this.#consumers.length = 0;
    for (const entry of this.#entries.values()) entry.cancelTimer?.();
  }

  #leaseNext(ackDeadlineSeconds: number): LeasedMessage | undefined {
    for (;;) {
      const entry = this.#ready.shift();
      if (!entry) return undefined;
      if (entry.state !== 'ready' || this.#entries.get(entry.message.id) !== entry) continue;
      if (this.#isTooOld(entry)) {
        this.#settle([entry]);
        continue;
      }
      entry.state = 'leased';
      entry.attempts += 1;
      entry.ackId = `${entry.message.id}:${this.#epoch}.${(this.#serial += 1)}`;
      this.#startLease(entry, ackDeadlineSeconds);
      return { ackId: entry.ackId, message: entry.message, deliveryAttempt: entry.attempts };
    }
  }

  #startLease(entry: Entry, seconds: number): void {
    entry.cancelTimer?.();
    entry.cancelTimer = this.#clock.after(seconds * 1000, () => this.#endLease(entry));
  }

  /**
   * After a negative acknowledgement or a missed deadline. The consumer has room from now on, whether or not this
   * message is ready again.
   */
  #endLease(entry: Entry): void {
    entry.cancelTimer?.();
    entry.cancelTimer = null;
    const limit = this.config.deadLetter?.maxDeliveryAttempts ?? Infinity;
    if (entry.attempts >= limit) {
      this.#events.deadLettered(entry.message, entry.attempts);
      this.#settle([entry]);
      this.dispatch();
      return;
    }
    this.#events.attempted(entry.message.id, entry.attempts);
    const { minimumMs, maximumMs } = this.config.retry ?? (this.config.push ? pushBackoff : immediately);
    const delayMs = Math.min(maximumMs, minimumMs * 2 ** Math.min(entry.attempts - 1, 30));
    if (delayMs === 0) return this.#makeReady(entry);
    entry.state = 'waiting';
    entry.cancelTimer = this.#clock.after(delayMs, () => this.#makeReady(entry));
    this.dispatch();
  }

  #makeReady(entry: Entry): void {
    entry.cancelTimer = null;
    entry.state = 'ready';
    this.#ready.push(entry);
    this.dispatch();
  }

  #settle(entries: Entry[]): void {
    if (entries.length === 0) return;
    for (const entry of entries) this.#remove(entry);
    this.#events.settled(entries.map((entry) => entry.message.id));
  }

  #remove(entry: Entry): void {
    entry.cancelTimer?.();
    this.#entries.delete(entry.message.id);
    this.#unblock(entry);
  }

  #unblock(entry: Entry): void {
    const key = this.#keyOf(entry);
    const line = key === null ? undefined : this.#keys.get(key);
    if (key === null || !line) return;
    const wasFirst = line[0] === entry;
    line.splice(line.indexOf(entry), 1);
    const next = line[0];
    if (!next) this.#keys.delete(key);
    else if (wasFirst && next.state === 'blocked') {
      next.state = 'ready';
      this.#ready.push(next);
    }
  }

  #find(ackId: string): Entry | undefined {
    const entry = this.#entries.get(ackId.slice(0, ackId.indexOf(':')));
    return entry?.ackId === ackId ? entry : undefined;
  }

  #isTooOld(entry: Entry): boolean {
    return this.#clock.nowMs() - entry.message.publishTimeMs > this.config.messageRetentionMs;
  }

  #keyOf(entry: Entry): string | null {
    return this.config.enableMessageOrdering && entry.message.orderingKey !== '' ? entry.message.orderingKey : null;
  }
}
