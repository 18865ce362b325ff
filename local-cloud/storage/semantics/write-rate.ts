/** The limit of one change a second for each object name. Off unless asked for: most tests want speed. */
import type { Clock } from '../../clock.ts';
import { ApiError } from './api-error.ts';

const INTERVAL_MS = 1000;
const FORGET_ABOVE = 10_000;

export class WriteRate {
  readonly #clock: Clock;
  readonly #enforced: boolean;
  readonly #lastMs = new Map<string, number>();

  constructor(clock: Clock, enforced: boolean) {
    this.#clock = clock;
    this.#enforced = enforced;
  }

  /** Counts a change of the name, or refuses it. */
  take(bucket: string, name: string): void {
    if (!this.#enforced) return;
    const key = `${bucket}/${name}`;
    const nowMs = this.#clock.nowMs();
    const lastMs = this.#lastMs.get(key);
    if (lastMs !== undefined && nowMs - lastMs < INTERVAL_MS) {
      const message =
        `The object ${key} exceeded the rate limit for object mutation operations (create, update, and ` +
        'delete). Please reduce your request rate.';
      throw new ApiError(429, 'rateLimitExceeded', message, { xmlCode: 'SlowDown' });
    }
    this.#lastMs.set(key, nowMs);
    if (this.#lastMs.size > FORGET_ABOVE) this.#forget(nowMs);
  }

  #forget(nowMs: number): void {
    for (const [key, lastMs] of this.#lastMs) if (nowMs - lastMs >= INTERVAL_MS) this.#lastMs.delete(key);
  }
}
