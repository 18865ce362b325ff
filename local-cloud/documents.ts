/** A folder of JSON documents, one file each; every write is whole or absent, whenever the process is killed. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type * as z from 'zod';
import { replaceText } from './disk.ts';
import { readJson } from './read-json.ts';

const EXTENSION = '.json';

export class Documents<T> {
  readonly #dir: string;
  readonly #schema: z.ZodType<T>;

  constructor(dir: string, schema: z.ZodType<T>) {
    this.#dir = dir;
    this.#schema = schema;
    mkdirSync(dir, { recursive: true });
  }

  /** @throws Error that names the file that is not of the schema's form. */
  load(): Map<string, T> {
    const found = new Map<string, T>();
    for (const file of readdirSync(this.#dir)) {
      if (!file.endsWith(EXTENSION)) continue;
      const key = decodeURIComponent(file.slice(0, -EXTENSION.length));
      found.set(key, readJson(join(this.#dir, file), this.#schema));
    }
    return found;
  }

  save(key: string, value: T): void {
    replaceText(this.#file(key), JSON.stringify(value));
  }

  remove(key: string): void {
    rmSync(this.#file(key), { force: true });
  }

  #file(key: string): string {
    return join(this.#dir, `${encodeURIComponent(key)}${EXTENSION}`);
  }
}
