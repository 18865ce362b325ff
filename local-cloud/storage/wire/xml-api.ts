/** The part of the XML API that signed URLs use: reading an object, and uploading one with a form. */
import { ApiError, invalid } from '../semantics/api-error.ts';
import { readAttributes } from '../semantics/objects.ts';
import { readHeaderPreconditions } from '../semantics/preconditions.ts';
import { etag } from '../semantics/resource.ts';
import type { Json } from '../semantics/merge-patch.ts';
import type { ObjectVersion } from '../semantics/model.ts';
import type { StorageService } from '../semantics/storage-service.ts';
import { bodyBytes, header, type Call, type Reply } from './call.ts';
import { serveContent } from './downloads.ts';
import { generationOf } from './json-objects.ts';
import { boundaryOf, MultipartReader } from './multipart.ts';
import { checkPolicy, denied, type Policy } from './post-policy.ts';
import { checkSignedUrl, isSigned, type VerifySignature } from './signed-url.ts';

const MAX_FIELD_BYTES = 64 * 1024;

export class XmlApi {
  readonly #service: StorageService;
  readonly #verify: VerifySignature | undefined;

  constructor(service: StorageService, verify: VerifySignature | undefined) {
    this.#service = service;
    this.#verify = verify;
  }

  /**
   * GET or HEAD /{bucket}/{object}. An address that carries a signature must carry
   * a right one; one without is let through.
   */
  get = (call: Call): Reply => {
    if (isSigned(call)) checkSignedUrl(call, this.#nowMs, this.#verify);
    const [bucket = '', ...rest] = call.segments;
    const conditions = readHeaderPreconditions(call.request.headers);
    const object = this.#service.objects.get(bucket, rest.join('/'), generationOf(call), conditions);
    const reply = serveContent(call, object);
    const headers: Record<string, string> = { ...reply.headers };
    for (const [key, value] of Object.entries(object.attributes.metadata ?? {})) {
      // HTTP carries Latin-1 only.
      headers[`x-goog-meta-${key.toLowerCase()}`] = Buffer.from(value).toString('latin1');
    }
    headers['etag'] =
      object.md5Hash === undefined
        ? `"${etag(object.generation, object.metageneration)}"`
        : `"${Buffer.from(object.md5Hash, 'base64').toString('hex')}"`;
    return { ...reply, headers };
  };

  /** POST of a form to / or /{bucket}: the fields first, the file last. */
  form = async (call: Call): Promise<Reply> => {
    const boundary = boundaryOf(header(call, 'content-type'));
    if (boundary === undefined) throw invalid('A form upload must be multipart/form-data.');
    const reader = new MultipartReader(bodyBytes(call), boundary);
    const { fields, file } = await readFields(reader);
    const policy = checkPolicy(fields, this.#nowMs, this.#verify);
    const bucket = bucketOf(call, fields, policy);
    const name = (fields.get('key') ?? '').replaceAll('${filename}', file.filename);
    const placement = { bucket, name, conditions: {} };
    this.#service.objects.checkInsert(placement);
    const object = await this.#service.store(
      limited(reader, policy),
      () => ({}),
      (content) => this.#service.objects.insert(placement, content, readAttributes(resourceOf(fields, file.type))),
    );
    return formReply(call, fields, object);
  };

  get #nowMs(): number {
    return this.#service.state.clock.nowMs();
  }
}

async function readFields(reader: MultipartReader) {
  const fields = new Map<string, string>();
  for (let headers = await reader.next(); headers; headers = await reader.next()) {
    const disposition = headers.get('content-disposition') ?? '';
    const name = parameter(disposition, 'name')?.toLowerCase();
    if (name === 'file') {
      const filename = (parameter(disposition, 'filename') ?? '').replace(/^.*[\\/]/, '');
      return { fields, file: { filename, type: headers.get('content-type') } };
    }
    if (name !== undefined) fields.set(name, await reader.text(MAX_FIELD_BYTES));
  }
  throw new ApiError(400, 'invalid', 'POST requires exactly one file upload per request.', {
    xmlCode: 'IncorrectNumberOfFilesInPostRequest',
  });
}

