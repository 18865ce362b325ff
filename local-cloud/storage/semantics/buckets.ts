/** Buckets: create, look up, list, change, delete. */
import { ApiError, noSuchBucket } from './api-error.ts';
import type { Bucket } from './model.ts';
import { checkBucketName } from './names.ts';
import { mergePatch, type Json } from './merge-patch.ts';
import type { BucketEntry } from './object-index.ts';
import { checkPreconditions } from './preconditions.ts';
import type { Preconditions } from './model.ts';
import type { StorageState } from './state.ts';

/** Fields of the resource that the service fills in itself. */
const COMPUTED = [
  'kind',
  'id',
  'name',
  'selfLink',
  'projectNumber',
  'metageneration',
  'timeCreated',
  'updated',
  'etag',
];

export class Buckets {
  readonly #state: StorageState;

  constructor(state: StorageState) {
    this.#state = state;
  }

  entry(name: string): BucketEntry {
    const entry = this.#state.index.buckets.get(name);
    if (!entry) throw noSuchBucket();
    return entry;
  }

  get(name: string, conditions: Preconditions = {}): Bucket {
    const { bucket } = this.entry(name);
    checkBucketConditions(bucket, conditions, 'read');
    return bucket;
  }

  list(prefix = ''): Bucket[] {
    const all = [...this.#state.index.buckets.values()].map((entry) => entry.bucket);
    return all.filter((bucket) => bucket.name.startsWith(prefix)).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  create(resource: Json): Bucket {
    const name = resource.name;
    checkBucketName(name);
    if (this.#state.index.buckets.has(name)) {
      const message = 'Your previous request to create the named bucket succeeded and you already own it.';
      throw new ApiError(409, 'conflict', message, { xmlCode: 'BucketAlreadyOwnedByYou' });
    }
    const nowMs = this.#state.clock.nowMs();
    const config = withoutComputed(mergePatch({}, resource));
    const bucket: Bucket = { name, timeCreatedMs: nowMs, updatedMs: nowMs, metageneration: 1, config };
    this.#state.commit({ t: 'bucket', bucket });
    return bucket;
  }

  /** Merges (`patch`) or replaces (`update`) the configuration. */
  change(name: string, resource: Json, how: 'patch' | 'update', conditions: Preconditions): Bucket {
    const { bucket: before } = this.entry(name);
    checkBucketConditions(before, conditions, 'write');
    const config = withoutComputed(mergePatch(how === 'patch' ? before.config : {}, resource));
    const bucket = {
      ...before,
      config,
      metageneration: before.metageneration + 1,
      updatedMs: this.#state.clock.nowMs(),
    };
    this.#state.commit({ t: 'bucket', bucket });
    return bucket;
  }

  delete(name: string, conditions: Preconditions): void {
    const { bucket, objects } = this.entry(name);
    checkBucketConditions(bucket, conditions, 'write');
    if (objects.size > 0) {
      throw new ApiError(409, 'conflict', 'The bucket you tried to delete is not empty.', {
        xmlCode: 'BucketNotEmpty',
      });
    }
    this.#state.commit({ t: 'bucket-gone', name });
  }
}

/** Buckets have only a metageneration to hold a condition against. */
function checkBucketConditions(bucket: Bucket, conditions: Preconditions, purpose: 'read' | 'write'): void {
  const { ifMetagenerationMatch, ifMetagenerationNotMatch } = conditions;
  const relevant: Preconditions = {};
  if (ifMetagenerationMatch !== undefined) relevant.ifMetagenerationMatch = ifMetagenerationMatch;
  if (ifMetagenerationNotMatch !== undefined) relevant.ifMetagenerationNotMatch = ifMetagenerationNotMatch;
  checkPreconditions({ generation: 1, metageneration: bucket.metageneration }, relevant, purpose);
}

function withoutComputed(config: Json): Json {
  return Object.fromEntries(Object.entries(config).filter(([key]) => !COMPUTED.includes(key)));
}
