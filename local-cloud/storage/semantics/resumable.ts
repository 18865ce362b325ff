/**
 * Resumable uploads. Of a broken request the service keeps what arrived, in steps of 256 KiB; the client asks how much
 * that is and goes on there. A finished session answers with its object from then on, so a client that lost the last
 * answer does not fail its own precondition.
 */
import * as z from 'zod';
import type { SessionFiles } from '../disk/session-files.ts';
import { ApiError, invalid } from './api-error.ts';
import { ContentHash } from './checksums.ts';
import { checkHashes, readExpectedHashes } from './incoming.ts';
import type { Json } from './merge-patch.ts';
import { preconditions, type Content, type ObjectVersion } from './model.ts';
import { readAttributes, type Objects, type Placement } from './objects.ts';
import type { StorageState } from './state.ts';

const QUANTUM_BYTES = 256 * 1024;
const MAX_AGE_MS = 7 * 24 * 3600 * 1000;

export const sessionSchema = z.object({
  placement: z.object({ bucket: z.string(), name: z.string(), conditions: preconditions }),
  resource: z.record(z.string(), z.unknown()),
  blob: z.string(),
  createdMs: z.number(),
});
export type Session = z.infer<typeof sessionSchema>;

/** What a request says of its bytes: header Content-Range. `last` and `total` are absent for `*`. */
export interface ChunkRange {
  /** Absent: a question about the state, without bytes. */
  first?: number;
  last?: number;
  total?: number;
}

export type UploadAnswer = { object: ObjectVersion } | { persistedBytes: number };

interface Running {
  session: Session;
  persistedBytes: number;
  /** Covers exactly `persistedBytes`; absent when that is not known, and the file must be read again. */
  hash: ContentHash | undefined;
  /** One request at a time: the tail of the queue. */
  turn: Promise<unknown>;
}

export class ResumableUploads {
  readonly #state: StorageState;
  readonly #objects: Objects;
  readonly #files: SessionFiles<Session>;
  readonly #running = new Map<string, Running>();

  constructor(state: StorageState, objects: Objects, files: SessionFiles<Session>) {
    this.#state = state;
    this.#objects = objects;
    this.#files = files;
    for (const [id, session] of files.load()) this.#restore(id, session);
  }

  start(placement: Placement, resource: Json): string {
    this.#objects.checkInsert(placement);
    const id = `${this.#state.blobs.newId()}${this.#state.blobs.newId()}`;
    const session = { placement, resource, blob: this.#state.blobs.newId(), createdMs: this.#state.clock.nowMs() };
    this.#files.save(id, session);
    this.#running.set(id, { session, persistedBytes: 0, hash: new ContentHash(), turn: Promise.resolve() });
    return id;
  }

  cancel(id: string): void {
    this.#discard(id, this.#get(id));
  }

  usesBlob(blob: string): boolean {
    for (const { session } of this.#running.values()) if (session.blob === blob) return true;
    return false;
  }

  /** Takes a request of a session: bytes, or a question. */
  async receive(
    id: string,
    range: ChunkRange,
    bytes: AsyncIterable<Buffer>,
    hashHeader?: string,
  ): Promise<UploadAnswer> {
    const finished = this.#state.index.finishedUploads.get(id);
    if (finished) return { object: finished };
    const running = this.#get(id);
    const turn = running.turn.then(() => this.#take(id, range, bytes, hashHeader));
    running.turn = turn.catch(() => undefined);
    return turn;
  }

  async #take(
    id: string,
    range: ChunkRange,
    bytes: AsyncIterable<Buffer>,
    hashHeader: string | undefined,
  ): Promise<UploadAnswer> {
    const finished = this.#state.index.finishedUploads.get(id);
    if (finished) return { object: finished };
    const running = this.#get(id);
    if (range.first !== undefined) await this.#write(running, { ...range, first: range.first }, bytes);
    if (!this.#isComplete(running, range)) {
      this.#forgetOddBytes(running);
      return { persistedBytes: running.persistedBytes };
    }
    return { object: await this.#finish(id, running, hashHeader) };
  }

  /** Bytes that are there already are skipped. However the request ends, what arrived is kept. */
  async #write(running: Running, range: ChunkRange & { first: number }, bytes: AsyncIterable<Buffer>): Promise<void> {
    const { first } = range;
    if (first > running.persistedBytes) throw offsetTooHigh(first, running.persistedBytes);
    let position = first;
    const hash = running.hash;
    const writer = this.#state.blobs.writer(running.session.blob, running.persistedBytes);
    try {
      for await (const chunk of bytes) {
        const fresh = chunk.subarray(Math.min(chunk.length, Math.max(0, running.persistedBytes - position)));
        position += chunk.length;
        if (range.last !== undefined && position > range.last + 1) throw lengthMismatch(range);
        if (fresh.length === 0) continue;
        hash?.update(fresh);
        await writer.write(fresh);
      }
      if (range.last !== undefined && position !== range.last + 1) throw lengthMismatch(range);
    } catch (error) {
      await this.#settle(running, writer);
      this.#forgetOddBytes(running);
      throw error;
    }
    await this.#settle(running, writer);
  }

  async #settle(running: Running, writer: { size: number; finish(): Promise<void> }): Promise<void> {
    try {
      await writer.finish();
    } catch (error) {
      // The disk is full: the checksum has taken in bytes that are not there.
      running.hash = undefined;
      throw error;
    }
    running.persistedBytes = writer.size;
  }

  /** Only whole steps are kept of what is not the end. */
  #forgetOddBytes(running: Running): void {
    const kept = running.persistedBytes - (running.persistedBytes % QUANTUM_BYTES);
    if (kept === running.persistedBytes) return;
    running.persistedBytes = kept;
    running.hash = undefined;
  }

