// Every key of the job file with its place, for "did you mean": read off the schema.
import * as z from 'zod';
import { jobFileSchema } from './job-schema.ts';

/** Such as "script", "limits.usd", "data[].object"; those of an outer group come before those of an inner one. */
export const knownKeys: readonly string[] = keysOf(jobFileSchema).toSorted((a, b) => depthOf(a) - depthOf(b));

function keysOf(schema: z.core.$ZodType, place = ''): string[] {
  const inner = withoutWrappers(schema);
  if (inner instanceof z.ZodArray) return keysOf(inner.element, `${place}[]`);
  if (!(inner instanceof z.ZodObject)) return [];
  const prefix = place === '' ? '' : `${place}.`;
  return Object.entries<z.core.$ZodType>(inner.shape).flatMap(([key, value]) => [
    prefix + key,
    ...keysOf(value, prefix + key),
  ]);
}

/** What may also be absent or null is the same key. */
function withoutWrappers(schema: z.core.$ZodType): z.core.$ZodType {
  const isWrapper =
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodOptional;
  return isWrapper ? withoutWrappers(schema.unwrap()) : schema;
}

function depthOf(key: string): number {
  return key.split('.').length;
}
