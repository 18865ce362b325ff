/** One small file for each resumable upload under way, so that it can go on after a restart. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as z from 'zod';
import { parseJson } from '../../read-json.ts';

export class SessionFiles<S> {
  readonly #folder: string;
  readonly #schema: z.ZodType<S>;

  constructor(folder: string, schema: z.ZodType<S>) {
    this.#folder = folder;
    this.#schema = schema;
    mkdirSync(folder, { recursive: true });
  }

  save(id: string, session: S): void {
    writeFileSync(join(this.#folder, `${id}.json`), JSON.stringify(session));
  }

  remove(id: string): void {
    rmSync(join(this.#folder, `${id}.json`), { force: true });
  }

  /** A file that a killed process left half-written is of a session that nobody was told of. */
  load(): Map<string, S> {
    const sessions = new Map<string, S>();
    for (const file of readdirSync(this.#folder)) {
      const text = readFileSync(join(this.#folder, file), 'utf8');
      try {
        sessions.set(file.slice(0, -'.json'.length), parseJson(text, this.#schema));
      } catch {
        rmSync(join(this.#folder, file));
      }
    }
    return sessions;
  }
}
