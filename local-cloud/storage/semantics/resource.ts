/** The JSON resources that clients see, from what is remembered. */
import type { Bucket, ObjectVersion } from './model.ts';

/** An object resource, as in the JSON API and in notifications: 64-bit numbers are strings. */
export interface StorageObjectMetadata {
  kind: 'storage#object';
  id: string;
  selfLink: string;
  mediaLink: string;
  name: string;
  bucket: string;
  generation: string;
  metageneration: string;
  contentType?: string;
  storageClass: string;
  size: string;
  md5Hash?: string;
  crc32c: string;
  etag: string;
  timeCreated: string;
  updated: string;
  timeStorageClassUpdated: string;
  timeFinalized: string;
  timeDeleted?: string;
  componentCount?: number;
  contentEncoding?: string;
  contentDisposition?: string;
  contentLanguage?: string;
  cacheControl?: string;
  customTime?: string;
  temporaryHold?: boolean;
  eventBasedHold?: boolean;
  metadata?: Record<string, string>;
}

/** `base` is the service's address as the caller knows it, for example http://127.0.0.1:8080. */
export function objectResource(object: ObjectVersion, base: string): StorageObjectMetadata {
  const path = `b/${object.bucket}/o/${encodeURIComponent(object.name)}`;
  const created = new Date(object.timeCreatedMs).toISOString();
  const resource: StorageObjectMetadata = {
    kind: 'storage#object',
    id: `${object.bucket}/${object.name}/${object.generation}`,
    selfLink: `${base}/storage/v1/${path}`,
    mediaLink: `${base}/download/storage/v1/${path}?generation=${object.generation}&alt=media`,
    name: object.name,
    bucket: object.bucket,
    generation: String(object.generation),
    metageneration: String(object.metageneration),
    size: String(object.size),
    crc32c: object.crc32c,
    etag: etag(object.generation, object.metageneration),
    timeCreated: created,
    updated: new Date(object.updatedMs).toISOString(),
    timeStorageClassUpdated: created,
    timeFinalized: created,
    ...object.attributes,
    storageClass: object.attributes.storageClass ?? 'STANDARD',
  };
  if (object.md5Hash !== undefined) resource.md5Hash = object.md5Hash;
  if (object.componentCount !== undefined) resource.componentCount = object.componentCount;
  if (object.timeDeletedMs !== undefined) resource.timeDeleted = new Date(object.timeDeletedMs).toISOString();
  return resource;
}

export function bucketResource(bucket: Bucket, base: string, projectNumber: string): Record<string, unknown> {
  return {
    kind: 'storage#bucket',
    id: bucket.name,
    name: bucket.name,
    selfLink: `${base}/storage/v1/b/${bucket.name}`,
    projectNumber,
    location: 'US',
    locationType: 'multi-region',
    storageClass: 'STANDARD',
    iamConfiguration: { uniformBucketLevelAccess: { enabled: true }, publicAccessPrevention: 'enforced' },
    ...bucket.config,
    metageneration: String(bucket.metageneration),
    etag: etag(0, bucket.metageneration),
    timeCreated: new Date(bucket.timeCreatedMs).toISOString(),
    updated: new Date(bucket.updatedMs).toISOString(),
  };
}

/** Generation and metageneration as two protobuf varint fields in base64, like the real one (`CJCB7/7mk/0CEAE=`). */
export function etag(generation: number, metageneration: number): string {
  return Buffer.from([
    ...(generation > 0 ? [0x08, ...varint(generation)] : []),
    0x10,
    ...varint(metageneration),
  ]).toString('base64');
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  bytes.push(value);
  return bytes;
}
