/**
 * For reads, and for the few writes that a whole pass hangs on. One may be refused for a moment, beyond the client's
 * own retries. That would cost the job a minute, and after the intent two, because others take the pass for one that
 * still acts. Where an answer has been waited for already, it is no moment: a later pass tries again.
 */
import type { Clock } from '../ports/clock.ts';
import { PortError, PreconditionError } from '../ports/port-error.ts';

const TRIES = 3;
const BETWEEN_MS = 1000;
const MOMENT_MS = 10_000;

/** @throws what the last try threw, or the first that no further one can mend. */
export async function tryAgain<T>(clock: Clock, work: () => Promise<T>): Promise<T> {
  const beganMs = clock.nowMs();
  for (let attempt = 1; ; attempt += 1)
    try {
      return await work();
    } catch (error) {
      const isLasting = !isOfAMoment(error);
      if (isLasting || attempt === TRIES || clock.nowMs() - beganMs > MOMENT_MS) throw error;
      await clock.sleep(BETWEEN_MS);
    }
}

/** Who wants to be left alone for longer is not asked again by this pass. */
function isOfAMoment(error: unknown): boolean {
  if (!(error instanceof PortError) || !error.retry || error instanceof PreconditionError) return false;
  return (error.retryAfterSeconds ?? 0) * 1000 <= BETWEEN_MS;
}
