/** A folder of JSON documents, one file each; every write is whole or absent, whenever the process is killed. */
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const EXTENSION = '.json';

export class Documents<T> {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
    mkdirSync(dir, { recursive: true });
  }

  load(): Map<string, T> {
    const found = new Map<string, T>();
    for (const file of readdirSync(this.#dir)) {
      if (!file.endsWith(EXTENSION)) continue;
      const key = decodeURIComponent(file.slice(0, -EXTENSION.length));
      found.set(key, JSON.parse(readFileSync(join(this.#dir, file), 'utf8')) as T);
    }
    return found;
  }

  save(key: string, value: T): void {
    const file = this.#file(key);
    writeFileSync(`${file}.tmp`, JSON.stringify(value));
    renameSync(`${file}.tmp`, file);
  }

  remove(key: string): void {
    rmSync(this.#file(key), { force: true });
  }

  #file(key: string): string {
    return join(this.#dir, `${encodeURIComponent(key)}${EXTENSION}`);
  }
}
