/**
 * Writing what the local cloud remembers, on a disk that may be full. What finds no room waits in memory, in its order,
 * and is written when there is room; whoever wrote it goes on. Meanwhile the storage service refuses uploads
 * (storage/wire/errors.ts), so that little waits. A process that is killed in between loses what waits.
 */
import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { codeOf } from './error-text.ts';

const RETRY_MS = 500;

/** What a file shall get: more at its end, or these texts instead of what it holds. */
interface Pending {
  how: 'append' | 'replace';
  mode: number;
  texts: Buffer[];
}

const waiting = new Map<string, Pending>();

/** Whether an error says that the disk, or the user's share of it, is full. */
export function isDiskFull(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** Adds a text to the end of a file. */
export function appendText(file: string, text: string, mode = 0o644): void {
  const before = waiting.get(file);
  const pending: Pending = before ?? { how: 'append', mode, texts: [] };
  pending.texts.push(Buffer.from(text));
  // What came first is written first.
  if (before === undefined) writeOrWait(file, pending);
}

/** A file holds the text, or what it held before: never a part. */
export function replaceText(file: string, text: string, mode = 0o644): void {
  waiting.delete(file);
  writeOrWait(file, { how: 'replace', mode, texts: [Buffer.from(text)] });
}

/** In the order of the calls: a log is emptied only once the snapshot that replaces it is there. */
function writeOrWait(file: string, pending: Pending): void {
  try {
    if (waiting.size === 0) return write(file, pending);
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    tell(`disk full: no room for ${file}; it waits in memory until there is`);
    retryLater();
  }
  waiting.set(file, pending);
}

function tell(text: string): void {
  process.stderr.write(`foreach-fleet: ${text}\n`);
}

function retryLater(): void {
  setTimeout(retry, RETRY_MS).unref();
}

function retry(): void {
  for (const [file, pending] of waiting) {
    try {
      write(file, pending);
    } catch (error) {
      if (isDiskFull(error)) return retryLater();
      // Its folder has been removed meanwhile, for example.
      tell(`${file} is not written: ${String(error)}`);
    }
    waiting.delete(file);
  }
  tell('the disk has room again: everything that waited is written');
}

function write(file: string, pending: Pending): void {
  if (pending.how === 'append') return appendAll(file, pending);
  const fresh = `${file}.new`;
  try {
    rmSync(fresh, { force: true });
    appendAll(fresh, { ...pending, texts: [...pending.texts] });
    renameSync(fresh, file);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}

/** Takes from the texts what it has written: a full disk may cut one in two, and the rest follows later. */
function appendAll(file: string, { texts, mode }: Pending): void {
  const descriptor = openSync(file, 'a', mode);
  try {
    for (let [text] = texts; text !== undefined; [text] = texts) {
      const written = writeSync(descriptor, text);
      if (written < text.length) texts[0] = text.subarray(written);
      else texts.shift();
    }
  } finally {
    closeSync(descriptor);
  }
}
