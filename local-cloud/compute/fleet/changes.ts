/**
 * Waiting for the fleet: conditions are asked again after every change, and everybody who
 * waits is sent away when the local cloud ends.
 */
import type { Clock } from '../../clock.ts';

/** Rejects everything that waits when the local cloud ends. */
export class FleetStopped extends Error {}

export class FleetChanges {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  #stopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Nobody waits any longer. */
  stop(): void {
    this.#stopped = true;
    this.wake();
  }

  /** Everybody who waits looks again. */
  wake(): void {
    for (const check of [...this.#waiting]) check();
  }

  /** Resolves when `condition` holds; it is asked again after every change. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        if (!this.#stopped && !condition()) return;
        this.#waiting.delete(check);
        if (this.#stopped) reject(new FleetStopped('the local cloud is stopping'));
        else resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** Resolves at that time of the clock, or earlier when `early` holds. */
  async waitUntil(untilMs: number, early: () => boolean = () => false): Promise<void> {
    let due = untilMs <= this.#clock.nowMs();
    if (due) return;
    const cancel = this.#clock.after(untilMs - this.#clock.nowMs(), () => {
      due = true;
      this.wake();
    });
    try {
      await this.until(() => due || early());
    } finally {
      cancel();
    }
  }
}
