/** Files of this machine that are copies of objects. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ObjectInfo } from '../functions/ports/bucket.ts';
import { CommandError, EXIT } from './exit-codes.ts';

/** Whether the file has the object's content already: such a file need not be fetched. */
export async function isCopyOf(file: string, object: ObjectInfo): Promise<boolean> {
  const found = await stat(file).catch(() => null);
  if (found?.isFile() !== true || found.size !== object.bytes) return false;
  const hash = createHash('md5');
  await pipeline(createReadStream(file), hash);
  return hash.digest('base64') === object.md5;
}

/**
 * Where an object of that name belongs. @throws CommandError FF-UNSAFE-NAME when that
 * is outside of the folder the user named.
 */
export function placeBelow(folder: string, name: string): string {
  const root = resolve(folder);
  const file = resolve(join(root, name));
  if (file.startsWith(root + sep)) return file;
  throw new CommandError(
    'FF-UNSAFE-NAME',
    `object ${name} would be written outside ${folder}`,
    'download it with gcloud storage cp',
    EXIT.invalid,
  );
}

export async function writeBelow(folder: string, name: string, content: Buffer): Promise<void> {
  const file = placeBelow(folder, name);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
}
