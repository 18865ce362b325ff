/** Writes an answer. Small contents go out in one piece; large ones are streamed, blob after blob. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { ObjectVersion } from '../semantics/model.ts';
import type { StorageService } from '../semantics/storage-service.ts';
import type { ContentBody, Reply } from './call.ts';

/** Up to this size a synchronous read out of the page cache is several times cheaper than a stream. */
const SMALL_BYTES = 256 * 1024;

export async function sendReply(
  service: StorageService,
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
): Promise<void> {
  if (response.destroyed) return;
  const headers: Record<string, string> = { server: 'UploadServer', ...reply.headers };
  if (reply.content) return sendContent(service, request, response, { ...reply, headers }, reply.content);
  if (reply.body !== undefined) headers['content-length'] = String(Buffer.byteLength(reply.body));
  else if (reply.status !== 204 && reply.status !== 304) headers['content-length'] ??= '0';
  response.writeHead(reply.status, headers);
  response.end(request.method === 'HEAD' ? undefined : reply.body);
}

async function sendContent(
  service: StorageService,
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
  content: ContentBody,
): Promise<void> {
  if (request.method === 'HEAD') {
    response.writeHead(reply.status, reply.headers);
    response.end();
    return;
  }
  const blobs = content.object.parts.map((part) => part.blob);
  service.state.index.retain(blobs);
  try {
    await writeContent(service, response, reply, content);
  } finally {
    service.state.index.release(blobs);
    service.state.removeReleasedBlobs();
  }
}

async function writeContent(
  service: StorageService,
  response: ServerResponse,
  reply: Reply,
  content: ContentBody,
): Promise<void> {
  const { object, start, end, gunzip } = content;
  if (!gunzip && !reply.isCutShort && end - start < SMALL_BYTES) {
    // Read before the headers go out, so that a failure is still an error and not half an answer.
    const bytes = readSmall(service, object, start, end);
    response.writeHead(reply.status, reply.headers);
    response.end(bytes);
    return;
  }
  response.writeHead(reply.status, reply.headers);
  const source = Readable.from(readLarge(service, object, start, end), { objectMode: false });
  if (gunzip) await pipeline(source, createGunzip(), response);
  else await pipeline(source, response, { end: !reply.isCutShort });
  if (reply.isCutShort) response.socket?.resetAndDestroy();
}

interface Stretch {
  blob: string;
  start: number;
  end: number;
}

/** Where bytes `start` to `end` of the object are. */
function* stretches(object: ObjectVersion, start: number, end: number): Generator<Stretch> {
  let position = 0;
  for (const { blob, size, offset = 0 } of object.parts) {
    const first = Math.max(start, position);
    const last = Math.min(end, position + size - 1);
    if (first <= last) yield { blob, start: offset + first - position, end: offset + last - position };
    position += size;
  }
}

function readSmall(service: StorageService, object: ObjectVersion, start: number, end: number): Buffer {
  const pieces = [...stretches(object, start, end)].map((stretch) =>
    service.state.blobs.readStretch(stretch.blob, stretch.start, stretch.end - stretch.start + 1),
  );
  const [first] = pieces;
  return first !== undefined && pieces.length === 1 ? first : Buffer.concat(pieces);
}

async function* readLarge(service: StorageService, object: ObjectVersion, start: number, end: number) {
  for (const stretch of stretches(object, start, end)) {
    yield* service.state.blobs.read(stretch.blob, stretch.start, stretch.end);
  }
}
