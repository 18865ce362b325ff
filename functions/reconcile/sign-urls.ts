/**
 * Answers pods that have requested URLs: good for a while, and only for what exists in the folder of their own attempt.
 */
import { inParallel } from '../in-parallel.ts';
import type { JobRecord } from '../job/job-record.ts';
import { paths } from '../job/names.ts';
import { isPodObject, LEDGER } from '../job/pod-objects.ts';
import { log } from '../log.ts';
import type { Buckets } from '../ports/bucket.ts';
import type { SignedUrl, TaskQueue } from '../ports/task-queue.ts';
import { makeResumeLedger } from './resume-ledger.ts';
import { SIGNED_SECONDS } from './signed-seconds.ts';

const AT_ONCE = 24;

/** Answers the driver's and the workers' requests for URLs of objects, through Redis. Throws PortError of either. */
export async function signUrls(
  buckets: Buckets,
  queue: TaskQueue,
  record: JobRecord,
  objects: readonly string[],
  nowMs: number,
): Promise<void> {
  const goodUntilSeconds = Math.floor(nowMs / 1000) + SIGNED_SECONDS;
  const answers: Record<string, SignedUrl | null> = {};
  const failures: unknown[] = [];
  await inParallel(AT_ONCE, objects, async (name) => {
    try {
      const url = await urlOf(buckets, record, name);
      answers[name] = url === null ? null : { url, goodUntilSeconds };
    } catch (error) {
      failures.push(error);
    }
  });
  // One that cannot be signed now keeps no other from its answer.
  if (Object.keys(answers).length > 0) await queue.answerUrlRequests(answers);
  if (failures.length > 0) throw failures[0];
}

/** Null: there is no such object, or none that this job's pods may read. */
async function urlOf(buckets: Buckets, record: JobRecord, name: string): Promise<string | null> {
  if (name === LEDGER) return (await makeResumeLedger(buckets, record))?.url ?? null;
  if (!isPodObject(name)) {
    const shown = JSON.stringify(name.slice(0, 100));
    log('WARNING', `a pod requests the URL of ${shown}, which is none of its objects`, { job: record.job });
    return null;
  }
  const object = paths.attempt(record.job, record.attempt) + name;
  const found = await buckets.results.info(object);
  if (found === null) return null;
  return buckets.results.signedUrl(object, { generation: found.generation, validSeconds: SIGNED_SECONDS });
}
