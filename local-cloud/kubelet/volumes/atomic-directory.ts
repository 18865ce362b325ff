/**
 * A volume directory whose files change all at once, laid out as the real kubelet does. Files are links to
 * `..data/<file>`, and `..data` is a link to a dated directory that is swapped by rename.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  chmodSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { codeOf } from '../../error-text.ts';

export interface VolumeFile {
  data: Buffer;
  mode: number;
}

/**
 * Writes the files (relative path → content); nothing happens when they are there
 * already. Answers whether anything changed.
 */
export function writeAtomically(dir: string, files: ReadonlyMap<string, VolumeFile>): boolean {
  mkdirSync(dir, { recursive: true });
  const dataLink = join(dir, '..data');
  const old = existsSync(dataLink) ? join(dir, readlinkSync(dataLink)) : undefined;
  if (old && isSame(old, files)) return false;
  const fresh = mkdtempSync(join(dir, `..${new Date().toISOString().replace(/[-:TZ]/g, '_')}.`));
  chmodSync(fresh, 0o755);
  for (const [path, file] of files) {
    const target = join(fresh, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, file.data);
    chmodSync(target, file.mode);
  }
  swapLink(dir, fresh.slice(dir.length + 1));
  linkTopLevel(dir, files);
  if (old) rmSync(old, { recursive: true, force: true });
  return true;
}

function swapLink(dir: string, target: string): void {
  const temporary = join(dir, '..data_tmp');
  rmSync(temporary, { force: true });
  symlinkSync(target, temporary);
  renameSync(temporary, join(dir, '..data'));
}

/** One link per first path element; links of files that are gone are removed. */
function linkTopLevel(dir: string, files: ReadonlyMap<string, VolumeFile>): void {
  const wanted = new Set([...files.keys()].flatMap((path) => path.split('/').slice(0, 1)));
  for (const name of readdirSync(dir)) {
    if (!name.startsWith('..') && !wanted.has(name)) rmSync(join(dir, name), { recursive: true, force: true });
  }
  for (const name of wanted) {
    try {
      symlinkSync(join('..data', name), join(dir, name));
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
  }
}

function isSame(dir: string, files: ReadonlyMap<string, VolumeFile>): boolean {
  const existing = listFiles(dir);
  if (existing.length !== files.size) return false;
  return existing.every((path) => {
    const file = files.get(path);
    const full = join(dir, path);
    return file !== undefined && readFileSync(full).equals(file.data) && (statSync(full).mode & 0o777) === file.mode;
  });
}

function listFiles(dir: string): string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1));
}
