/**
 * Delivers finalize events at least once. An event is written to the log in the same line as the object, so it exists
 * exactly when the object does. It is struck off after every listener has taken it. What a killed process did not
 * deliver is delivered after the next start.
 */
import type { Clock } from '../../clock.ts';
import type { ObjectVersion } from './model.ts';
import type { StorageState } from './state.ts';

export type FinalizeListener = (object: ObjectVersion) => void | Promise<void>;

const MAX_AT_ONCE = 16;
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;

export class FinalizeOutbox {
  readonly #state: StorageState;
  readonly #clock: Clock;
  readonly #warn: (message: string) => void;
  #listeners: FinalizeListener[] = [];
  #waiting: number[] = [];
  #active = 0;
  #acknowledged: number[] = [];
  #attempts = new Map<number, number>();

  constructor(state: StorageState, warn: (message: string) => void) {
    this.#state = state;
    this.#clock = state.clock;
    this.#warn = warn;
  }

  /** Events that have not been taken by everybody are kept until there is a listener. */
  subscribe(listener: FinalizeListener): void {
    const isFirst = this.#listeners.length === 0;
    this.#listeners.push(listener);
    if (isFirst) for (const event of this.#state.index.pendingEvents.keys()) this.push(event);
  }

  push(event: number): void {
    if (this.#listeners.length === 0) return;
    this.#waiting.push(event);
    setImmediate(() => this.#pump());
  }

  #pump(): void {
    while (this.#active < MAX_AT_ONCE && !this.#state.closed) {
      const event = this.#waiting.shift();
      if (event === undefined) return;
      const object = this.#state.index.pendingEvents.get(event);
      if (object) void this.#deliver(event, object);
    }
  }

  async #deliver(event: number, object: ObjectVersion): Promise<void> {
    this.#active++;
    try {
      for (const listener of this.#listeners) await listener(object);
      this.#attempts.delete(event);
      this.#acknowledge(event);
    } catch (error) {
      this.#retryLater(event, error);
    } finally {
      this.#active--;
      this.#pump();
    }
  }

  /** Struck off in groups: a group lost with the process is delivered once more, which at-least-once permits. */
  #acknowledge(event: number): void {
    this.#acknowledged.push(event);
    if (this.#acknowledged.length > 1) return;
    setImmediate(() => this.flush());
  }

  flush(): void {
    const events = this.#acknowledged;
    this.#acknowledged = [];
    if (events.length > 0 && !this.#state.closed) this.#state.commit({ t: 'ack', events });
  }

  #retryLater(event: number, error: unknown): void {
    const attempt = (this.#attempts.get(event) ?? 0) + 1;
    this.#attempts.set(event, attempt);
    const delayMs = Math.min(FIRST_RETRY_MS * 2 ** (attempt - 1), MAX_RETRY_MS);
    this.#warn(`finalize event ${event} refused (attempt ${attempt}): ${String(error)}`);
    this.#clock.after(delayMs, () => {
      this.#waiting.push(event);
      this.#pump();
    });
  }
}