function parameter(disposition: string, name: string): string | undefined {
  const [, quoted, plain] =
    new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]+))`, 'i').exec(disposition) ?? [];
  return quoted?.replace(/\\(["\\])/g, '$1').replaceAll('%22', '"') ?? plain;
}

/**
 * The client library posts to the bare address when the endpoint is not the real one; then the policy tells the bucket.
 */
function bucketOf(call: Call, fields: Map<string, string>, policy: Policy): string {
  const bucket = call.segments[0] || fields.get('bucket') || policy.bucket;
  if (!bucket) throw denied('Neither the address nor the policy names a bucket.');
  if (policy.bucket !== undefined && policy.bucket !== bucket) throw denied('The policy is for another bucket.');
  return bucket;
}

async function* limited(reader: MultipartReader, policy: Policy): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of reader.content()) {
    size += chunk.length;
    if (size > policy.maxBytes)
      throw sizeRefused('EntityTooLarge', 'Your proposed upload exceeds the maximum size', policy);
    yield chunk;
  }
  if (size < policy.minBytes)
    throw sizeRefused('EntityTooSmall', 'Your proposed upload is smaller than the minimum size', policy);
  while (await reader.next());
}

function sizeRefused(xmlCode: string, message: string, policy: Policy): ApiError {
  const details = `Content-length-range: ${policy.minBytes}-${policy.maxBytes}`;
  return new ApiError(400, 'invalid', `${message} specified in your policy document.`, { xmlCode, details });
}

function resourceOf(fields: Map<string, string>, fileType: string | undefined): Json {
  const metadata: Record<string, string> = {};
  for (const [name, value] of fields) {
    if (name.startsWith('x-goog-meta-')) metadata[name.slice('x-goog-meta-'.length)] = value;
  }
  return {
    contentType: fields.get('content-type') ?? fileType ?? 'application/octet-stream',
    contentEncoding: fields.get('content-encoding'),
    contentDisposition: fields.get('content-disposition'),
    cacheControl: fields.get('cache-control'),
    ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
  };
}

function formReply(call: Call, fields: Map<string, string>, object: ObjectVersion): Reply {
  const location = `${call.base}/${object.bucket}/${object.name.split('/').map(encodeURIComponent).join('/')}`;
  const tag = `"${Buffer.from(object.md5Hash ?? '', 'base64').toString('hex')}"`;
  const headers: Record<string, string> = {
    etag: tag,
    location,
    'x-goog-generation': String(object.generation),
    'x-goog-metageneration': String(object.metageneration),
    'x-goog-hash': `crc32c=${object.crc32c},md5=${object.md5Hash ?? ''}`,
    'x-goog-stored-content-length': String(object.size),
    'x-goog-stored-content-encoding': 'identity',
  };
  const redirect = fields.get('success_action_redirect');
  if (redirect) return { status: 303, headers: { ...headers, location: redirect } };
  if (fields.get('success_action_status') === '200') return { status: 200, headers };
  if (fields.get('success_action_status') !== '201') return { status: 204, headers };
  const values = { Location: location, Bucket: object.bucket, Key: object.name, ETag: tag };
  return {
    status: 201,
    headers: { ...headers, 'content-type': 'application/xml; charset=UTF-8' },
    body: `<?xml version='1.0' encoding='UTF-8'?><PostResponse>${xmlElements(values)}</PostResponse>`,
  };
}

export function xmlElements(values: Record<string, string>): string {
  return Object.entries(values)
    .map(([name, value]) => `<${name}>${value.replace(/[<>&'"]/g, (c) => `&#${c.charCodeAt(0)};`)}</${name}>`)
    .join('');
}
