/** The record as an object of the state bucket, and the status as an object beside the upload. */
import { isDeepStrictEqual } from 'node:util';
import type { JobRecord } from '../job/job-record.ts';
import { formatRecord, MAX_RECORD_BYTES, parseRecord } from '../job/record-text.ts';
import { paths } from '../job/names.ts';
import type { Bucket } from '../ports/bucket.ts';
import { messageOf, PortError, PreconditionError } from '../ports/port-error.ts';
import type { JobStatus } from '../job/job-status.ts';

export interface LoadedRecord {
  record: JobRecord;
  generation: string;
  /** When the storage wrote it. */
  updatedMs: number;
}

/**
 * Null when the job is not known. @throws PortError FF-RECORD-UNREADABLE when what
 * is there is not a record of this version.
 */
export async function loadRecord(state: Bucket, job: string): Promise<LoadedRecord | null> {
  const object = await state.read(paths.record(job), MAX_RECORD_BYTES);
  if (object === null) return null;
  try {
    const record = parseRecord(object.bytes.toString('utf8'), job);
    return { record, generation: object.generation, updatedMs: object.updatedMs };
  } catch (cause) {
    throw new PortError(
      'FF-RECORD-UNREADABLE',
      `reading the record of job ${job}: restore an earlier version of the object`,
      { retry: false, cause },
    );
  }
}

/**
 * Writes under the generation; answers the new one. A refused write whose content is
 * ours has succeeded (its answer was lost).
 * @throws PreconditionError when somebody else has written.
 * @throws PortError FF-RECORD-REFUSED when it could not be read again: nothing is written.
 */
export async function saveRecord(state: Bucket, record: JobRecord, ifGeneration: string): Promise<string> {
  const text = checkedText(record);
  try {
    return await state.write(paths.record(record.job), text, {
      ifGeneration,
      contentType: 'application/json',
    });
  } catch (error) {
    if (!(error instanceof PreconditionError)) throw error;
    const there = await loadRecord(state, record.job);
    if (there?.record.nonce === record.nonce) return there.generation;
    throw error;
  }
}

function checkedText(record: JobRecord): string {
  try {
    return formatRecord(record);
  } catch (cause) {
    const message = `writing the record of job ${record.job}: ${messageOf(cause)}`;
    throw new PortError('FF-RECORD-REFUSED', message, { retry: false, cause });
  }
}

/**
 * Written only when it says something new, and never over the status of a later record: generations grow.
 * @throws PreconditionError when somebody else wrote at the same time.
 */
export async function saveStatus(uploads: Bucket, status: JobStatus): Promise<void> {
  const name = paths.status(status.job);
  const before = await uploads.read(name, MAX_RECORD_BYTES);
  const shown: Partial<JobStatus> = before === null ? {} : parseOrEmpty(before.bytes);
  if (isLater(shown.revision, status.revision)) return;
  const unchanged = { updatedAt: '', revision: '' };
  const next = JSON.parse(JSON.stringify(status)) as JobStatus;
  if (isDeepStrictEqual({ ...shown, ...unchanged }, { ...next, ...unchanged })) return;
  await uploads.write(name, `${JSON.stringify(status, null, 2)}\n`, {
    contentType: 'application/json',
    ifGeneration: before?.generation ?? '0',
  });
}

/** A user may have written anything there. */
function isLater(shown: unknown, revision: string): boolean {
  return typeof shown === 'string' && /^\d{1,20}$/.test(shown) && BigInt(shown) > BigInt(revision);
}

function parseOrEmpty(bytes: Buffer): object {
  try {
    return JSON.parse(bytes.toString('utf8')) as object;
  } catch {
    return {};
  }
}
