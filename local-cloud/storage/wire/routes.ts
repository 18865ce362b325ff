/** Which handler answers which address. */
import type { LocalContext } from '../../context.ts';
import { ApiError } from '../semantics/api-error.ts';
import type { StorageService } from '../semantics/storage-service.ts';
import type { Call, Dialect, Handler, Route } from './call.ts';
import { JsonBuckets } from './json-buckets.ts';
import { JsonObjects } from './json-objects.ts';
import { JsonUploads } from './json-uploads.ts';
import type { VerifySignature } from './signed-url.ts';
import { XmlApi } from './xml-api.ts';

/** `/b/...` without a prefix is where clients go that were given a bare emulator address. */
const JSON_PREFIXES = [['storage', 'v1'], ['download', 'storage', 'v1'], []];
const UPLOAD_PREFIXES = [
  ['upload', 'storage', 'v1'],
  ['resumable', 'upload', 'storage', 'v1'],
];

type Table = Record<string, [name: string, handle: Handler]>;

export class Router {
  readonly #json: Table;
  readonly #uploads: JsonUploads;
  readonly #xml: XmlApi;

  constructor(service: StorageService, context: LocalContext, verify: VerifySignature | undefined) {
    this.#json = jsonTable(new JsonBuckets(service, context), new JsonObjects(service));
    this.#uploads = new JsonUploads(service);
    this.#xml = new XmlApi(service, verify);
  }

  /** Strips the API's prefix off the call's segments and answers who handles it. */
  find(call: Call): Route {
    const upload = strip(call.segments, UPLOAD_PREFIXES);
    if (upload) return this.#upload({ ...call, segments: upload }, call);
    const json = strip(call.segments, JSON_PREFIXES);
    if (json) return this.#jsonRoute(json, call);
    return this.#xmlRoute(call);
  }

  #jsonRoute(segments: string[], call: Call): Route {
    call.segments = segments;
    const method = call.method === 'HEAD' ? 'GET' : call.method;
    const entry = this.#json[`${method} ${shapeOf(segments)}`];
    const dialect: Dialect = call.query.get('alt') === 'media' ? 'text' : 'json';
    return entry ? { name: entry[0], handle: entry[1], dialect } : unknown('json');
  }

  #upload(stripped: Call, call: Call): Route {
    call.segments = stripped.segments;
    if (shapeOf(call.segments) !== 'b/*/o') return unknown('json');
    if (call.query.has('upload_id')) return this.#session(call);
    switch (`${call.method} ${call.query.get('uploadType') ?? 'media'}`) {
      case 'POST media':
        return { name: 'objects.insert', handle: this.#uploads.media, dialect: 'json' };
      case 'POST multipart':
        return { name: 'objects.insert', handle: this.#uploads.multipart, dialect: 'json' };
      case 'POST resumable':
        return { name: 'objects.insert.start', handle: this.#uploads.start, dialect: 'json' };
      default:
        return unknown('json');
    }
  }

  #session(call: Call): Route {
    if (call.method === 'DELETE')
      return { name: 'objects.insert.cancel', handle: this.#uploads.cancel, dialect: 'json' };
    const isQuestion = /^bytes \*\//.test(call.request.headers['content-range'] ?? '');
    const name = isQuestion ? 'objects.insert.query' : 'objects.insert';
    return { name, handle: this.#uploads.resume, dialect: 'json' };
  }

  #xmlRoute(call: Call): Route {
    const [, object] = call.segments;
    if (['GET', 'HEAD'].includes(call.method) && object) {
      return { name: 'objects.get', handle: this.#xml.get, dialect: 'xml' };
    }
    if (call.method === 'POST' && !object) return { name: 'objects.insert', handle: this.#xml.form, dialect: 'xml' };
    return unknown('xml');
  }
}

function jsonTable(buckets: JsonBuckets, objects: JsonObjects): Table {
  return {
    'GET b': ['buckets.list', buckets.list],
    'POST b': ['buckets.insert', buckets.insert],
    'GET b/*': ['buckets.get', buckets.get],
    'PATCH b/*': ['buckets.patch', buckets.change],
    'PUT b/*': ['buckets.update', buckets.change],
    'DELETE b/*': ['buckets.delete', buckets.delete],
    'GET b/*/storageLayout': ['buckets.getStorageLayout', buckets.storageLayout],
    'GET b/*/managedFolders': ['managedFolders.list', buckets.managedFolders],
    'GET b/*/iam': ['buckets.getIamPolicy', buckets.iamPolicy],
    'GET b/*/iam/testPermissions': ['buckets.testIamPermissions', buckets.testIamPermissions],
    'GET b/*/o': ['objects.list', objects.list],
    'GET b/*/o/*': ['objects.get', objects.get],
    'PATCH b/*/o/*': ['objects.patch', objects.change],
    'PUT b/*/o/*': ['objects.update', objects.change],
    'DELETE b/*/o/*': ['objects.delete', objects.delete],
    'POST b/*/o/*/compose': ['objects.compose', objects.compose],
    'POST b/*/o/*/copyTo/b/*/o/*': ['objects.copy', objects.copy],
    'POST b/*/o/*/rewriteTo/b/*/o/*': ['objects.rewrite', objects.rewrite],
    'POST b/*/o/*/moveTo/o/*': ['objects.move', objects.move],
  };
}

/** The fixed words of a path with `*` for what the caller chose: every second part, but for a few single words. */
function shapeOf(segments: string[]): string {
  const words = ['b', 'o', 'compose', 'copyTo', 'rewriteTo', 'moveTo', 'storageLayout', 'managedFolders', 'iam'];
  const shape: string[] = [];
  for (const word of segments) {
    const isChosen = shape[shape.length - 1] === 'b' || shape[shape.length - 1] === 'o';
    if (isChosen) shape.push(word === '' ? '' : '*');
    else shape.push(words.includes(word) || shape[shape.length - 1] === 'iam' ? word : '?');
  }
  return shape.join('/');
}

function strip(segments: string[], prefixes: string[][]): string[] | undefined {
  for (const prefix of prefixes) {
    const rest = segments.slice(prefix.length);
    if (rest[0] === 'b' && prefix.every((word, at) => segments[at] === word)) return rest;
  }
  return undefined;
}

function unknown(dialect: Dialect): Route {
  const refuse = () => {
    throw new ApiError(404, 'notFound', 'Not Found', { xmlCode: 'NoSuchKey' });
  };
  return { name: 'unknown', handle: refuse, dialect };
}
