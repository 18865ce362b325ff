/** What the handlers of one request share: the request, its body, the store, and where warnings go. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { parse as parseYaml } from 'yaml';
import { messageOf } from '../../error-text.ts';
import { readBytes } from '../../read-bytes.ts';
import type { LocalContext } from '../../context.ts';
import { ApiError, badRequest, invalid } from '../api-error.ts';
import { decodeProtobuf, isProtobuf } from './protobuf.ts';
import type { ApiRequest } from './request.ts';
import type { Kind } from '../kinds/kind.ts';
import { isPlain } from '../../is-plain.ts';
import type { KubeObject, Plain } from '../object.ts';
import type { ObjectStore } from '../object-store.ts';
import type { WatchHub } from '../verbs/watch-hub.ts';

export interface Call {
  context: LocalContext;
  store: ObjectStore;
  hub: WatchHub;
  request: ApiRequest;
  http: IncomingMessage;
  response: ServerResponse;
  /** The first part of the User-Agent: who manages the fields that this call writes, unless it says otherwise. */
  agent: string;
  warn: (text: string) => void;
}

/** What a handler answers; the wire form (JSON, YAML, table) is chosen by render.ts. */
export type Answer =
  | { is: 'object'; code: number; type: Kind; object: KubeObject }
  | {
      is: 'list';
      type: Kind;
      items: KubeObject[];
      resourceVersion: string;
      continueToken?: string;
      remaining?: number;
    }
  | { is: 'plain'; code: number; body: unknown }
  /** 204. */
  | { is: 'empty' }
  /** The handler writes the response itself. */
  | { is: 'streamed' };

/** Calls `action` when the client has gone or the answer is complete: at once where that has happened already. */
export function whenClosed(response: ServerResponse, action: () => void): void {
  if (response.destroyed) action();
  else response.once('close', action);
}

const MAX_BODY_BYTES = 3 * 1024 * 1024;

/** The bytes of the body. Throws 413 above the size that a real server takes. */
export function readBody(http: IncomingMessage): Promise<Buffer> {
  const tooLarge = (): ApiError => new ApiError(413, 'RequestEntityTooLarge', `limit is ${MAX_BODY_BYTES}`);
  return readBytes(http, MAX_BODY_BYTES, tooLarge);
}

/** The media type of the body, without parameters. */
export function mediaType(http: IncomingMessage): string {
  return (http.headers['content-type'] ?? 'application/json').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** The body as an object; JSON, YAML or protobuf. An absent body is undefined. */
export async function readObject(http: IncomingMessage): Promise<Plain | undefined> {
  const bytes = await readBody(http);
  if (bytes.length === 0) return undefined;
  const media = mediaType(http);
  if (isProtobuf(bytes)) return decodeProtobuf(bytes);
  const parsed = parseBody(bytes.toString('utf8'), media);
  if (!isPlain(parsed)) throw badRequest('the body is not an object');
  return parsed;
}

/** JSON or YAML by media type. Throws 415 for others and 400 for text that does not parse. */
function parseBody(text: string, media: string): unknown {
  if (!media.includes('json') && !media.includes('yaml') && media !== '*/*') {
    const accepted = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';
    throw new ApiError(
      415,
      'UnsupportedMediaType',
      `the body of the request was in an unknown format - accepted media types include: ${accepted}`,
    );
  }
  try {
    return media.includes('yaml') ? parseYaml(text) : JSON.parse(text);
  } catch (error) {
    throw badRequest(
      `the object provided is unrecognized (must be of type object): couldn't get version/kind; json ` +
        `parse error: ${messageOf(error)}`,
    );
  }
}

/** dryRun may come in the query or in DeleteOptions; only `All` is a value of it. */
export function isDryRun(query: URLSearchParams): boolean {
  const values = query.getAll('dryRun').filter((value) => value !== '');
  for (const value of values) {
    if (value !== 'All') throw unsupportedOption('dryRun', [value], ['All']);
  }
  return values.length > 0;
}

/** A query option with a value that it does not have. */
export function unsupportedOption(field: string, value: unknown, supported: string[]): ApiError {
  const list = supported.map((each) => JSON.stringify(each)).join(', ');
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${list}`;
  return invalid('CreateOptions', 'meta.k8s.io', '', [{ reason: 'FieldValueNotSupported', field, message }]);
}
