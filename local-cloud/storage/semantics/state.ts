/**
 * Memory, metadata log and blob files kept in step: the log first, then memory,
 * then the files that nobody needs any more.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import { BlobStore } from '../disk/blobs.ts';
import { MetadataLog } from '../disk/metadata-log.ts';
import { logRecord, type LogRecord } from './model.ts';
import { ObjectIndex } from './object-index.ts';

export class StorageState {
  readonly index = new ObjectIndex();
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly #log: MetadataLog<LogRecord>;
  #closed = false;

  constructor(folder: string, clock: Clock) {
    this.clock = clock;
    mkdirSync(folder, { recursive: true });
    this.blobs = new BlobStore(join(folder, 'blobs'));
    this.#log = new MetadataLog(join(folder, 'metadata.jsonl'), logRecord, (record) => this.index.apply(record));
    this.index.takeReleasedBlobs();
    this.#compact();
  }

  /** Makes the changes lasting, all or none. */
  commit(...records: LogRecord[]): void {
    if (this.#closed) throw new Error('storage is stopped');
    this.#log.append(records);
    for (const record of records) this.index.apply(record);
    this.removeReleasedBlobs();
    this.#compact();
  }

  removeReleasedBlobs(): void {
    for (const blob of this.index.takeReleasedBlobs()) this.blobs.remove(blob);
  }

  nextGeneration(): number {
    this.index.lastGeneration = Math.max(this.clock.nowMs() * 1000, this.index.lastGeneration + 1);
    return this.index.lastGeneration;
  }

  nextEvent(): number {
    return ++this.index.lastEvent;
  }

  get closed(): boolean {
    return this.#closed;
  }

  close(): void {
    if (this.#closed) return;
    this.#log.close();
    this.blobs.close();
    this.#closed = true;
  }

  #compact(): void {
    if (this.#log.isWasteful(this.index.recordCount)) this.#log.rewrite(this.index.snapshot(this.clock.nowMs()));
  }
}
