/** Pure: time and money still to come, from measured tasks. */
import type { JobRecord } from './job-record.ts';
import { secondsOfWorkLeft } from './progress.ts';

/**
 * Between the decision to stop and the last machine's end: one tick, one pass that dies and is waited for, draining,
 * deletion. Part of every estimate, so that the limit holds.
 */
export const WIND_DOWN_SECONDS = 60 + 120 + 120 + 180;

/** From the request to delete a cluster to the end of its machines: a tick until the request, and the deletion. */
export const DELETE_SECONDS = 60 + 180;

/** Seconds until the work that is known will be done by the workers that run now; null when it cannot be said. */
export function secondsLeft(record: JobRecord): number | null {
  if (record.progress === null) return null;
  const work = secondsOfWorkLeft(record.progress);
  if (work === null) return null;
  const workers = Math.max(record.progress.workersBusy, Math.min(record.fleet.workers, record.progress.waiting));
  if (work === 0) return 0;
  return workers === 0 ? null : work / workers;
}

/** What the attempt will have cost at its end; null when it cannot be said. */
export function forecastUsd(record: JobRecord): number | null {
  const left = secondsLeft(record);
  if (left === null) return null;
  return record.spending.usd + (record.spending.usdPerHour * (left + WIND_DOWN_SECONDS)) / 3600;
}
