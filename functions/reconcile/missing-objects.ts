/**
 * Data that a job file names by gs://: which of it is not there, or may not be read. Looked for before anything is
 * made: a driver that misses its data has a cluster already.
 */
import { splitBucketAddress } from '../job-file/text-rules.ts';
import type { JobSpec } from '../job-file/job-spec.ts';
import { inParallel } from '../in-parallel.ts';
import type { Buckets } from '../ports/bucket.ts';
import { PortError } from '../ports/port-error.ts';

const AT_ONCE = 24;

/** Addresses in the job file's order. @throws PortError (retry) when a bucket does not answer. */
export async function findMissingObjects(buckets: Buckets, spec: JobSpec): Promise<string[]> {
  const missing = new Set<string>();
  await inParallel(AT_ONCE, spec.data, async ({ object }) => {
    const elsewhere = splitBucketAddress(object);
    if (elsewhere && !(await isReadable(buckets, ...elsewhere))) missing.add(object);
  });
  return spec.data.map(({ object }) => object).filter((object) => missing.has(object));
}

async function isReadable(buckets: Buckets, bucket: string, name: string): Promise<boolean> {
  try {
    return (await buckets.foreign(bucket).info(name)) !== null;
  } catch (error) {
    if (error instanceof PortError && !error.retry) return false;
    throw error;
  }
}
