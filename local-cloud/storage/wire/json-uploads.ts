/** JSON API: the three ways to upload (media, multipart, resumable). */
import { createGunzip } from 'node:zlib';
import { ApiError, invalid } from '../semantics/api-error.ts';
import { readExpectedHashes } from '../semantics/incoming.ts';
import { mergePatch, type Json } from '../semantics/merge-patch.ts';
import { checkObjectName } from '../semantics/names.ts';
import type { Placement } from '../semantics/objects.ts';
import { readAttributes } from '../semantics/objects.ts';
import { readPreconditions } from '../semantics/preconditions.ts';
import { objectResource } from '../semantics/resource.ts';
import type { ChunkRange } from '../semantics/resumable.ts';
import type { StorageService } from '../semantics/storage-service.ts';
import { bodyBytes, bucketOf, header, jsonReply, parseJson, readJson, type Call, type Reply } from './call.ts';
import { boundaryOf, MultipartReader } from './multipart.ts';

const MAX_RESOURCE_BYTES = 1 << 20;
const DEFAULT_TYPE = 'application/octet-stream';

export class JsonUploads {
  readonly #service: StorageService;

  constructor(service: StorageService) {
    this.#service = service;
  }

  /** uploadType=media: the body is the object. */
  media = (call: Call): Promise<Reply> => {
    const resource = withDefaults(call, {}, header(call, 'content-type'));
    return this.#store(call, resource, bodyOf(call));
  };

  /** uploadType=multipart: the object resource, then the bytes. */
  multipart = async (call: Call): Promise<Reply> => {
    const boundary = boundaryOf(header(call, 'content-type'));
    if (boundary === undefined) throw invalid('Malformed multipart body.');
    const reader = new MultipartReader(bodyOf(call), boundary);
    if (!(await reader.next())) throw invalid('Malformed multipart body.');
    const given = parseJson(await reader.text(MAX_RESOURCE_BYTES));
    const headers = await reader.next();
    if (!headers) throw invalid('Malformed multipart body.');
    return this.#store(call, withDefaults(call, given, headers.get('content-type')), toTheEnd(reader));
  };

  /** uploadType=resumable, POST: begins a session. */
  start = async (call: Call): Promise<Reply> => {
    const given = await readJson(bodyOf(call));
    const resource = withDefaults(call, given, header(call, 'x-upload-content-type'));
    const id = this.#service.uploads.start(placementOf(call, resource), resource);
    const query = new URLSearchParams({ uploadType: 'resumable', name: String(resource.name), upload_id: id });
    return {
      status: 200,
      headers: {
        location: `${call.base}/upload/storage/v1/b/${bucketOf(call)}/o?${query.toString()}`,
        'x-guploader-uploadid': id,
        'content-length': '0',
      },
    };
  };

  /** PUT to a session: bytes, or a question. */
  resume = async (call: Call): Promise<Reply> => {
    const id = uploadOf(call);
    const range = readChunkRange(header(call, 'content-range'));
    const answer = await this.#service.uploads.receive(id, range, bodyOf(call), header(call, 'x-goog-hash'));
    if ('object' in answer) return jsonReply(objectResource(answer.object, call.base));
    const { persistedBytes } = answer;
    return {
      status: 308,
      headers: {
        'x-guploader-uploadid': id,
        'content-length': '0',
        ...(persistedBytes > 0 ? { range: `bytes=0-${persistedBytes - 1}` } : {}),
      },
    };
  };

  /** DELETE of a session. 499 is what the real service answers to a cancellation that worked. */
  cancel = (call: Call): Reply => {
    this.#service.uploads.cancel(uploadOf(call));
    return { status: 499, headers: { 'content-length': '0' } };
  };

  async #store(call: Call, resource: Json, bytes: AsyncIterable<Buffer>): Promise<Reply> {
    const placement = placementOf(call, resource);
    this.#service.objects.checkInsert(placement);
    const object = await this.#service.store(
      bytes,
      () => readExpectedHashes(resource, header(call, 'x-goog-hash')),
      (content) => this.#service.objects.insert(placement, content, readAttributes(resource)),
    );
    return jsonReply(objectResource(object, call.base));
  }
}

/** Content-Encoding of the request is for the way only: what is stored is what was packed. */
function bodyOf(call: Call): AsyncIterable<Buffer> {
  if (header(call, 'content-encoding') !== 'gzip') return bodyBytes(call);
  const unpacked = createGunzip();
  call.request.on('error', (error) => unpacked.destroy(error));
  unpacked.on('error', () => call.request.resume());
  return call.request.pipe(unpacked).iterator({ destroyOnReturn: false });
}

/** The bytes, and after them the end of the multipart body: an upload that breaks off before it is none. */
async function* toTheEnd(reader: MultipartReader): AsyncGenerator<Buffer> {
  yield* reader.content();
  if (await reader.next()) throw invalid('Malformed multipart body.');
}

/** Query parameters win over the resource for the name; the resource wins for the content type. */
function withDefaults(call: Call, given: Json, contentType: string | undefined): Json {
  const resource = mergePatch({}, given);
  const name = call.query.get('name');
  if (name !== null) resource.name = name;
  const encoding = call.query.get('contentEncoding');
  if (encoding) resource.contentEncoding = encoding;
  resource.contentType ??= contentType ?? DEFAULT_TYPE;
  return resource;
}

/** The session of an upload; the table of routes sees to it that there is one. */
function uploadOf(call: Call): string {
  return call.query.get('upload_id') ?? '';
}

function placementOf(call: Call, resource: Json): Placement {
  const { name } = resource;
  checkObjectName(name);
  return { bucket: bucketOf(call), name, conditions: readPreconditions(call.query) };
}

/** No header: the body is the rest of the object from its first byte. */
function readChunkRange(text: string | undefined): ChunkRange {
  if (text === undefined) return { first: 0 };
  const [, first, last, total] = /^bytes (?:(\d+)-(\d+|\*)|\*)\/(\d+|\*)$/.exec(text.trim()) ?? [];
  if (total === undefined) throw new ApiError(400, 'badRequest', `Failed to parse Content-Range header: ${text}`);
  const range: ChunkRange = {};
  if (first !== undefined) range.first = Number(first);
  if (last !== undefined && last !== '*') range.last = Number(last);
  if (total !== '*') range.total = Number(total);
  return range;
}
