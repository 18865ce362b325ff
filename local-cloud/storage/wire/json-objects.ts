/** JSON API: objects, but for uploads and the bytes of downloads. */
import { invalid } from '../semantics/api-error.ts';
import type { Source } from '../semantics/copying.ts';
import { listObjects, type ListQuery } from '../semantics/listing.ts';
import { isPlain } from '../../is-plain.ts';
import type { Json } from '../semantics/merge-patch.ts';
import { readPreconditions, wholeNumber } from '../semantics/preconditions.ts';
import { objectResource } from '../semantics/resource.ts';
import type { StorageService } from '../semantics/storage-service.ts';
import { bucketOf, jsonReply, objectOf, readJson, type Call, type Reply } from './call.ts';
import { serveContent } from './downloads.ts';

const LIST_STRINGS = ['prefix', 'delimiter', 'startOffset', 'endOffset', 'matchGlob', 'pageToken'] as const;

export class JsonObjects {
  readonly #service: StorageService;

  constructor(service: StorageService) {
    this.#service = service;
  }

  list = (call: Call): Reply => {
    const page = listObjects(this.#service.buckets.entry(bucketOf(call)), readListQuery(call.query));
    return jsonReply({
      kind: 'storage#objects',
      ...(page.nextPageToken === undefined ? {} : { nextPageToken: page.nextPageToken }),
      ...(page.prefixes.length === 0 ? {} : { prefixes: page.prefixes }),
      ...(page.items.length === 0 ? {} : { items: page.items.map((object) => objectResource(object, call.base)) }),
    });
  };

  get = (call: Call): Reply => {
    const [bucket, name] = [bucketOf(call), objectOf(call)];
    const object = this.#service.objects.get(bucket, name, generationOf(call), readPreconditions(call.query));
    if (call.query.get('alt') === 'media') return serveContent(call, object);
    return jsonReply(objectResource(object, call.base));
  };

  change = async (call: Call): Promise<Reply> => {
    const [bucket, name] = [bucketOf(call), objectOf(call)];
    const resource = await readJson(call.request);
    const placement = { bucket, name, conditions: readPreconditions(call.query) };
    const how = call.method === 'PUT' ? 'update' : 'patch';
    return jsonReply(
      objectResource(this.#service.objects.change(placement, generationOf(call), resource, how), call.base),
    );
  };

  delete = (call: Call): Reply => {
    const [bucket, name] = [bucketOf(call), objectOf(call)];
    this.#service.objects.delete({ bucket, name, conditions: readPreconditions(call.query) }, generationOf(call));
    return { status: 204 };
  };

  /** POST b/{bucket}/o/{name}/compose */
  compose = async (call: Call): Promise<Reply> => {
    const [bucket, name] = [bucketOf(call), objectOf(call)];
    const body = await readJson(call.request);
    if (!Array.isArray(body.sourceObjects)) throw invalid('You must provide at least one source component.');
    const sources = body.sourceObjects.map((source: unknown) => composeSource(bucket, source));
    const target = { bucket, name, conditions: readPreconditions(call.query) };
    const destination = isPlain(body.destination) ? body.destination : {};
    const object = this.#service.copying.compose(sources, target, destination, body.deleteSourceObjects === true);
    return jsonReply(objectResource(object, call.base));
  };

  /** POST b/{bucket}/o/{name}/copyTo/b/{target}/o/{name} */
  copy = async (call: Call): Promise<Reply> => {
    const resource = await readJson(call.request);
    const object = this.#service.copying.copy(sourceOf(call), targetOf(call), resource);
    return jsonReply(objectResource(object, call.base));
  };

  /** POST b/{bucket}/o/{name}/rewriteTo/b/{target}/o/{name} */
  rewrite = async (call: Call): Promise<Reply> => {
    const resource = await readJson(call.request);
    const token = call.query.get('rewriteToken');
    const maxBytes = call.query.get('maxBytesRewrittenPerCall');
    const progress = this.#service.copying.rewrite(sourceOf(call), targetOf(call), resource, {
      ...(token ? { token } : {}),
      ...(maxBytes ? { maxBytesPerCall: wholeNumber(maxBytes, 'maxBytesRewrittenPerCall') } : {}),
    });
    return jsonReply({
      kind: 'storage#rewriteResponse',
      totalBytesRewritten: String(progress.bytesRewritten),
      objectSize: String(progress.objectSize),
      done: progress.object !== undefined,
      ...(progress.token === undefined ? {} : { rewriteToken: progress.token }),
      ...(progress.object === undefined ? {} : { resource: objectResource(progress.object, call.base) }),
    });
  };

  /** POST b/{bucket}/o/{name}/moveTo/o/{name} */
  move = (call: Call): Reply => {
    const placement = {
      bucket: bucketOf(call),
      name: call.segments[6] ?? '',
      conditions: readPreconditions(call.query),
    };
    return jsonReply(objectResource(this.#service.copying.move(sourceOf(call), placement), call.base));
  };
}

export function generationOf(call: Call, parameter = 'generation'): number | undefined {
  const text = call.query.get(parameter);
  return text ? wholeNumber(text, parameter) : undefined;
}

function sourceOf(call: Call): Source {
  const [bucket, name] = [bucketOf(call), objectOf(call)];
  const generation = generationOf(call, 'sourceGeneration');
  const conditions = readPreconditions(call.query, 'Source');
  return { bucket, name, conditions, ...(generation === undefined ? {} : { generation }) };
}

function targetOf(call: Call) {
  const [bucket = '', , name = ''] = call.segments.slice(6);
  return { bucket, name, conditions: readPreconditions(call.query) };
}

function composeSource(bucket: string, source: unknown): Source {
  const { name, generation, objectPreconditions }: Json = isPlain(source) ? source : {};
  if (typeof name !== 'string') throw invalid('A source component needs a name.');
  const match = isPlain(objectPreconditions) ? objectPreconditions.ifGenerationMatch : undefined;
  return {
    bucket,
    name,
    conditions: match === undefined ? {} : { ifGenerationMatch: Number(match) },
    ...(generation === undefined ? {} : { generation: Number(generation) }),
  };
}

function readListQuery(query: URLSearchParams): ListQuery {
  const found: ListQuery = {};
  for (const key of LIST_STRINGS) {
    const value = query.get(key);
    if (value) found[key] = value;
  }
  if (isTrue(query.get('versions'))) found.versions = true;
  if (isTrue(query.get('includeTrailingDelimiter'))) found.includeTrailingDelimiter = true;
  const maxResults = query.get('maxResults');
  if (maxResults) found.maxResults = wholeNumber(maxResults, 'maxResults');
  return found;
}

/** Clients in Python write `True`. */
function isTrue(text: string | null): boolean {
  return text?.toLowerCase() === 'true';
}
