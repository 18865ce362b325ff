/**
 * Pure: what an attempt may put into the results bucket. Pods have signed forms that bound each upload, and whoever has
 * a form can use it as often as they like while it is good. So what is there is summed up now and then. An attempt that
 * has more than any should is ended; with its cluster its forms are not made anew.
 */
import type { JobRecord } from '../job/job-record.ts';
import type { Observation } from '../job/observation.ts';
import { beginEnding } from './step.ts';

/** 1 TiB. */
export const MOST_STORED_BYTES = 1024 ** 4;
const EVERY_MS = 10 * 60_000;

/** The first pass of every ten minutes asks: nothing has to be remembered for that. */
export function isStoredDue(observedMs: number, nowMs: number): boolean {
  return Math.floor(nowMs / EVERY_MS) > Math.floor(observedMs / EVERY_MS);
}

/** Ends an attempt whose objects in the results bucket are more than a job may have (bytes); null is not known. */
export function limitStored(
  record: JobRecord,
  { storedBytes, nowMs }: Pick<Observation, 'storedBytes' | 'nowMs'>,
): JobRecord {
  if (storedBytes === null || storedBytes <= MOST_STORED_BYTES || record.ending !== null) return record;
  const gib = (bytes: number): string => `${Math.round(bytes / 1024 ** 3)} GiB`;
  const reason = {
    outcome: 'stopped',
    code: 'FF-LIMIT-BYTES',
    message: `the attempt has put ${gib(storedBytes)} into the bucket; at most ${gib(MOST_STORED_BYTES)} are allowed`,
    remedy: 'look what the script writes so much of; resume runs only what is missing',
  } as const;
  return beginEnding(record, reason, nowMs);
}
