/** A clock that stands still until a test moves it. Timers run in order of their time, then of their making. */
import type { Clock } from '../../local-cloud/clock.ts';

interface Timer {
  dueMs: number;
  action: () => void;
}

export class ManualClock implements Clock {
  #nowMs: number;
  /** In the order in which they will run. */
  readonly #timers: Timer[] = [];

  constructor(startMs = Date.UTC(2026, 0, 5, 12)) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, action: () => void): () => void {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), action };
    this.#timers.splice(this.#placeFor(timer.dueMs), 0, timer);
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index >= 0) this.#timers.splice(index, 1);
    };
  }

  /** Moves time on, running what falls due on the way, including what that sets off in turn. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (let next = this.#timers[0]; next && next.dueMs <= endMs; next = this.#timers[0]) {
      this.#timers.shift();
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.action();
    }
    this.#nowMs = endMs;
  }

  /** How many timers wait. */
  pending(): number {
    return this.#timers.length;
  }

  /** Behind all timers that are due at that time or before. */
  #placeFor(dueMs: number): number {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#timers[middle]?.dueMs ?? Infinity) <= dueMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
