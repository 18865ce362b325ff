/** JSON API: buckets, and the few things asked of a bucket that are the same for all of them here. */
import type { LocalContext } from '../../context.ts';
import { readPreconditions } from '../semantics/preconditions.ts';
import { bucketResource } from '../semantics/resource.ts';
import type { StorageService } from '../semantics/storage-service.ts';
import { bucketOf, jsonReply, readJson, type Call, type Reply } from './call.ts';

export class JsonBuckets {
  readonly #service: StorageService;
  readonly #context: LocalContext;

  constructor(service: StorageService, context: LocalContext) {
    this.#service = service;
    this.#context = context;
  }

  list = (call: Call): Reply => {
    const buckets = this.#service.buckets.list(call.query.get('prefix') ?? '');
    const items = buckets.map((bucket) => bucketResource(bucket, call.base, this.#context.projectNumber));
    return jsonReply({ kind: 'storage#buckets', items });
  };

  insert = async (call: Call): Promise<Reply> => {
    const bucket = this.#service.buckets.create(await readJson(call.request));
    return jsonReply(bucketResource(bucket, call.base, this.#context.projectNumber));
  };

  get = (call: Call): Reply => {
    const bucket = this.#service.buckets.get(bucketOf(call), readPreconditions(call.query));
    return jsonReply(bucketResource(bucket, call.base, this.#context.projectNumber));
  };

  change = async (call: Call): Promise<Reply> => {
    const how = call.method === 'PUT' ? 'update' : 'patch';
    const conditions = readPreconditions(call.query);
    const bucket = this.#service.buckets.change(bucketOf(call), await readJson(call.request), how, conditions);
    return jsonReply(bucketResource(bucket, call.base, this.#context.projectNumber));
  };

  delete = (call: Call): Reply => {
    this.#service.buckets.delete(bucketOf(call), readPreconditions(call.query));
    return { status: 204 };
  };

  /** Asked before recursive copies: folders are a habit of naming here, not things of their own. */
  storageLayout = (call: Call): Reply => {
    const { name, config } = this.#service.buckets.get(bucketOf(call));
    return jsonReply({
      kind: 'storage#storageLayout',
      bucket: name,
      location: config.location ?? 'US',
      locationType: 'multi-region',
      hierarchicalNamespace: { enabled: false },
    });
  };

  /** There are no managed folders. */
  managedFolders = (call: Call): Reply => {
    this.#service.buckets.get(bucketOf(call));
    return jsonReply({ kind: 'storage#managedFolders', items: [] });
  };

  iamPolicy = (call: Call): Reply => {
    const { name } = this.#service.buckets.get(bucketOf(call));
    return jsonReply({
      kind: 'storage#policy',
      resourceId: `projects/_/buckets/${name}`,
      version: 1,
      etag: 'CAE=',
      bindings: [],
    });
  };

  /** Everybody may do everything. */
  testIamPermissions = (call: Call): Reply => {
    this.#service.buckets.get(bucketOf(call));
    return jsonReply({ kind: 'storage#testIamPermissionsResponse', permissions: call.query.getAll('permissions') });
  };
}
