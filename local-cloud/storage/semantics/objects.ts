/**
 * Objects: insert, look up, change, delete. Every change is checked and committed in one synchronous step,
 * so that of two writers with the same precondition exactly one wins.
 */
import { ApiError, invalid, noSuchObject } from './api-error.ts';
import type { Buckets } from './buckets.ts';
import { isPlain } from '../../is-plain.ts';
import { mergePatch, type Json } from './merge-patch.ts';
import {
  objectAttributes,
  type Content,
  type LogRecord,
  type ObjectAttributes,
  type ObjectVersion,
  type Preconditions,
} from './model.ts';
import { checkObjectName } from './names.ts';
import { isVersioned } from './object-index.ts';
import { checkPreconditions } from './preconditions.ts';
import type { StorageState } from './state.ts';
import type { WriteRate } from './write-rate.ts';

export interface Placement {
  bucket: string;
  name: string;
  conditions: Preconditions;
}

export class Objects {
  readonly #state: StorageState;
  readonly #buckets: Buckets;
  readonly #rate: WriteRate;
  /** Told of every version that became live, after it is safe. */
  onEvent: (event: number) => void = () => undefined;

  constructor(state: StorageState, buckets: Buckets, rate: WriteRate) {
    this.#state = state;
    this.#buckets = buckets;
    this.#rate = rate;
  }

  /** The live version, or the one of that generation. */
  find(bucket: string, name: string, generation?: number): ObjectVersion | undefined {
    const entry = this.#buckets.entry(bucket).objects.get(name);
    if (generation === undefined || entry?.live?.generation === generation) return entry?.live;
    return entry?.noncurrent.find((version) => version.generation === generation);
  }

  get(bucket: string, name: string, generation?: number, conditions: Preconditions = {}): ObjectVersion {
    const object = this.find(bucket, name, generation);
    if (!object) throw noSuchObject(bucket, name);
    checkPreconditions(object, conditions, 'read');
    return object;
  }

  /** What can be said against an insert before its bytes are there. Holds nothing: `insert` looks again. */
  checkInsert({ bucket, name, conditions }: Placement): void {
    checkObjectName(name);
    const before = this.find(bucket, name);
    checkPreconditions(before, conditions, 'write');
    if (before) refuseIfHeld(before);
  }

  /** Makes the content the live version of the name. `also` takes effect in the same instant. */
  insert(
    placement: Placement,
    content: Content,
    attributes: ObjectAttributes,
    extra: { upload?: string; also?: LogRecord[] } = {},
  ): ObjectVersion {
    this.checkInsert(placement);
    this.#rate.take(placement.bucket, placement.name);
    const nowMs = this.#state.clock.nowMs();
    const object: ObjectVersion = {
      bucket: placement.bucket,
      name: placement.name,
      generation: this.#state.nextGeneration(),
      metageneration: 1,
      ...content,
      timeCreatedMs: nowMs,
      updatedMs: nowMs,
      attributes,
    };
    const event = this.#state.nextEvent();
    const put: LogRecord = { t: 'put', object, event };
    if (extra.upload !== undefined) put.upload = extra.upload;
    this.#state.commit(put, ...(extra.also ?? []));
    this.onEvent(event);
    return object;
  }

  /** Merges (`patch`) or replaces (`update`) what may be changed without writing the bytes anew. */
  change(placement: Placement, generation: number | undefined, resource: Json, how: 'patch' | 'update'): ObjectVersion {
    const { bucket, name, conditions } = placement;
    const before = this.find(bucket, name, generation);
    if (!before) throw noSuchObject(bucket, name);
    checkPreconditions(before, conditions, 'write');
    this.#rate.take(bucket, name);
    const attributes = readAttributes(mergePatch(how === 'patch' ? before.attributes : {}, resource));
    const object = {
      ...before,
      attributes,
      metageneration: before.metageneration + 1,
      updatedMs: this.#state.clock.nowMs(),
    };
    this.#state.commit({ t: 'patch', object });
    return object;
  }

  /**
   * Without generation: the live version, which a versioned bucket keeps as noncurrent. With: that version for good.
   */
  delete(placement: Placement, generation?: number): void {
    const { bucket, name, conditions } = placement;
    const victim = this.find(bucket, name, generation);
    if (!victim) throw noSuchObject(bucket, name);
    checkPreconditions(victim, conditions, 'write');
    refuseIfHeld(victim);
    this.#rate.take(bucket, name);
    this.#state.commit(this.deletion(victim, generation !== undefined));
  }

  deletion(victim: ObjectVersion, forGood: boolean): LogRecord {
    const { bucket, name, generation } = victim;
    if (!forGood && isVersioned(this.#buckets.get(bucket))) {
      return { t: 'archive', bucket, name, timeDeletedMs: this.#state.clock.nowMs() };
    }
    return { t: 'drop', bucket, name, generation };
  }
}

/** Takes the writable properties out of an object resource. */
export function readAttributes(resource: Json): ObjectAttributes {
  const given = Object.fromEntries(
    Object.entries(resource).filter(([, value]) => value !== undefined && value !== null),
  );
  const metadata = isPlain(given.metadata) ? { metadata: readMetadata(given.metadata) } : {};
  const attributes = objectAttributes.safeParse({ ...given, ...metadata });
  if (attributes.success) return attributes.data;
  throw invalid(`Invalid value for ${attributes.error.issues[0]?.path.join('.')}.`);
}

function readMetadata(metadata: Json): Record<string, string> {
  const entries = Object.entries(metadata);
  if (entries.some(([, value]) => typeof value === 'object' && value !== null)) {
    throw invalid('Invalid value for metadata: values must be strings.');
  }
  return Object.fromEntries(entries.filter(([, value]) => value !== null).map(([key, value]) => [key, String(value)]));
}

function refuseIfHeld(object: ObjectVersion): void {
  if (!object.attributes.temporaryHold && !object.attributes.eventBasedHold) return;
  const message =
    `Object '${object.bucket}/${object.name}' is under active hold and cannot be deleted, overwritten or ` +
    'archived until hold is removed.';
  throw new ApiError(403, 'forbidden', message, { xmlCode: 'AccessDenied' });
}