  /**
   * A range with neither end nor total is a stream whose end is the end of the
   * object; otherwise the declared total decides.
   */
  #isComplete(running: Running, range: ChunkRange): boolean {
    if (range.total !== undefined) {
      if (running.persistedBytes > range.total) throw lengthMismatch(range);
      return running.persistedBytes === range.total;
    }
    return range.first !== undefined && range.last === undefined;
  }

  async #finish(id: string, running: Running, hashHeader: string | undefined): Promise<ObjectVersion> {
    const { session } = running;
    const hash = running.hash ?? (await this.#rehash(running));
    running.hash = undefined;
    const size = running.persistedBytes;
    const content: Content = { parts: size > 0 ? [{ blob: session.blob, size }] : [], size, ...hash.digest() };
    try {
      checkHashes(content, readExpectedHashes(session.resource, hashHeader));
      const attributes = readAttributes(session.resource);
      const object = this.#objects.insert(session.placement, content, attributes, { upload: id });
      this.#files.remove(id);
      this.#running.delete(id);
      if (size === 0) this.#state.blobs.remove(session.blob);
      return object;
    } catch (error) {
      if (error instanceof ApiError && error.status !== 429) this.#discard(id, running);
      throw error;
    }
  }

  /** The state of a hash cannot be saved, so after a restart or a broken chunk it is made anew from the file. */
  async #rehash(running: Running): Promise<ContentHash> {
    const hash = new ContentHash();
    if (running.persistedBytes === 0) return hash;
    const stream: AsyncIterable<Buffer> = this.#state.blobs.read(running.session.blob, 0, running.persistedBytes - 1);
    for await (const chunk of stream) hash.update(chunk);
    return hash;
  }

  #get(id: string): Running {
    const running = this.#running.get(id);
    if (!running) throw new ApiError(404, 'notFound', 'Upload session not found.', { xmlCode: 'NoSuchUpload' });
    return running;
  }

  #discard(id: string, running: Running): void {
    this.#running.delete(id);
    this.#files.remove(id);
    this.#state.blobs.remove(running.session.blob);
  }

  #restore(id: string, session: Session): void {
    const isStale = this.#state.clock.nowMs() - session.createdMs > MAX_AGE_MS;
    if (isStale || this.#state.index.finishedUploads.has(id)) return this.#files.remove(id);
    const size = this.#state.blobs.size(session.blob);
    const persistedBytes = size - (size % QUANTUM_BYTES);
    this.#running.set(id, { session, persistedBytes, hash: undefined, turn: Promise.resolve() });
  }
}

function offsetTooHigh(offset: number, persisted: number): ApiError {
  return invalid(
    `Invalid request. According to the Content-Range header, the upload offset is ${offset} byte(s), ` +
      `which exceeds already uploaded size of ${persisted} byte(s).`,
    'badRequest',
  );
}

function lengthMismatch(range: ChunkRange): ApiError {
  const promised = range.last === undefined ? `${range.total ?? '*'} in all` : `${range.first ?? 0}-${range.last}`;
  return invalid(`Invalid request. The bytes sent do not match the Content-Range header (${promised}).`, 'badRequest');
}
