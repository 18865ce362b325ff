/** Time for the local cloud. Services take it as a value so that a test can hold time still or jump. */
export interface Clock {
  /** Milliseconds since 1970, as Date.now(). */
  nowMs(): number;
  /** Runs `action` after `delayMs`; the answer cancels it. Timers never keep the process alive. */
  after(delayMs: number, action: () => void): () => void;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Resolves after `delayMs` of the given clock. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
}
