/**
 * Append-only log of records, one list of records a line. A line is there wholly or not at all: what a killed process
 * left half-written at the end is cut off at the next start. Not flushed to the platter on each append: it survives the
 * death of the process, not of the machine.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import * as z from 'zod';
import { isDiskFull } from '../../disk.ts';
import { parseJson } from '../../read-json.ts';

/** Rewriting pays off once the log has several times the lines that the state needs. */
const WASTE_FACTOR = 4;
const WASTE_FLOOR = 20_000;
const SNAPSHOT_CHUNK = 1000;

export class MetadataLog<R> {
  readonly #file: string;
  readonly #line: z.ZodType<R[]>;
  #descriptor: number;
  #lines = 0;

  /** Opens the log and hands every record in it to `apply`. */
  constructor(file: string, record: z.ZodType<R>, apply: (record: R) => void) {
    this.#file = file;
    this.#line = z.array(record);
    const intactBytes = existsSync(file) ? this.#replay(apply) : 0;
    this.#descriptor = openSync(file, 'a+');
    ftruncateSync(this.#descriptor, intactBytes);
  }

  /** Writes the records as one line: all of them count, or, where the disk is full, none. */
  append(records: R[]): void {
    const { size } = fstatSync(this.#descriptor);
    try {
      writeAll(this.#descriptor, `${JSON.stringify(records)}\n`);
    } catch (error) {
      ftruncateSync(this.#descriptor, size);
      throw error;
    }
    this.#lines++;
  }

  /** True when the log is mostly history and a rewrite with `recordCount` records would shrink it. */
  isWasteful(recordCount: number): boolean {
    return this.#lines > WASTE_FLOOR && this.#lines > WASTE_FACTOR * recordCount;
  }

  /** Replaces the log by these records. The old one goes on until the new one is complete, or if it finds no room. */
  rewrite(records: Iterable<R>): void {
    const fresh = `${this.#file}.new`;
    try {
      this.#lines = writeSnapshot(fresh, records);
    } catch (error) {
      rmSync(fresh, { force: true });
      if (isDiskFull(error)) return;
      throw error;
    }
    renameSync(fresh, this.#file);
    closeSync(this.#descriptor);
    this.#descriptor = openSync(this.#file, 'a');
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** Answers how many bytes hold complete lines. */
  #replay(apply: (record: R) => void): number {
    const bytes = readFileSync(this.#file);
    let start = 0;
    for (let end = bytes.indexOf(10, start); end >= 0; end = bytes.indexOf(10, start)) {
      for (const record of parseJson(bytes.toString('utf8', start, end), this.#line)) apply(record);
      this.#lines++;
      start = end + 1;
    }
    return start;
  }
}

/** Answers how many lines it has. */
function writeSnapshot(file: string, records: Iterable<unknown>): number {
  const descriptor = openSync(file, 'w');
  let lines = 0;
  let chunk = '';
  try {
    for (const record of records) {
      chunk += `${JSON.stringify([record])}\n`;
      if (++lines % SNAPSHOT_CHUNK !== 0) continue;
      writeAll(descriptor, chunk);
      chunk = '';
    }
    writeAll(descriptor, chunk);
  } finally {
    closeSync(descriptor);
  }
  return lines;
}

function writeAll(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
}
