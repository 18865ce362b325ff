/** Text of one JSON value a line, both ways. A line that is not what it should be is left out, and counted. */
import type * as z from 'zod';

export interface ParsedLines<Line> {
  lines: Line[];
  /** How many were left out. */
  damaged: number;
}

/** The lines that are of the schema's form, in their order, and how many are not. Throws nothing. */
export function parseJsonLines<Line>(text: string, schema: z.ZodType<Line>): ParsedLines<Line> {
  const lines: Line[] = [];
  let damaged = 0;
  for (const json of text.split('\n')) {
    if (json === '') continue;
    const line = parseJson(json, schema);
    if (line === undefined) damaged += 1;
    else lines.push(line);
  }
  return { lines, damaged };
}

/** Undefined: the text is no JSON, or says something else than the schema. */
export function parseJson<Value>(json: string, schema: z.ZodType<Value>): Value | undefined {
  try {
    return schema.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}

/** One JSON text a line, each with its line end. */
export function formatJsonLines(lines: readonly unknown[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}
