/** What is remembered of buckets and objects, and the records of the metadata log. No behaviour here. */
import * as z from 'zod';
import { place, type Place } from '../disk/blobs.ts';

const bucketSchema = z.object({
  name: z.string(),
  timeCreatedMs: z.number(),
  updatedMs: z.number(),
  metageneration: z.number(),
  /** What the caller configured (versioning, labels, lifecycle ...), as in the JSON resource. */
  config: z.record(z.string(), z.unknown()),
});
export type Bucket = z.infer<typeof bucketSchema>;

/** A stretch of a blob file that holds a stretch of an object's bytes. */
export type BlobPart = Place;

const text = z.exactOptional(z.string());
const flag = z.exactOptional(z.boolean());

/** Properties that the writer of an object chooses. */
export const objectAttributes = z.object({
  contentType: text,
  contentEncoding: text,
  contentDisposition: text,
  contentLanguage: text,
  cacheControl: text,
  customTime: text,
  storageClass: text,
  temporaryHold: flag,
  eventBasedHold: flag,
  metadata: z.exactOptional(z.record(z.string(), z.string())),
});
export type ObjectAttributes = z.infer<typeof objectAttributes>;

const objectVersion = z.object({
  bucket: z.string(),
  name: z.string(),
  /** Microseconds since 1970, strictly increasing in the whole service. */
  generation: z.number(),
  metageneration: z.number(),
  size: z.number(),
  parts: z.array(place),
  crc32c: z.string(),
  /** Absent for composed objects, as in the real service. */
  md5Hash: text,
  componentCount: z.exactOptional(z.number()),
  timeCreatedMs: z.number(),
  updatedMs: z.number(),
  /** Set once the version is no longer the live one. */
  timeDeletedMs: z.exactOptional(z.number()),
  attributes: objectAttributes,
});
export type ObjectVersion = z.infer<typeof objectVersion>;

const count = z.exactOptional(z.number());

export const preconditions = z.object({
  ifGenerationMatch: count,
  ifGenerationNotMatch: count,
  ifMetagenerationMatch: count,
  ifMetagenerationNotMatch: count,
});
export type Preconditions = z.infer<typeof preconditions>;

/** Bytes that are on disk and wait for a name. */
export interface Content {
  parts: BlobPart[];
  size: number;
  crc32c: string;
  md5Hash?: string;
  componentCount?: number;
}

/**
 * One change. A line of the log is a list of records that take effect together.
 * `put` makes a version live; what happens to the version before it follows from the bucket's versioning at that point
 * of the log. `version`, `event`, `counters` and `upload` are written by compaction only.
 */
const name = z.string();
const object = objectVersion;
export const logRecord = z.discriminatedUnion('t', [
  z.object({ t: z.literal('bucket'), bucket: bucketSchema }),
  z.object({ t: z.literal('bucket-gone'), name }),
  z.object({ t: z.literal('put'), object, event: z.number(), upload: text }),
  z.object({ t: z.literal('patch'), object }),
  z.object({ t: z.literal('archive'), bucket: name, name, timeDeletedMs: z.number() }),
  z.object({ t: z.literal('drop'), bucket: name, name, generation: z.number() }),
  z.object({ t: z.literal('ack'), events: z.array(z.number()) }),
  z.object({ t: z.literal('version'), object }),
  z.object({ t: z.literal('event'), event: z.number(), object }),
  z.object({ t: z.literal('upload'), upload: z.string(), object }),
  z.object({ t: z.literal('counters'), generation: z.number(), event: z.number() }),
]);
export type LogRecord = z.infer<typeof logRecord>;
