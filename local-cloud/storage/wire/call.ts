/** One HTTP request and its answer, as the handlers of this service see them. */
import type { IncomingMessage } from 'node:http';
import { ApiError, invalid } from '../semantics/api-error.ts';
import { isPlain } from '../../is-plain.ts';
import type { Json } from '../semantics/merge-patch.ts';
import type { ObjectVersion } from '../semantics/model.ts';

const MAX_JSON_BYTES = 4 << 20;

export interface Call {
  request: IncomingMessage;
  method: string;
  /** Path as sent, percent-encoded: signatures cover it. */
  rawPath: string;
  /** Decoded parts of the path. */
  segments: string[];
  query: URLSearchParams;
  rawQuery: string;
  /** Address of the service as the caller wrote it. */
  base: string;
}

/** Bytes `start` to `end` (inclusive) of an object; `gunzip` undoes the object's own compression. */
export interface ContentBody {
  object: ObjectVersion;
  start: number;
  end: number;
  gunzip: boolean;
}

export interface Reply {
  status: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
  content?: ContentBody;
  /** The connection is to be lost after the content. */
  isCutShort?: boolean;
}

export type Handler = (call: Call) => Promise<Reply> | Reply;

/** How refusals are worded: JSON, XML, or the bare message (media downloads). */
export type Dialect = 'json' | 'xml' | 'text';

export interface Route {
  /** Name of the call for faults and the books, as in the JSON API where it has one. */
  name: string;
  handle: Handler;
  dialect: Dialect;
}

/** The bucket of `b/BUCKET/…`. The table of routes sees to it that there is one. */
export function bucketOf({ segments }: Call): string {
  return segments[1] ?? '';
}

/** The object of `b/BUCKET/o/OBJECT/…`. */
export function objectOf({ segments }: Call): string {
  return segments[3] ?? '';
}

export function parseCall(request: IncomingMessage, fallbackBase: string): Call {
  const target = request.url ?? '/';
  const mark = target.indexOf('?');
  const rawPath = mark < 0 ? target : target.slice(0, mark);
  const rawQuery = mark < 0 ? '' : target.slice(mark + 1);
  const base = request.headers.host === undefined ? fallbackBase : `http://${request.headers.host}`;
  const segments = rawPath.split('/').slice(1).map(decode);
  return {
    request,
    method: request.method ?? 'GET',
    rawPath,
    segments,
    query: new URLSearchParams(rawQuery),
    rawQuery,
    base,
  };
}

export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('Malformed percent-encoding in the request address.');
  }
}

export function jsonReply(value: unknown, status = 200, headers: Record<string, string> = {}): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=UTF-8', ...headers },
    body: JSON.stringify(value),
  };
}

/** The body. Who stops reading it half-way can still answer: the connection stays. */
export function bodyBytes(call: Call): AsyncIterable<Buffer> {
  return call.request.iterator({ destroyOnReturn: false });
}

/** The body as a JSON object; `{}` when there is none. */
export async function readJson(bytes: AsyncIterable<Buffer>): Promise<Json> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    if (size > MAX_JSON_BYTES) throw new ApiError(413, 'uploadTooLarge', 'The request body is too large.');
    chunks.push(chunk);
  }
  return parseJson(Buffer.concat(chunks).toString('utf8'));
}

export function parseJson(text: string): Json {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (isPlain(value)) return value;
  } catch {
    // Falls through to the refusal.
  }
  throw new ApiError(400, 'parseError', 'Parse Error');
}

export function header(call: Call, name: string): string | undefined {
  const value = call.request.headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}
