/**
 * Keys that need attention, each at most once. A key added again while it waits is not doubled; a key
 * whose work fails comes back with exponential back-off. A key may ask to be looked at again later (the
 * earliest of several counts). Work runs on the clock's timers, in slices, so that a large backlog
 * does not keep the API server's requests waiting.
 */
import type { Clock } from '../../clock.ts';

/** Changes of one burst are taken together: a key is worked on this long after it was first added. */
const GATHER_MS = 4;
/** A slice of work ends after this much real time; the rest follows on the next timer. */
const SLICE_MS = 15;
const BACK_OFF_FIRST_MS = 5;
const BACK_OFF_MOST_MS = 60_000;
/**
 * Work on a key that took long (a set of a thousand pods) pauses in proportion, so that
 * changes arriving one by one are taken together.
 */
const LONG_WORK_MS = 2;
const PAUSE_FACTOR = 8;
const PAUSE_MOST_MS = 100;

export interface QueueWork {
  /** Does the work for a key; a number asks for another look after so many milliseconds. */
  work(key: string): number | undefined;
  failed(key: string, error: unknown): void;
}

export class WorkQueue {
  readonly #clock: Clock;
  readonly #work: QueueWork;
  readonly #ready = new Set<string>();
  readonly #later = new Map<string, { dueMs: number; cancel: () => void }>();
  readonly #failures = new Map<string, number>();
  /** Key -> until when it pauses. */
  readonly #pauses = new Map<string, number>();
  #cancelDrain: (() => void) | undefined;
  #stopped = false;

  constructor(clock: Clock, work: QueueWork) {
    this.#clock = clock;
    this.#work = work;
  }

  add(key: string): void {
    if (this.#stopped) return;
    const pauseMs = (this.#pauses.get(key) ?? 0) - this.#clock.nowMs();
    if (pauseMs > 0) return this.addAfter(key, pauseMs);
    this.#ready.add(key);
    this.#cancelDrain ??= this.#clock.after(GATHER_MS, () => this.#drain());
  }

  addAfter(key: string, delayMs: number): void {
    if (this.#stopped) return;
    const dueMs = this.#clock.nowMs() + delayMs;
    const waiting = this.#later.get(key);
    if (waiting && waiting.dueMs <= dueMs) return;
    waiting?.cancel();
    const cancel = this.#clock.after(delayMs, () => {
      this.#later.delete(key);
      this.add(key);
    });
    this.#later.set(key, { dueMs, cancel });
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelDrain?.();
    for (const { cancel } of this.#later.values()) cancel();
    this.#later.clear();
    this.#ready.clear();
  }

  #drain(): void {
    const sliceEnd = performance.now() + SLICE_MS;
    // A key added by the work below joins the set behind those already in it, or waits for the next slice.
    for (const key of this.#ready) {
      this.#ready.delete(key);
      this.#one(key);
      if (this.#stopped) return;
      if (performance.now() >= sliceEnd) break;
    }
    this.#cancelDrain = this.#ready.size === 0 ? undefined : this.#clock.after(0, () => this.#drain());
  }

  #one(key: string): void {
    const startedMs = performance.now();
    try {
      const againMs = this.#work.work(key);
      this.#failures.delete(key);
      if (againMs !== undefined) this.addAfter(key, Math.max(againMs, 1));
    } catch (error) {
      const failures = this.#failures.get(key) ?? 0;
      this.#failures.set(key, failures + 1);
      this.addAfter(key, Math.min(BACK_OFF_FIRST_MS * 2 ** failures, BACK_OFF_MOST_MS));
      this.#work.failed(key, error);
    }
    const tookMs = performance.now() - startedMs;
    if (tookMs < LONG_WORK_MS) this.#pauses.delete(key);
    else this.#pauses.set(key, this.#clock.nowMs() + Math.min(tookMs * PAUSE_FACTOR, PAUSE_MOST_MS));
  }
}
