/**
 * The state of the service in memory: what the records of the metadata log add up to.
 * Changes only by `apply`, so that the state after a restart is the state before it.
 */
import { isPlain } from '../../is-plain.ts';
import type { Bucket, LogRecord, ObjectVersion } from './model.ts';
import { SortedNames } from './sorted-names.ts';

/** A finished resumable upload is remembered this long, so that a client that lost the answer can ask again. */
const UPLOAD_MEMORY_MS = 7 * 24 * 3600 * 1000;

export interface NameEntry {
  live?: ObjectVersion;
  /** Oldest first. */
  noncurrent: ObjectVersion[];
}

export interface BucketEntry {
  bucket: Bucket;
  names: SortedNames;
  objects: Map<string, NameEntry>;
}

export class ObjectIndex {
  readonly buckets = new Map<string, BucketEntry>();
  /** Finalize events that nobody has confirmed yet, by number. */
  readonly pendingEvents = new Map<number, ObjectVersion>();
  readonly finishedUploads = new Map<string, ObjectVersion>();
  lastGeneration = 0;
  lastEvent = 0;
  versionCount = 0;
  readonly #blobUses = new Map<string, number>();
  #releasedBlobs: string[] = [];

  apply(record: LogRecord): void {
    switch (record.t) {
      case 'bucket':
        this.#applyBucket(record.bucket);
        break;
      case 'bucket-gone':
        this.buckets.delete(record.name);
        break;
      case 'put':
        this.#applyPut(record.object, record.event, record.upload);
        break;
      case 'patch':
        this.#applyPatch(record.object);
        break;
      case 'archive':
        this.#archive(record.bucket, record.name, record.timeDeletedMs);
        break;
      case 'drop':
        this.#drop(record.bucket, record.name, record.generation);
        break;
      case 'ack':
        for (const event of record.events) this.pendingEvents.delete(event);
        break;
      default:
        this.#applySnapshot(record);
    }
  }

  /** Blobs that no version needs any more since the last call. */
  takeReleasedBlobs(): string[] {
    const released = this.#releasedBlobs.filter((blob) => !this.#blobUses.has(blob));
    this.#releasedBlobs = [];
    return released;
  }

  usesBlob(blob: string): boolean {
    return this.#blobUses.has(blob);
  }

  /** Keeps blobs while they are read, even if their object goes meanwhile. */
  retain(blobs: Iterable<string>): void {
    for (const blob of blobs) this.#blobUses.set(blob, (this.#blobUses.get(blob) ?? 0) + 1);
  }

  release(blobs: Iterable<string>): void {
    for (const blob of blobs) {
      const uses = (this.#blobUses.get(blob) ?? 0) - 1;
      if (uses > 0) this.#blobUses.set(blob, uses);
      else {
        this.#blobUses.delete(blob);
        this.#releasedBlobs.push(blob);
      }
    }
  }

  /** How many records a snapshot would have, roughly. */
  get recordCount(): number {
    return this.buckets.size + this.versionCount + this.pendingEvents.size + this.finishedUploads.size;
  }

  /** The records that rebuild this state from nothing. */
  *snapshot(nowMs: number): Generator<LogRecord> {
    yield { t: 'counters', generation: this.lastGeneration, event: this.lastEvent };
    for (const entry of this.buckets.values()) {
      yield { t: 'bucket', bucket: entry.bucket };
      for (const { live, noncurrent } of entry.objects.values()) {
        for (const object of noncurrent) yield { t: 'version', object };
        if (live) yield { t: 'version', object: live };
      }
    }
    for (const [event, object] of this.pendingEvents) yield { t: 'event', event, object };
    for (const [upload, object] of this.finishedUploads) {
      if (nowMs - object.timeCreatedMs < UPLOAD_MEMORY_MS) yield { t: 'upload', upload, object };
    }
  }

  #applyBucket(bucket: Bucket): void {
    const entry = this.buckets.get(bucket.name);
    if (entry) entry.bucket = bucket;
    else this.buckets.set(bucket.name, { bucket, names: new SortedNames(), objects: new Map() });
  }

