/**
 * Writes one container's output to its log files, in order and off the main path, and tells readers when there is more.
 * A file is named `<restart>.<segment>.log`; after 10 MiB the next segment begins and the oldest of five is deleted.
 * Slow disks slow the container, not memory.
 */
import { EventEmitter } from 'node:events';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { formatRecord, RecordCutter, recordTime, type LogRecord } from './log-format.ts';

const SEGMENT_BYTES = 10 * 1024 * 1024;
const SEGMENTS_KEPT = 5;
const BACKLOG_BYTES = 1024 * 1024;
/** As much of one line as Cloud Logging takes. */
const MAX_LINE_BYTES = 256 * 1024;

export interface Segment {
  restart: number;
  segment: number;
  path: string;
}

/** The log files of a container, oldest first. */
export function listSegments(dir: string): Segment[] {
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch {
    return [];
  }
  const found: Segment[] = [];
  for (const name of names) {
    const match = /^(\d+)\.(\d+)\.log$/.exec(name);
    if (match) found.push({ restart: Number(match[1]), segment: Number(match[2]), path: join(dir, name) });
  }
  return found.sort((a, b) => a.restart - b.restart || a.segment - b.segment);
}

export class ContainerLog {
  readonly dir: string;
  /** 'changed' after every flush, and when this run of the container has written its last line. */
  readonly changes = new EventEmitter();
  readonly restart: number;
  ended = false;
  /**
   * How often it has changed: who waits compares it with what it was before looking, so that no change falls between.
   */
  changeCount = 0;
  readonly #nowMs: () => number;
  readonly #onLine: (stream: 'stdout' | 'stderr', time: string, line: string) => void;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #flushing: Promise<void> | undefined;
  #file: FileHandle | undefined;
  #segment = 0;
  #segmentBytes = 0;
  #lastMs = 0;
  #sequence = 0;

  constructor(
    dir: string,
    restart: number,
    nowMs: () => number,
    onLine: (stream: 'stdout' | 'stderr', time: string, line: string) => void,
  ) {
    this.dir = dir;
    this.restart = restart;
    this.#nowMs = nowMs;
    this.#onLine = onLine;
    this.changes.setMaxListeners(0);
    mkdirSync(dir, { recursive: true });
    for (const old of listSegments(dir)) if (old.restart < restart - 1) rmSync(old.path, { force: true });
  }

  /** Reads a stream of the container to its end. */
  attach(stream: 'stdout' | 'stderr', source: Readable): void {
    const cutter = new RecordCutter();
    let partial: Buffer[] = [];
    const add = (records: { text: Buffer; full: boolean }[]) => {
      for (const { text, full } of records) {
        const record: LogRecord = { time: this.#stamp(), stream, full, text };
        this.#enqueue(formatRecord(record));
        partial.push(text);
        if (!full) continue;
        this.#onLine(stream, record.time, Buffer.concat(partial).subarray(0, MAX_LINE_BYTES).toString('utf8'));
        partial = [];
      }
      if (partial.length * 16 * 1024 > MAX_LINE_BYTES) partial.length -= 1;
    };
    source.on('data', (data: Buffer) => {
      add(cutter.push(data));
      if (this.#pendingBytes > BACKLOG_BYTES) this.#throttle(source);
    });
    source.once('end', () => add(cutter.end()));
    source.on('error', () => undefined);
  }

  /** To be called when the process is gone and its pipes are read: everything is on disk afterwards. */
  async end(): Promise<void> {
    await this.#flush();
    await this.#file?.close();
    this.#file = undefined;
    this.ended = true;
    this.#announce();
  }

  #announce(): void {
    this.changeCount += 1;
    this.changes.emit('changed');
  }

  #stamp(): string {
    const now = this.#nowMs();
    this.#sequence = now === this.#lastMs ? this.#sequence + 1 : 0;
    this.#lastMs = now;
    return recordTime(now, this.#sequence);
  }

  #throttle(source: Readable): void {
    source.pause();
    void this.#flush().then(() => source.resume());
  }

  #enqueue(data: Buffer): void {
    this.#pending.push(data);
    this.#pendingBytes += data.length;
    void this.#flush();
  }

  #flush(): Promise<void> {
    if (this.#flushing) return this.#flushing;
    if (this.#pending.length === 0) return Promise.resolve();
    this.#flushing = this.#writePending();
    return this.#flushing;
  }

  async #writePending(): Promise<void> {
    while (this.#pending.length > 0) {
      const data = Buffer.concat(this.#pending);
      this.#pending = [];
      this.#pendingBytes = 0;
      try {
        await this.#write(data);
      } catch {
        // A log line that cannot be written (disk full, directory gone) must not end the container.
      }
      this.#announce();
    }
    // In the same step as the last check of the loop, so that no line is added in
    // between and then waits for the next one.
    this.#flushing = undefined;
  }

  async #write(data: Buffer): Promise<void> {
    if (this.#file && this.#segmentBytes > SEGMENT_BYTES) await this.#rotate();
    this.#file ??= await open(join(this.dir, `${this.restart}.${this.#segment}.log`), 'a');
    await this.#file.write(data);
    this.#segmentBytes += data.length;
  }

  async #rotate(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
    this.#segment += 1;
    this.#segmentBytes = 0;
    const own = listSegments(this.dir).filter((segment) => segment.restart === this.restart);
    for (const old of own.slice(0, Math.max(0, own.length - SEGMENTS_KEPT + 1))) rmSync(old.path, { force: true });
  }
}
