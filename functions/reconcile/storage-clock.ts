/**
 * The time that passes compare: the storage's. Each function's instance has a clock of its own, and one of them may be
 * wrong by an hour. Objects carry the time at which the storage wrote them. An instance's clock is believed as long as
 * it agrees with the record's, or with when somebody asked last. Where it does not, the storage is asked: a small
 * object is written, and its time read.
 */
import type { Bucket } from '../ports/bucket.ts';
import type { Clock } from '../ports/clock.ts';
import { tryAgain } from './try-again.ts';

/**
 * The tick comes every minute, and most passes write: a record that is older than
 * this is rare, and may be a wrong clock.
 */
const BELIEVED_MS = 180_000;
const CLOCK_OBJECT = 'clock';

/** @param recordUpdatedMs when the storage wrote the job's record; null: there is none yet. */
export async function storageClock(clock: Clock, state: Bucket, recordUpdatedMs: number | null): Promise<Clock> {
  if (agrees(clock, recordUpdatedMs)) return clock;
  // Many passes begin at one tick, and the storage takes one write a second of one object.
  const last = await state.info(CLOCK_OBJECT);
  if (last !== null && agrees(clock, last.updatedMs)) return clock;
  const beforeMs = await tryAgain(clock, async () => {
    const nowMs = clock.nowMs();
    await state.write(CLOCK_OBJECT, '', { contentType: 'text/plain' });
    return nowMs;
  });
  const written = await state.info(CLOCK_OBJECT);
  const offsetMs = written === null ? 0 : written.updatedMs - beforeMs;
  return { nowMs: () => clock.nowMs() + offsetMs, sleep: (milliseconds) => clock.sleep(milliseconds) };
}

function agrees(clock: Clock, writtenMs: number | null): boolean {
  const sinceMs = writtenMs === null ? Infinity : clock.nowMs() - writtenMs;
  return sinceMs >= 0 && sinceMs < BELIEVED_MS;
}
