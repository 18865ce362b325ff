/**
 * Objects that pods upload themselves: results too large for Redis, and large exports. What a pod says is not
 * believed. An object's name is derived from the entry that names it, and only names of these two forms, below the
 * attempt's own folder, are ever signed for reading.
 */
import type { JournalEntry } from '../ports/task-queue.ts';

/** What a pod asks for when it wants to know everything that the bucket holds of its job. */
export const LEDGER = 'ledger';

const RESULT = /^loop-[1-9]\d{0,8}\/iteration-\d{6,10}-[0-9a-f]{16}(-[2-9])?\.rds$/;
const EXPORT = /^exports\/[0-9a-f]{64}\.rds$/;

/** Is this a name, relative to the attempt's folder, that pods may ask a signed URL for? */
export function isPodObject(name: string): boolean {
  return RESULT.test(name) || EXPORT.test(name);
}

/**
 * Does the entry name its own object? A name of another iteration, or of another content, is refused. The
 * number at the end is that of the upload's try: an object is never replaced, so a try whose answer was
 * lost is followed by one of another name.
 */
export function namesItself(entry: Pick<JournalEntry, 'loop' | 'iteration' | 'sha256' | 'object'>): boolean {
  const { loop, iteration, sha256, object } = entry;
  if (object === null || !RESULT.test(object)) return false;
  const stem = `loop-${loop}/iteration-${String(iteration).padStart(6, '0')}-${sha256.slice(0, 16)}`;
  return /^[0-9a-f]{64}$/.test(sha256) && object.replace(/(-[2-9])?\.rds$/, '') === stem;
}
