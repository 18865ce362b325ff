/**
 * Objects that are written once. One that is there already is a crash's leftover, and is adopted if it is the same. Its
 * bytes are compared by size and MD5, which the storage knows by itself. What a pod has put under a result's name can
 * be larger than a pass may read.
 */
import { md5Of } from '../job/md5.ts';
import type { Bucket } from '../ports/bucket.ts';
import { PreconditionError } from '../ports/port-error.ts';

/** Whether there was none of that name. */
export async function writeOnce(
  bucket: Bucket,
  name: string,
  bytes: Buffer | string,
  contentType: string,
): Promise<boolean> {
  try {
    await bucket.write(name, bytes, { ifGeneration: '0', contentType });
    return true;
  } catch (error) {
    if (error instanceof PreconditionError) return false;
    throw error;
  }
}

/** Whether the object holds these bytes in the end; it is written when there is none of that name. */
export async function holds(bucket: Bucket, name: string, bytes: Buffer): Promise<boolean> {
  if (await writeOnce(bucket, name, bytes, 'application/octet-stream')) return true;
  const there = await bucket.info(name);
  return there?.bytes === bytes.length && there.md5 === md5Of(bytes);
}

/** Lines, and what the object says in the end: null, these lines; or the text that an earlier pass has left. */
export async function writeLinesOnce(
  bucket: Bucket,
  name: string,
  text: string,
  maxBytes: number,
): Promise<string | null> {
  if (await writeOnce(bucket, name, text, 'application/x-ndjson')) return null;
  const there = await bucket.read(name, maxBytes);
  return there?.bytes.toString('utf8') ?? '';
}
