/**
 * Results that pods have uploaded themselves: is each there, and is it what its worker computed? Nothing is downloaded.
 */
import { inParallel } from '../in-parallel.ts';
import type { JobRecord } from '../job/job-record.ts';
import { paths } from '../job/names.ts';
import { namesItself } from '../job/pod-objects.ts';
import { log } from '../log.ts';
import type { Bucket } from '../ports/bucket.ts';
import type { JournalEntry } from '../ports/task-queue.ts';

const AT_ONCE = 24;

/**
 * Splits entries with an object into good ones and others, until the time is over; the rest is neither. Size and MD5
 * are what the storage knows by itself. SHA-256, which the ledger names, is checked by whoever reads the object
 * (driver, resume, `foreach-fleet results`).
 */
export async function checkUploads(
  bucket: Bucket,
  record: JobRecord,
  entries: readonly JournalEntry[],
  isOver: () => boolean,
): Promise<{ good: JournalEntry[]; bad: JournalEntry[] }> {
  const verdicts = new Map<JournalEntry, string | null>();
  await inParallel(AT_ONCE, entries, async (entry) => {
    if (!isOver()) verdicts.set(entry, await problemOf(bucket, record, entry));
  });
  const bad = entries.filter((entry) => (verdicts.get(entry) ?? null) !== null);
  for (const entry of bad) {
    const which = `loop ${entry.loop}, iteration ${entry.iteration}`;
    log('WARNING', `the uploaded result of ${which} is refused (${verdicts.get(entry)}); it runs again`, {
      job: record.job,
      code: 'FF-UPLOAD-REFUSED',
    });
  }
  return { good: entries.filter((entry) => verdicts.get(entry) === null), bad };
}

async function problemOf(bucket: Bucket, record: JobRecord, entry: JournalEntry): Promise<string | null> {
  const { object } = entry;
  if (object === null || !namesItself(entry)) return 'its name is not that of its content';
  const found = await bucket.info(paths.attempt(record.job, record.attempt) + object);
  if (found === null) return 'there is no such object';
  if (found.bytes !== entry.bytes) return `it has ${found.bytes} bytes instead of ${entry.bytes}`;
  const md5 = Buffer.from(found.md5, 'base64').toString('hex');
  return md5 === entry.md5 ? null : 'its MD5 differs';
}
