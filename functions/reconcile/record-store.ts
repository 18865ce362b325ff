/** The record as an object of the state bucket, and the status as an object beside the upload. */
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { parseJson } from '../job/json-lines.ts';
import type { JobRecord } from '../job/job-record.ts';
import { md5Of } from '../job/md5.ts';
import { formatRecord, MAX_RECORD_BYTES, parseRecord } from '../job/record-text.ts';
import { RECORD_SCHEMA } from '../job/record-schema.ts';
import { paths } from '../job/names.ts';
import type { Bucket, Buckets } from '../ports/bucket.ts';
import { messageOf, PortError, PreconditionError } from '../ports/port-error.ts';
import type { JobStatus } from '../job/job-status.ts';
import { writeOnce } from './write-once.ts';

const jsonObject = z.record(z.string(), z.unknown());
type Json = z.output<typeof jsonObject>;

/** Instead of its generation. */
export const NO_RECORD = '0';

export interface LoadedRecord {
  record: JobRecord;
  /** Of the object that was read, whether it could be understood or not: whoever writes replaces it. */
  generation: string;
  /** When the storage wrote it; null: it is not there. */
  updatedMs: number | null;
  /** Why the object could not be read: `record` is what the last finished pass has left. Null: all is well. */
  damage: string | null;
}

/**
 * Null when the job is not known. Changes nothing.
 * @throws UnreadableRecordError (FF-RECORD-UNREADABLE) when what is there is not a record of this version, nor is what
 * the last finished pass has left.
 */
export async function loadRecord(state: Bucket, job: string): Promise<LoadedRecord | null> {
  const info = await readOrDescribe(state, paths.record(job));
  if (info === null) return loadMissing(state, job);
  const { generation, updatedMs } = info;
  const read = parseOrWhy(info.bytes, job);
  if ('record' in read) return { record: read.record, generation, updatedMs, damage: null };
  const last = await readOrDescribe(state, paths.previousRecord(job));
  const previous = last === null ? read : parseOrWhy(last.bytes, job);
  if ('record' in previous) return { record: previous.record, generation, updatedMs, damage: read.why };
  throw new UnreadableRecordError(job, read.why, { generation, updatedMs, isNewer: isOfNewerVersion(info.bytes) });
}

/** Nobody deletes a record but by mistake. The copy of a job that has not begun yet is there before the record. */
async function loadMissing(state: Bucket, job: string): Promise<LoadedRecord | null> {
  const last = await readOrDescribe(state, paths.previousRecord(job));
  const read = last && parseOrWhy(last.bytes, job);
  if (last === null || read === null || !('record' in read) || read.record.decisions.length === 0) return null;
  return { record: read.record, generation: NO_RECORD, updatedMs: last.updatedMs, damage: 'it is missing' };
}

interface Unreadable {
  generation: string;
  updatedMs: number;
  /** Newer functions have written it: they, or an update of these, will read it. */
  isNewer: boolean;
}

/** Neither the record nor its copy can be read. */
export class UnreadableRecordError extends PortError {
  readonly why: string;
  readonly object: Unreadable;

  constructor(job: string, why: string, object: Unreadable) {
    const text = `reading the record of job ${job}: ${why}; restore an earlier version of the object`;
    super('FF-RECORD-UNREADABLE', text, { retry: false });
    this.name = 'UnreadableRecordError';
    this.why = why;
    this.object = object;
  }
}

const versioned = z.looseObject({ schema: z.number().min(RECORD_SCHEMA + 1) });

function isOfNewerVersion(bytes: Buffer | null): boolean {
  return bytes !== null && parseJson(bytes.toString('utf8'), versioned) !== undefined;
}

/** As a read, but an object that is too large to be read has no bytes. */
async function readOrDescribe(
  state: Bucket,
  name: string,
): Promise<{ bytes: Buffer | null; generation: string; updatedMs: number } | null> {
  try {
    return await state.read(name, MAX_RECORD_BYTES);
  } catch (error) {
    if (!(error instanceof PortError && error.code === 'FF-OBJECT-TOO-LARGE')) throw error;
    const info = await state.info(name);
    return info && { bytes: null, generation: info.generation, updatedMs: info.updatedMs };
  }
}

function parseOrWhy(bytes: Buffer | null, job: string): { record: JobRecord } | { why: string } {
  if (bytes === null) return { why: `it has more than ${MAX_RECORD_BYTES} bytes` };
  try {
    return { record: parseRecord(bytes.toString('utf8'), job) };
  } catch (error) {
    return { why: messageOf(error).slice(0, 400) };
  }
}

/**
 * Keeps the object that could not be read for people, before the next save replaces it. One that is too large to be
 * read stays as an earlier version in the bucket.
 */
export async function setAside(state: Bucket, job: string, generation: string): Promise<void> {
  const there = await readOrDescribe(state, paths.record(job));
  if (there?.generation !== generation || there.bytes === null) return;
  await writeOnce(state, paths.unreadableRecord(job, generation), there.bytes, 'application/json');
}

/**
 * Keeps a record that was saved just now, or is about to be the first (generation 0), for the case that the object is
 * damaged later. A pass that has been overtaken keeps nothing: what the other one has written is newer. What is kept
 * already is not written again.
 */
export async function keepRecord(state: Bucket, record: JobRecord, generation: string): Promise<void> {
  const there = await state.info(paths.record(record.job));
  if ((there?.generation ?? '0') !== generation) return;
  const [name, text] = [paths.previousRecord(record.job), checkedText(record)];
  const kept = await state.info(name);
  if (kept?.md5 === md5Of(text)) return;
  await state.write(name, text, { contentType: 'application/json' });
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
    if (there?.damage === null && there.record.nonce === record.nonce) return there.generation;
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
 * Written only when it says something new, and only while the record that it tells of is the newest. That is looked up
 * after the status has been read: a later pass writes another one, so this one is then refused. What the status itself
 * says of its age is not asked, because users can write it.
 * @throws PreconditionError when somebody else wrote at the same time.
 */
export async function saveStatus(
  { uploads, state }: Pick<Buckets, 'uploads' | 'state'>,
  status: JobStatus,
): Promise<void> {
  const name = paths.status(status.job);
  const { shown, generation } = await readShown(uploads, name);
  const unchanged = { updatedAt: '', revision: '' };
  const next: unknown = JSON.parse(JSON.stringify({ ...status, ...unchanged }));
  if (isDeepStrictEqual({ ...shown, ...unchanged }, next)) return;
  if ((await state.info(paths.record(status.job)))?.generation !== status.revision) return;
  await uploads.write(name, `${JSON.stringify(status, null, 2)}\n`, {
    contentType: 'application/json',
    ifGeneration: generation,
  });
}

/** What users see now. They may have written anything there: what is no status of ours counts as an empty one. */
async function readShown(uploads: Bucket, name: string): Promise<{ shown: Json; generation: string }> {
  try {
    const object = await uploads.read(name, MAX_RECORD_BYTES);
    if (object === null) return { shown: {}, generation: '0' };
    return { shown: parseJson(object.bytes.toString('utf8'), jsonObject) ?? {}, generation: object.generation };
  } catch (error) {
    if (!(error instanceof PortError && error.code === 'FF-OBJECT-TOO-LARGE')) throw error;
    return { shown: {}, generation: (await uploads.info(name))?.generation ?? '0' };
  }
}
