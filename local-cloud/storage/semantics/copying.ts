/** Objects made of objects: copy, rewrite, compose, move. No bytes are copied: blobs are shared and counted. */
import { randomBytes } from 'node:crypto';
import { ApiError, invalid, noSuchObject } from './api-error.ts';
import type { Buckets } from './buckets.ts';
import { combineCrc32c, decodeCrc32c, encodeCrc32c } from './checksums.ts';
import { isPlain } from '../../is-plain.ts';
import type { Json } from './merge-patch.ts';
import type { BlobPart, Content, ObjectAttributes, ObjectVersion, Preconditions } from './model.ts';
import { readAttributes, type Objects, type Placement } from './objects.ts';
import { checkPreconditions } from './preconditions.ts';

const MAX_COMPOSE_SOURCES = 32;
const MIN_REWRITE_BYTES = 1 << 20;

export interface Source {
  bucket: string;
  name: string;
  generation?: number;
  conditions: Preconditions;
}

export interface RewriteProgress {
  bytesRewritten: number;
  objectSize: number;
  /** Set while there is more to do. */
  token?: string;
  object?: ObjectVersion;
}

export class Copying {
  readonly #objects: Objects;
  readonly #buckets: Buckets;
  /**
   * Progress by token. The token stands for the whole operation: clients send the first one again and again.
   * One from before a restart begins at zero, as no bytes are really copied.
   */
  readonly #rewrites = new Map<string, { bytes: number; generation: number }>();

  constructor(objects: Objects, buckets: Buckets) {
    this.#objects = objects;
    this.#buckets = buckets;
  }

  /** `resource` replaces the source's properties when it names any; otherwise they are taken over. */
  copy(source: Source, target: Placement, resource: Json): ObjectVersion {
    const from = this.#source(source);
    this.#buckets.entry(target.bucket);
    return this.#objects.insert(target, contentOf(from), chosenAttributes(from, resource));
  }

  /** With `maxBytesPerCall`, a large object takes several calls, as between locations in the real service. */
  rewrite(
    source: Source,
    target: Placement,
    resource: Json,
    limits: { token?: string; maxBytesPerCall?: number },
  ): RewriteProgress {
    const from = this.#source(source);
    const { maxBytesPerCall } = limits;
    if (maxBytesPerCall !== undefined && (maxBytesPerCall < MIN_REWRITE_BYTES || maxBytesPerCall % MIN_REWRITE_BYTES)) {
      throw invalid('maxBytesRewrittenPerCall must be a multiple of 1048576.');
    }
    this.#objects.checkInsert(target);
    const token = limits.token ?? randomBytes(16).toString('hex');
    const before = this.#rewrites.get(token);
    const bytesBefore = before?.generation === from.generation ? before.bytes : 0;
    const bytes = Math.min(bytesBefore + (maxBytesPerCall ?? from.size), from.size);
    if (bytes < from.size) {
      this.#rewrites.set(token, { bytes, generation: from.generation });
      return { bytesRewritten: bytes, objectSize: from.size, token };
    }
    this.#rewrites.delete(token);
    return { bytesRewritten: bytes, objectSize: from.size, object: this.copy(source, target, resource) };
  }

  compose(sources: Source[], target: Placement, resource: Json, deleteSources = false): ObjectVersion {
    if (sources.length === 0) throw new ApiError(400, 'required', 'You must provide at least one source component.');
    if (sources.length > MAX_COMPOSE_SOURCES) {
      throw invalid(
        `The number of source components provided (${sources.length}) exceeds the maximum (${MAX_COMPOSE_SOURCES})`,
      );
    }
    const components = sources.map((source) => this.#component(source));
    const attributes = readAttributes(resource);
    attributes.contentType ??= components[0]?.attributes.contentType ?? 'application/octet-stream';
    const also = deleteSources ? this.#sourceDeletions(components, target) : [];
    return this.#objects.insert(target, concatenate(components), attributes, { also });
  }

  /** Renames within a bucket, at once. */
  move(source: Source, target: Placement): ObjectVersion {
    const from = this.#source(source);
    if (source.name === target.name) throw invalid('The source and destination object names must be different.');
    const also = [this.#objects.deletion(from, false)];
    return this.#objects.insert(target, contentOf(from), from.attributes, { also });
  }

  #source(source: Source): ObjectVersion {
    const from = this.#objects.find(source.bucket, source.name, source.generation);
    if (!from) throw noSuchObject(source.bucket, source.name);
    checkPreconditions(from, source.conditions, 'write');
    return from;
  }

  /** A missing component is named without its bucket, as the real service does. */
  #component(source: Source): ObjectVersion {
    const found = this.#objects.find(source.bucket, source.name, source.generation);
    if (!found) throw new ApiError(404, 'notFound', `Object ${source.name} not found.`, { xmlCode: 'NoSuchKey' });
    checkPreconditions(found, source.conditions, 'write');
    return found;
  }

  #sourceDeletions(components: ObjectVersion[], target: Placement) {
    const others = components.filter((component) => component.name !== target.name);
    return [...new Set(others)].map((component) => this.#objects.deletion(component, false));
  }
}

function contentOf(object: ObjectVersion): Content {
  const content: Content = { parts: object.parts, size: object.size, crc32c: object.crc32c };
  if (object.md5Hash !== undefined) content.md5Hash = object.md5Hash;
  if (object.componentCount !== undefined) content.componentCount = object.componentCount;
  return content;
}

function concatenate(components: ObjectVersion[]): Content {
  let crc = 0;
  let size = 0;
  let componentCount = 0;
  const parts: BlobPart[] = [];
  for (const component of components) {
    crc = combineCrc32c(crc, decodeCrc32c(component.crc32c), component.size);
    size += component.size;
    componentCount += component.componentCount ?? 1;
    parts.push(...component.parts);
  }
  return { parts, size, crc32c: encodeCrc32c(crc), componentCount };
}

function chosenAttributes(from: ObjectVersion, resource: Json): ObjectAttributes {
  const chosen = readAttributes(isPlain(resource) ? resource : {});
  if (Object.keys(chosen).length === 0) return from.attributes;
  return chosen.contentType === undefined && from.attributes.contentType !== undefined
    ? { ...chosen, contentType: from.attributes.contentType }
    : chosen;
}
