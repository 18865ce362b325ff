/** Starts the embedded Cloud Storage. See README.md for what it offers. */
import type { LocalContext } from '../context.ts';
import { isVersioned } from './semantics/object-index.ts';
import { objectResource, type StorageObjectMetadata } from './semantics/resource.ts';
import { StorageService } from './semantics/storage-service.ts';
import { Router } from './wire/routes.ts';
import { StorageServer } from './wire/server.ts';
import type { VerifySignature } from './wire/signed-url.ts';

export type { StorageObjectMetadata } from './semantics/resource.ts';
export type { VerifySignature } from './wire/signed-url.ts';

export interface StorageOptions {
  /** 0 takes a free one. */
  port: number;
  host?: string;
  /**
   * Decides over signed URLs and forms. Without it their expiry and conditions count, their signature does not.
   */
  verifySignature?: VerifySignature;
  /** Refuses a second change of the same object name within a second, as the real service may. */
  enforceRateLimit?: boolean;
}

export interface RunningStorage {
  url: string;
  /** Makes the bucket unless it is there; versioning is set as asked in either case. */
  createBucket(name: string, options?: { versioning?: boolean; location?: string }): void;
  /**
   * Calls back for every object that became live, at least once each and in no promised order, until the callback
   * returns or resolves. Events of an earlier run that nobody took come first.
   */
  onFinalized(callback: (object: StorageObjectMetadata) => void | Promise<void>): void;
  stop(): Promise<void>;
}

export async function startStorage(context: LocalContext, options: StorageOptions): Promise<RunningStorage> {
  const service = new StorageService(context, { enforceRateLimit: options.enforceRateLimit ?? false });
  const server = new StorageServer(service, new Router(service, context, options.verifySignature), context);
  await server.listen(options.port, options.host ?? '127.0.0.1');
  const { url } = server;
  return {
    url,
    createBucket: (name, bucket = {}) => ensureBucket(service, name, bucket),
    onFinalized: (callback) => service.outbox.subscribe((object) => callback(objectResource(object, url))),
    stop: async () => {
      await server.close();
      service.stop();
    },
  };
}

function ensureBucket(
  service: StorageService,
  name: string,
  options: { versioning?: boolean; location?: string },
): void {
  const versioning = options.versioning === undefined ? {} : { versioning: { enabled: options.versioning } };
  const location = options.location === undefined ? {} : { location: options.location.toUpperCase() };
  const existing = service.state.index.buckets.get(name);
  if (!existing) service.buckets.create({ name, ...location, ...versioning });
  else if (options.versioning !== undefined && options.versioning !== isVersioned(existing.bucket)) {
    service.buckets.change(name, versioning, 'patch', {});
  }
}
