/**
 * Files that hold the bytes of objects: one for each large content, packs for small ones. Their names have
 * nothing to do with the objects'. A file counts only when the metadata log names it; what is left over
 * from a killed process is removed at start.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, createReadStream, mkdirSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { truncateSync, unlinkSync, writeFileSync, type ReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { codeOf } from '../../error-text.ts';
import { Packs } from './packs.ts';

/** Bytes gathered before a write. */
const GATHER_BYTES = 1 << 20;
const READ_BYTES = 256 << 10;
/** Contents up to this size go into packs. */
const PACKED_BYTES = 128 << 10;
/** Names of packs begin with this, and so does their folder. */
const PACK = 'pk';

export const place = z.object({
  blob: z.string(),
  size: z.number(),
  /** Where in the blob the bytes begin; absent for 0. */
  offset: z.exactOptional(z.number()),
});
export type Place = z.infer<typeof place>;

export class BlobStore {
  readonly #folder: string;
  readonly #packs: Packs;
  /** Folders known to be there, made when first needed. */
  readonly #folders = new Set<string>();
  readonly #run = randomBytes(8).toString('hex');
  #count = 0;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    this.#packs = new Packs(
      () => `${PACK}${this.newId()}`,
      (pack) => this.#path(pack),
    );
  }

  /** Unique over all runs. The first two digits change fastest, as they name the folder. */
  newId(): string {
    const count = this.#count++;
    return `${(count % 256).toString(16).padStart(2, '0')}${this.#run}${Math.floor(count / 256).toString(16)}`;
  }

  /** Writes a blob from its `offset` on; what it had beyond is cut off. */
  writer(blob: string, offset = 0): BlobWriter {
    return new BlobWriter(this.#path(blob), offset);
  }

  /** Ends the writing of a new blob; small ones are put into a pack instead. */
  async finish(blob: string, writer: BlobWriter): Promise<Place> {
    const bytes = writer.size <= PACKED_BYTES ? writer.takeAll() : undefined;
    if (bytes) return { ...this.#packs.append(bytes), size: bytes.length };
    await writer.finish();
    return { blob, size: writer.size };
  }

  /** Bytes of a blob, 0 when there is no such file. */
  size(blob: string): number {
    return statSync(this.#path(blob), { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Bytes `start` to `end` (inclusive) as a stream. */
  read(blob: string, start: number, end: number): ReadStream {
    return createReadStream(this.#path(blob), { start, end, highWaterMark: READ_BYTES });
  }

  /** A stretch of a blob at once: for short ones. */
  readStretch(blob: string, start: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    if (isPack(blob)) this.#packs.read(blob, start, bytes);
    else this.#readFile(blob, start, bytes);
    return bytes;
  }

  remove(blob: string): void {
    if (isPack(blob)) this.#packs.forget(blob);
    try {
      unlinkSync(this.#path(blob));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }

  /** Removes every file that `isWanted` does not claim. */
  sweep(isWanted: (blob: string) => boolean): void {
    for (const folder of readdirSync(this.#folder)) {
      for (const blob of readdirSync(join(this.#folder, folder))) if (!isWanted(blob)) this.remove(blob);
    }
  }

  close(): void {
    this.#packs.close();
  }

  #readFile(blob: string, start: number, bytes: Buffer): void {
    const descriptor = openSync(this.#path(blob), 'r');
    try {
      for (let at = 0; at < bytes.length;) {
        const count = readSync(descriptor, bytes, at, bytes.length - at, start + at);
        if (count === 0) throw new Error(`blob ${blob} ends before ${start + bytes.length}`);
        at += count;
      }
    } finally {
      closeSync(descriptor);
    }
  }

  #path(blob: string): string {
    const name = blob.slice(0, 2);
    const folder = join(this.#folder, name);
    if (!this.#folders.has(name)) mkdirSync(folder, { recursive: true });
    this.#folders.add(name);
    return join(folder, blob);
  }
}

function isPack(blob: string): boolean {
  return blob.startsWith(PACK);
}

class BlobWriter {
  readonly #path: string;
  readonly #offset: number;
  #gathered: Buffer[] = [];
  #gatheredBytes = 0;
  #writing: Promise<void> = Promise.resolve();
  #hasBegun = false;
  #file: FileHandle | undefined;
  size: number;

  constructor(path: string, offset: number) {
    this.#path = path;
    this.#offset = offset;
    this.size = offset;
  }

  /** Takes the bytes; resolves at once unless the disk is a whole gathering behind. */
  async write(bytes: Buffer): Promise<void> {
    this.#gathered.push(bytes);
    this.#gatheredBytes += bytes.length;
    this.size += bytes.length;
    if (this.#gatheredBytes < GATHER_BYTES) return;
    await this.#writing;
    this.#hasBegun = true;
    this.#writing = this.#append(this.#takeChunks());
    // Awaited by the next write or by the end; until then a failure must not count as unhandled.
    this.#writing.catch(() => undefined);
  }

  /** All bytes, if none of them has gone to the file. Ends the writing then. */
  takeAll(): Buffer | undefined {
    return this.#hasBegun || this.#offset > 0 ? undefined : this.#take();
  }

  /** All bytes are in the file when this resolves. */
  async finish(): Promise<void> {
    const all = this.takeAll();
    if (all) return writeFileSync(this.#path, all);
    try {
      await this.#writing;
      if (this.#gatheredBytes > 0) await this.#append(this.#takeChunks());
      else if (!this.#hasBegun) truncateSync(this.#path, this.#offset);
    } finally {
      await this.#file?.close();
    }
  }

  /** Ends the writing without the rest of the bytes. */
  async abandon(): Promise<void> {
    await this.#writing.catch(() => undefined);
    await this.#file?.close();
  }

  #take(): Buffer {
    const chunks = this.#takeChunks();
    const [first] = chunks;
    return first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks);
  }

  #takeChunks(): Buffer[] {
    const chunks = this.#gathered;
    this.#gathered = [];
    this.#gatheredBytes = 0;
    return chunks;
  }

  async #append(chunks: Buffer[]): Promise<void> {
    if (!this.#file) {
      this.#file = await open(this.#path, 'a');
      await this.#file.truncate(this.#offset);
    }
    const { bytesWritten } = await this.#file.writev(chunks);
    // A full disk or a signal may cut a write short; then the rest says why.
    const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    if (bytesWritten < size) await this.#file.appendFile(Buffer.concat(chunks).subarray(bytesWritten));
  }
}
