/**
 * JSON that was written earlier, by this program or by one of another version, read back through a schema: what is not
 * of that form is not taken for it.
 */
import { readFileSync } from 'node:fs';
import * as z from 'zod';

/** @throws SyntaxError for a text that is no JSON (one cut short), TypeError for JSON of another form. */
export function parseJson<T>(text: string, schema: z.ZodType<T>): T {
  const result = schema.safeParse(JSON.parse(text));
  if (result.success) return result.data;
  throw new TypeError(`not of the form that was written: ${z.prettifyError(result.error)}`);
}

/** @throws Error that names the file; ENOENT where it is absent. */
export function readJson<T>(file: string, schema: z.ZodType<T>): T {
  const text = readFileSync(file, 'utf8');
  try {
    return parseJson(text, schema);
  } catch (error) {
    throw new Error(`${file} cannot be read`, { cause: error });
  }
}

/** Of a text that nobody answers for: a line cut short by a crash, or somebody else's. Undefined: not of that form. */
export function parseJsonIfWhole<T>(text: string, schema: z.ZodType<T>): T | undefined {
  try {
    return parseJson(text, schema);
  } catch {
    return undefined;
  }
}

/** Of a file that may be absent, or whose loss costs nothing. Undefined: absent, or not of that form. */
export function readJsonIfWhole<T>(file: string, schema: z.ZodType<T>): T | undefined {
  try {
    return readJson(file, schema);
  } catch {
    return undefined;
  }
}
