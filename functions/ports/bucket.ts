/** Cloud Storage in our words. Every write names its precondition; every call has a deadline. */

export interface ObjectInfo {
  name: string;
  generation: string;
  bytes: number;
  md5: string;
  updatedMs: number;
}

/** An object as it was read; `updatedMs` is the storage's own time. */
export interface StoredObject {
  bytes: Buffer;
  generation: string;
  updatedMs: number;
}

export interface Bucket {
  readonly name: string;
  /**
   * Null when there is no such object. `maxBytes` guards memory: a larger object is a PortError FF-OBJECT-TOO-LARGE.
   */
  read(name: string, maxBytes: number): Promise<StoredObject | null>;
  /** What the storage knows of one object; null when there is none. */
  info(name: string): Promise<ObjectInfo | null>;
  /**
   * All objects below a prefix, in name order; `glob` narrows on the server. More than `most` say that there are more:
   * the rest is not listed.
   */
  list(prefix: string, options?: { glob?: string; most?: number }): Promise<ObjectInfo[]>;
  /** What all objects below a prefix have together; keeps no list of them. */
  bytesBelow(prefix: string): Promise<number>;
  /** Names directly below a prefix that end in `/`. */
  listFolders(prefix: string): Promise<string[]>;
  /**
   * Writes the whole object. `ifGeneration` '0' = must not exist. Answers the new generation.
   * @throws PreconditionError when the object has moved on.
   */
  write(name: string, bytes: Buffer | string, options: { ifGeneration?: string; contentType: string }): Promise<string>;
  /** As `write`, of what is made while it is written; an object that is there is replaced. Not for a second try. */
  writeChunks(name: string, chunks: AsyncIterable<Buffer>, options: { contentType: string }): Promise<string>;
  /** Deleting what is gone is success. With `ifGeneration`, a newer object stays and that is success as well. */
  remove(name: string, options?: { ifGeneration?: string }): Promise<void>;
  /** A GET URL for this version of the object that needs no credentials. */
  signedUrl(name: string, options: { generation?: string; validSeconds: number }): Promise<string>;
  /** A form that lets its holder create objects below `prefix`, and nothing else. */
  signedUpload(
    prefix: string,
    options: { validSeconds: number; maxBytes: number },
  ): Promise<{ url: string; fields: Record<string, string> }>;
}

export interface Buckets {
  /** Users write, functions read (and write status.json). */
  uploads: Bucket;
  /** Functions only. */
  state: Bucket;
  /** Written once, never overwritten, never deleted by us. */
  results: Bucket;
  /** A bucket of the allow list that a job file names by gs://; read only. */
  foreign(name: string): Bucket;
}
