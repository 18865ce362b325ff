/**
 * Small contents, appended to files that hold many of them: making a file costs far more than writing ten kilobytes.
 * A pack goes when its last content goes; until then the room of the others is lost. A restart begins a new pack, so
 * that an append that a killed process left unfinished harms nothing.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';

const MAX_PACK_BYTES = 4 << 20;
const MAX_OPEN_FILES = 64;

export class Packs {
  readonly #pathFor: (pack: string) => string;
  readonly #newId: () => string;
  /** Open for reading, and the current one for appending; the least recently opened first. */
  readonly #open = new Map<string, number>();
  #current: { pack: string; size: number } | undefined;

  constructor(newId: () => string, pathFor: (pack: string) => string) {
    this.#newId = newId;
    this.#pathFor = pathFor;
  }

  append(bytes: Buffer): { blob: string; offset: number } {
    if (this.#current && this.#current.size >= MAX_PACK_BYTES) this.#current = undefined;
    this.#current ??= { pack: this.#newId(), size: 0 };
    const { pack, size: offset } = this.#current;
    const descriptor = this.#descriptor(pack, 'a+');
    for (let at = 0; at < bytes.length;) {
      const count = writeSync(descriptor, bytes, at);
      at += count;
      this.#current.size += count;
    }
    return { blob: pack, offset };
  }

  read(pack: string, start: number, bytes: Buffer): void {
    const descriptor = this.#descriptor(pack, 'r');
    for (let at = 0; at < bytes.length;) {
      const count = readSync(descriptor, bytes, at, bytes.length - at, start + at);
      if (count === 0) throw new Error(`pack ${pack} ends before ${start + bytes.length}`);
      at += count;
    }
  }

  /** Lets go of a pack that is about to be removed. */
  forget(pack: string): void {
    if (this.#current?.pack === pack) this.#current = undefined;
    this.#close(pack);
  }

  close(): void {
    this.#current = undefined;
    for (const pack of [...this.#open.keys()]) this.#close(pack);
  }

  #descriptor(pack: string, flags: 'a+' | 'r'): number {
    let descriptor = this.#open.get(pack);
    if (descriptor !== undefined) return descriptor;
    descriptor = openSync(this.#pathFor(pack), pack === this.#current?.pack ? 'a+' : flags);
    this.#open.set(pack, descriptor);
    const [oldest] = this.#open.keys();
    if (this.#open.size > MAX_OPEN_FILES && oldest !== undefined) this.#close(oldest);
    return descriptor;
  }

  #close(pack: string): void {
    const descriptor = this.#open.get(pack);
    if (descriptor !== undefined) closeSync(descriptor);
    this.#open.delete(pack);
  }
}
