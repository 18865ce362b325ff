/**
 * One short text for a whole folder: two folders have the same one when they hold the same files with the same
 * contents.
 */
import { createHash } from 'node:crypto';

/** SHA-256 in hex of the names and MD5s of a folder's files, whatever their order. */
export function digestOfFolder(files: readonly { name: string; md5: string }[]): string {
  const hash = createHash('sha256');
  for (const line of files.map((file) => JSON.stringify([file.name, file.md5])).toSorted()) hash.update(`${line}\n`);
  return hash.digest('hex');
}