  #applyPut(object: ObjectVersion, event: number, upload: string | undefined): void {
    const entry = this.#nameEntry(object);
    if (!entry) return;
    if (entry.live) this.#retire(object.bucket, entry, entry.live, object.timeCreatedMs);
    entry.live = object;
    this.#added(object);
    this.pendingEvents.set(event, object);
    this.lastEvent = Math.max(this.lastEvent, event);
    if (upload !== undefined) this.finishedUploads.set(upload, object);
  }

  #applyPatch(object: ObjectVersion): void {
    const entry = this.buckets.get(object.bucket)?.objects.get(object.name);
    if (entry?.live?.generation === object.generation) entry.live = object;
    const at = entry?.noncurrent.findIndex((version) => version.generation === object.generation) ?? -1;
    if (entry && at >= 0) entry.noncurrent[at] = object;
  }

  #archive(bucket: string, name: string, timeDeletedMs: number): void {
    const entry = this.buckets.get(bucket)?.objects.get(name);
    if (!entry?.live) return;
    entry.noncurrent.push({ ...entry.live, timeDeletedMs });
    delete entry.live;
  }

  #drop(bucket: string, name: string, generation: number): void {
    const bucketEntry = this.buckets.get(bucket);
    const entry = bucketEntry?.objects.get(name);
    if (!bucketEntry || !entry) return;
    const victim = [entry.live, ...entry.noncurrent].find((version) => version?.generation === generation);
    if (!victim) return;
    if (victim === entry.live) delete entry.live;
    entry.noncurrent = entry.noncurrent.filter((version) => version !== victim);
    this.#removed(victim);
    if (entry.live || entry.noncurrent.length > 0) return;
    bucketEntry.objects.delete(name);
    bucketEntry.names.delete(name);
  }

  #applySnapshot(record: Extract<LogRecord, { t: 'version' | 'event' | 'upload' | 'counters' }>): void {
    switch (record.t) {
      case 'version': {
        const entry = this.#nameEntry(record.object);
        if (!entry) return;
        if (record.object.timeDeletedMs === undefined) entry.live = record.object;
        else entry.noncurrent.push(record.object);
        this.#added(record.object);
        break;
      }
      case 'event':
        this.pendingEvents.set(record.event, record.object);
        break;
      case 'upload':
        this.finishedUploads.set(record.upload, record.object);
        break;
      case 'counters':
        this.lastGeneration = Math.max(this.lastGeneration, record.generation);
        this.lastEvent = Math.max(this.lastEvent, record.event);
        break;
    }
  }

  /** The version before the new one: kept in a versioned bucket, gone otherwise. */
  #retire(bucket: string, entry: NameEntry, before: ObjectVersion, timeDeletedMs: number): void {
    const home = this.buckets.get(bucket);
    if (home && isVersioned(home.bucket)) entry.noncurrent.push({ ...before, timeDeletedMs });
    else this.#removed(before);
  }

  #nameEntry(object: ObjectVersion): NameEntry | undefined {
    const bucketEntry = this.buckets.get(object.bucket);
    if (!bucketEntry) return undefined;
    let entry = bucketEntry.objects.get(object.name);
    if (!entry) {
      entry = { noncurrent: [] };
      bucketEntry.objects.set(object.name, entry);
      bucketEntry.names.add(object.name);
    }
    return entry;
  }

  #added(object: ObjectVersion): void {
    this.lastGeneration = Math.max(this.lastGeneration, object.generation);
    this.versionCount++;
    this.retain(object.parts.map((part) => part.blob));
  }

  #removed(object: ObjectVersion): void {
    this.versionCount--;
    this.release(object.parts.map((part) => part.blob));
  }
}

export function isVersioned(bucket: Bucket): boolean {
  const { versioning } = bucket.config;
  return isPlain(versioning) && versioning.enabled === true;
}
