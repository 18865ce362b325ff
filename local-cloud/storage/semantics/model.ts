/** What is remembered of buckets and objects, and the records of the metadata log. No behaviour here. */
import type { Place } from '../disk/blobs.ts';

export interface Bucket {
  name: string;
  timeCreatedMs: number;
  updatedMs: number;
  metageneration: number;
  /** What the caller configured (versioning, labels, lifecycle ...), as in the JSON resource. */
  config: Record<string, unknown>;
}

/** A stretch of a blob file that holds a stretch of an object's bytes. */
export type BlobPart = Place;

/** Properties that the writer of an object chooses. */
export interface ObjectAttributes {
  contentType?: string;
  contentEncoding?: string;
  contentDisposition?: string;
  contentLanguage?: string;
  cacheControl?: string;
  customTime?: string;
  storageClass?: string;
  temporaryHold?: boolean;
  eventBasedHold?: boolean;
  metadata?: Record<string, string>;
}

export interface ObjectVersion {
  bucket: string;
  name: string;
  /** Microseconds since 1970, strictly increasing in the whole service. */
  generation: number;
  metageneration: number;
  size: number;
  parts: BlobPart[];
  crc32c: string;
  /** Absent for composed objects, as in the real service. */
  md5Hash?: string;
  componentCount?: number;
  timeCreatedMs: number;
  updatedMs: number;
  /** Set once the version is no longer the live one. */
  timeDeletedMs?: number;
  attributes: ObjectAttributes;
}

export interface Preconditions {
  ifGenerationMatch?: number;
  ifGenerationNotMatch?: number;
  ifMetagenerationMatch?: number;
  ifMetagenerationNotMatch?: number;
}

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
export type LogRecord =
  | { t: 'bucket'; bucket: Bucket }
  | { t: 'bucket-gone'; name: string }
  | { t: 'put'; object: ObjectVersion; event: number; upload?: string }
  | { t: 'patch'; object: ObjectVersion }
  | { t: 'archive'; bucket: string; name: string; timeDeletedMs: number }
  | { t: 'drop'; bucket: string; name: string; generation: number }
  | { t: 'ack'; events: number[] }
  | { t: 'version'; object: ObjectVersion }
  | { t: 'event'; event: number; object: ObjectVersion }
  | { t: 'upload'; upload: string; object: ObjectVersion }
  | { t: 'counters'; generation: number; event: number };
