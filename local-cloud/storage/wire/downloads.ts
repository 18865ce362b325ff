/** The bytes of an object: ranges, checksum headers, and the undoing of gzip for clients that do not ask for it. */
import { ApiError } from '../semantics/api-error.ts';
import type { ObjectVersion } from '../semantics/model.ts';
import { etag } from '../semantics/resource.ts';
import { header, type Call, type Reply } from './call.ts';

/** Answers with the object's bytes, or the part that the request's Range header asks for. */
export function serveContent(call: Call, object: ObjectVersion): Reply {
  const gunzip = object.attributes.contentEncoding === 'gzip' && !wantsGzip(call, object);
  const headers = contentHeaders(object, gunzip);
  const whole = { object, start: 0, end: object.size - 1, gunzip };
  if (gunzip) return { status: 200, headers, content: whole };
  headers['accept-ranges'] = 'bytes';
  const range = readRange(header(call, 'range'), object.size);
  if (!range) return { status: 200, headers: { ...headers, 'content-length': String(object.size) }, content: whole };
  return {
    status: 206,
    headers: {
      ...headers,
      'content-length': String(range.end - range.start + 1),
      'content-range': `bytes ${range.start}-${range.end}/${object.size}`,
    },
    content: { object, ...range, gunzip },
  };
}

function wantsGzip(call: Call, object: ObjectVersion): boolean {
  const accepts = /\bgzip\b/.test(header(call, 'accept-encoding') ?? '');
  return accepts || /\bno-transform\b/.test(object.attributes.cacheControl ?? '');
}

function contentHeaders(object: ObjectVersion, gunzip: boolean): Record<string, string> {
  const { attributes } = object;
  const hashes = [`crc32c=${object.crc32c}`, ...(object.md5Hash === undefined ? [] : [`md5=${object.md5Hash}`])];
  const headers: Record<string, string> = {
    'content-type': attributes.contentType ?? 'application/octet-stream',
    'cache-control': attributes.cacheControl ?? 'no-cache, no-store, max-age=0, must-revalidate',
    'last-modified': new Date(object.updatedMs).toUTCString(),
    etag: etag(object.generation, object.metageneration),
    'x-goog-generation': String(object.generation),
    'x-goog-metageneration': String(object.metageneration),
    'x-goog-hash': hashes.join(','),
    'x-goog-storage-class': attributes.storageClass ?? 'STANDARD',
    'x-goog-stored-content-encoding': attributes.contentEncoding ?? 'identity',
    'x-goog-stored-content-length': String(object.size),
  };
  if (attributes.contentDisposition !== undefined) headers['content-disposition'] = attributes.contentDisposition;
  if (attributes.contentLanguage !== undefined) headers['content-language'] = attributes.contentLanguage;
  if (gunzip) headers.warning = '214 UploadServer gunzipped';
  else if (attributes.contentEncoding !== undefined) headers['content-encoding'] = attributes.contentEncoding;
  return headers;
}

/** One range of bytes. A header that cannot be understood is ignored, as HTTP asks; one beyond the end is refused. */
function readRange(text: string | undefined, size: number): { start: number; end: number } | undefined {
  const value = text?.trim() ?? '';
  const [, tail] = /^bytes=-(\d+)$/.exec(value) ?? [];
  if (tail !== undefined) return lastBytes(Number(tail), size);
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(value) ?? [];
  if (first === undefined || last === undefined) return undefined;
  const start = Number(first);
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= size) throw notSatisfiable();
  return { start, end };
}

function lastBytes(wanted: number, size: number): { start: number; end: number } {
  const length = Math.min(wanted, size);
  if (length === 0) throw notSatisfiable();
  return { start: size - length, end: size - 1 };
}

function notSatisfiable(): ApiError {
  return new ApiError(416, 'requestedRangeNotSatisfiable', 'Request range not satisfiable', {
    xmlCode: 'InvalidRange',
    place: { location: 'Range', locationType: 'header' },
  });
}
