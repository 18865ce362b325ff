/**
 * What `submit` sends of a folder: its files, and what links inside it lead to. A link is never left out silently: one
 * that leads nowhere, out of the folder or around in a circle is an error.
 */
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { CommandError, EXIT } from './exit-codes.ts';

export interface FolderEntry {
  /** Below the folder, with `/` on every system. */
  name: string;
  bytes: number;
}

/**
 * Files of the folder in name order; hidden ones are left out.
 * @throws CommandError FF-NO-FOLDER, FF-LINK, FF-NOT-A-FILE
 */
export async function listFolder(folder: string): Promise<FolderEntry[]> {
  const root = await realpath(folder).catch(() => {
    throw unreadable(folder);
  });
  const files = await filesBelow({ root, path: root, name: '', above: [root] });
  return files.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** A folder on the way down. */
interface Place {
  root: string;
  /** Where it really is. */
  path: string;
  name: string;
  /** Real paths of the folders that lead here, itself included. */
  above: readonly string[];
}

async function filesBelow(place: Place): Promise<FolderEntry[]> {
  const entries = await readdir(place.path, { withFileTypes: true }).catch(() => {
    throw unreadable(place.path);
  });
  const visible = entries.filter((entry) => !entry.name.startsWith('.'));
  const found = await Promise.all(
    visible.map((entry) => {
      const name = place.name === '' ? entry.name : `${place.name}/${entry.name}`;
      return look(place, name, join(place.path, entry.name), entry.isSymbolicLink());
    }),
  );
  return found.flat();
}

async function look(place: Place, name: string, at: string, isLink: boolean): Promise<FolderEntry[]> {
  const path = isLink ? await followLink(place, name, at) : at;
  const found = await stat(path);
  if (found.isDirectory()) return filesBelow({ root: place.root, path, name, above: [...place.above, path] });
  if (found.isFile()) return [{ name, bytes: found.size }];
  throw new CommandError(
    'FF-NOT-A-FILE',
    `${name} is neither a file nor a folder (a socket, a pipe or a device)`,
    'move it out of the folder',
    EXIT.invalid,
  );
}

async function followLink({ root, above }: Place, name: string, at: string): Promise<string> {
  const refused = (why: string): CommandError =>
    new CommandError('FF-LINK', `${name} is a link that ${why}`, 'put a copy of the file in its place', EXIT.invalid);
  const path = await realpath(at).catch(() => {
    throw refused('leads to nothing');
  });
  if (relative(root, path).split(sep)[0] === '..') throw refused(`leads out of the folder, to ${path}`);
  if (above.includes(path)) throw refused('leads around in a circle');
  return path;
}

function unreadable(folder: string): CommandError {
  return new CommandError(
    'FF-NO-FOLDER',
    `${folder} is not a folder that can be read`,
    'name the folder that holds job.yaml',
    EXIT.invalid,
  );
}
