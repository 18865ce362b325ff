/**
 * Whether an ended job is about to begin again. The functions answer a request or an upload a moment after it was made,
 * and until then the status still tells of the attempt before. Reads only; the functions decide.
 */
import type { JobRecord } from '../functions/job/job-record.ts';
import type { JobStatus } from '../functions/job/job-status.ts';
import { paths } from '../functions/job/names.ts';
import type { ObjectInfo } from '../functions/ports/bucket.ts';
import { reach, type Session } from './session.ts';

/** What a folder, uploaded again, means for a job that has ended. */
export type AfterEnd = 'begins' | 'changed' | 'unchanged';

/** The order of the three looks matters: a request is removed only after the record has moved on. */
export async function afterEnd(session: Session, status: JobStatus): Promise<AfterEnd> {
  const folder = paths.folder(status.job);
  const objects = await reach(session, () => session.buckets.uploads.list(folder));
  const record = await readRecord(session, status.job);
  const isResumed = objects.some((object) => object.name === paths.control(status.job, 'resume'));
  if (isResumed || (record !== null && record.attempt > status.attempt)) return 'begins';
  if (record === null || !hasChanged(record, objects, folder)) return 'unchanged';
  return record.phase === 'failed' && record.clustersMade === 0 && record.attempt === status.attempt
    ? 'begins'
    : 'changed';
}

/** Null also where this user may not read the state bucket: then only requests are known. */
async function readRecord(session: Session, job: string): Promise<JobRecord | null> {
  // Only now: what checks a record takes long to load, and help does not need it.
  const { loadRecord } = await import('../functions/reconcile/record-store.ts');
  const found = await loadRecord(session.buckets.state, job).catch(() => null);
  return found?.record ?? null;
}

/** Compares as the functions do: the files of the attempt against those that lie there now. */
function hasChanged(record: JobRecord, objects: readonly ObjectInfo[], folder: string): boolean {
  const files = objects
    .map(({ name, md5 }) => ({ name: name.slice(folder.length), md5 }))
    .filter(({ name }) => name !== 'status.json' && !name.startsWith('control/') && !name.endsWith('/'));
  const before = new Map(record.files.map((file) => [file.name, file.md5]));
  return files.length !== before.size || files.some((file) => before.get(file.name) !== file.md5);
}
