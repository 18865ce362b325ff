/**
 * A record as text, both ways. Whatever is written can be read: both go through one schema, and the text has a
 * largest size.
 */
import { boundRecord } from './bound-record.ts';
import type { JobRecord } from './job-record.ts';
import { migrateRecord } from './record-migrations.ts';
import { recordSchema } from './record-schema.ts';

export const MAX_RECORD_BYTES = 16 * 1024 ** 2;

/** @throws an error that says why, when the text is not a record of this job and of a version that is known here. */
export function parseRecord(text: string, job: string): JobRecord {
  const record: JobRecord = recordSchema.parse(migrateRecord(JSON.parse(text)));
  if (record.job !== job) throw new Error(`it is the record of another job, ${record.job.slice(0, 40)}`);
  return boundRecord(record);
}

/** @throws an error that says why, when it would not be read again. */
export function formatRecord(record: JobRecord): string {
  const text = JSON.stringify(recordSchema.parse(boundRecord(record)));
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_RECORD_BYTES) throw new Error(`it has ${bytes} bytes, more than ${MAX_RECORD_BYTES}`);
  return text;
}
