/**
 * Cloud Storage through its official client. Every call may be repeated: it carries its precondition, or does
 * the same again; every call has a deadline.
 */
import { EventEmitter } from 'node:events';
import {
  IdempotencyStrategy,
  Storage,
  type Bucket as ClientBucket,
  type FileMetadata,
  type GetFilesOptions,
} from '@google-cloud/storage';
import { md5Of } from '../job/md5.ts';
import type { Bucket, Buckets, ObjectInfo, StoredObject } from '../ports/bucket.ts';
import { messageOf, PortError, PreconditionError } from '../ports/port-error.ts';
import { codeOf, retryAfterSecondsOf } from './error-code.ts';
import { foldersOf, toInfo } from './gcs-answers.ts';
import { uploadChunks } from './gcs-upload.ts';

export interface StorageSettings {
  projectId: string;
  buckets: { uploads: string; state: string; results: string };
  endpoint: string | null;
  signingEndpoint: string | null;
  /** Whole calls, the client's own retries included; what moves bytes gets more by their number. */
  callMs?: number;
}

const CALL_MS = 30_000;
const RETRIES = 3;
/** 5 MB/s: slower than that is as good as dead. */
const BYTES_PER_MS = 5000;
/** Larger objects are sent in resumable pieces. */
const RESUMABLE_FROM_BYTES = 8 * 1024 ** 2;

/**
 * The client puts up to 12 listeners on the stream of one download: no leak, but
 * above 10 Node.js warns the user of one.
 */
EventEmitter.defaultMaxListeners = Math.max(EventEmitter.defaultMaxListeners, 20);

/** The three buckets of an installation. Their calls throw PortError FF-BUCKET. */
export function connectBuckets(settings: StorageSettings): Buckets {
  const storage = new Storage({
    projectId: settings.projectId,
    timeout: settings.callMs ?? CALL_MS,
    retryOptions: {
      autoRetry: true,
      maxRetries: RETRIES,
      totalTimeout: (settings.callMs ?? CALL_MS) / 1000,
      // By its default the client switches retries off, for all calls at once, while a call without a
      // precondition runs, and may forget to switch them on.
      idempotencyStrategy: IdempotencyStrategy.RetryAlways,
    },
    ...(settings.endpoint === null ? {} : { apiEndpoint: settings.endpoint, useAuthWithCustomEndpoint: true }),
  });
  const open = (name: string): Bucket => new GcsBucket(storage, storage.bucket(name), settings);
  return {
    uploads: open(settings.buckets.uploads),
    state: open(settings.buckets.state),
    results: open(settings.buckets.results),
    foreign: open,
  };
}

class GcsBucket implements Bucket {
  readonly name: string;
  readonly #storage: Storage;
  readonly #bucket: ClientBucket;
  readonly #settings: StorageSettings;

  constructor(storage: Storage, bucket: ClientBucket, settings: StorageSettings) {
    this.name = bucket.name;
    this.#storage = storage;
    this.#bucket = bucket;
    this.#settings = settings;
  }

  async read(name: string, maxBytes: number): Promise<StoredObject | null> {
    for (let attempt = 1; ; attempt += 1) {
      const info = await this.#orNull(name, async () => (await this.#bucket.file(name).getMetadata())[0]);
      if (info === null) return null;
      if (Number(info.size) > maxBytes)
        throw new PortError(
          'FF-OBJECT-TOO-LARGE',
          `gs://${this.name}/${name} has ${info.size} bytes; at most ${maxBytes} are read`,
          { retry: false },
        );
      const generation = String(info.generation);
      const bytes = await this.#orNull(name, () => this.#download(name, info), Number(info.size));
      if (bytes !== null) return { bytes, generation, updatedMs: Date.parse(info.updated ?? '') };
      if (attempt === 3)
        throw new PortError('FF-BUCKET-UNSTABLE', `gs://${this.name}/${name} changes faster than it can be read`, {
          retry: true,
        });
    }
  }

  /**
   * As one answer, not by the client's own stream. Where the storage refuses a part of that, teeny-request pipes into
   * a stream that the client has ended, and the error, which nobody can catch, ends the process.
   */
  async #download(name: string, { generation, size, md5Hash }: FileMetadata): Promise<Buffer> {
    const url = `${this.#storage.apiEndpoint}/storage/v1/b/${this.name}/o/${encodeURIComponent(name)}`;
    const { data } = await this.#storage.authClient.request<ArrayBuffer>({
      url,
      params: { alt: 'media', generation },
      responseType: 'arraybuffer',
      // As the client asks for everything else.
      retryConfig: { retry: RETRIES },
      timeout: this.#settings.callMs ?? CALL_MS,
    });
    const bytes = Buffer.from(data);
    const isWhole = bytes.length === Number(size) && (md5Hash === undefined || md5Hash === md5Of(bytes));
    if (!isWhole) throw new Error(`${bytes.length} bytes arrived that are not those of the object`);
    return bytes;
  }

  async info(name: string): Promise<ObjectInfo | null> {
    return this.#orNull(name, async () => {
      const file = this.#bucket.file(name);
      await file.getMetadata();
      return toInfo(file);
    });
  }

  async list(prefix: string, options: { glob?: string; most?: number } = {}): Promise<ObjectInfo[]> {
    const found: ObjectInfo[] = [];
    for await (const page of this.#pages(prefix, options.glob)) {
      found.push(...page);
      if (found.length > (options.most ?? Infinity)) break;
    }
    return found;
  }

  /**
   * Page by page: there may be a million of them, and what the client keeps of each has kilobytes. Its next query
   * forgets that it was asked for one page.
   */
  async *#pages(prefix: string, glob?: string): AsyncGenerator<ObjectInfo[]> {
    let query: GetFilesOptions | null = { prefix, ...(glob === undefined ? {} : { matchGlob: glob }) };
    while (query !== null) {
      const page: GetFilesOptions = { ...query, autoPaginate: false };
      const [files, next] = await this.#call(`listing gs://${this.name}/${prefix}`, () => this.#bucket.getFiles(page));
      yield files.map(toInfo);
      query = next ?? null;
    }
  }

  async listFolders(prefix: string): Promise<string[]> {
    const folders: string[] = [];
    let query: GetFilesOptions | null = { prefix, delimiter: '/' };
    // Page by page: of many pages the client would answer only the last one's folders. Its next
    // query forgets that it was asked for one page.
    while (query !== null) {
      const page: GetFilesOptions = { ...query, autoPaginate: false };
      const [, next, response] = await this.#call(`listing gs://${this.name}/${prefix}`, () =>
        this.#bucket.getFiles(page),
      );
      folders.push(...foldersOf(response));
      query = next ?? null;
    }
    return folders;
  }

  async bytesBelow(prefix: string): Promise<number> {
    let bytes = 0;
    for await (const page of this.#pages(prefix)) for (const object of page) bytes += object.bytes;
    return bytes;
  }

  async write(
    name: string,
    bytes: Buffer | string,
    options: { ifGeneration?: string; contentType: string },
  ): Promise<string> {
    const file = this.#bucket.file(name);
    const preconditionOpts =
      options.ifGeneration === undefined ? {} : { ifGenerationMatch: Number(options.ifGeneration) };
    const save = (): Promise<void> =>
      file.save(bytes, {
        resumable: bytes.length > RESUMABLE_FROM_BYTES,
        contentType: options.contentType,
        validation: 'crc32c',
        preconditionOpts,
      });
    await this.#call(`writing gs://${this.name}/${name}`, save, bytes.length);
    return String(file.metadata.generation);
  }

  async writeChunks(name: string, chunks: AsyncIterable<Buffer>, options: { contentType: string }): Promise<string> {
    const idleMs = this.#settings.callMs ?? CALL_MS;
    return this.#wrapped(`writing gs://${this.name}/${name}`, () =>
      uploadChunks(this.#bucket.file(name), chunks, { ...options, idleMs }),
    );
  }

  async remove(name: string, options: { ifGeneration?: string } = {}): Promise<void> {
    try {
      await this.#call(`deleting gs://${this.name}/${name}`, () =>
        this.#bucket.file(name).delete({
          ignoreNotFound: true,
          ...(options.ifGeneration === undefined ? {} : { ifGenerationMatch: Number(options.ifGeneration) }),
        }),
      );
    } catch (error) {
      if (!(error instanceof PreconditionError)) throw error;
    }
  }

  async signedUrl(name: string, options: { generation?: string; validSeconds: number }): Promise<string> {
    const signing = this.#signingEndpoint();
    const [url] = await this.#call(`signing gs://${this.name}/${name}`, () =>
      this.#bucket.file(name).getSignedUrl({
        version: 'v4',
        action: 'read',
        expires: Date.now() + options.validSeconds * 1000,
        ...(signing === undefined ? {} : { signingEndpoint: signing }),
        ...(options.generation === undefined ? {} : { queryParams: { generation: options.generation } }),
      }),
    );
    return url;
  }

  /**
   * By hand, because the client's own method signs for one exact name and not for a prefix. Format: Cloud
   * Storage, "POST Object", policy document.
   */
  async signedUpload(
    prefix: string,
    options: { validSeconds: number; maxBytes: number },
  ): Promise<{ url: string; fields: Record<string, string> }> {
    return this.#call(`signing uploads to gs://${this.name}/${prefix}`, async () => {
      const email = (await this.#storage.authClient.getCredentials()).client_email;
      const now = Date.now();
      const stamp = new Date(now).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
      const signed = {
        'x-goog-date': stamp,
        'x-goog-credential': `${email}/${stamp.slice(0, 8)}/auto/storage/goog4_request`,
        'x-goog-algorithm': 'GOOG4-RSA-SHA256',
      };
      const conditions = [
        { bucket: this.name },
        ['starts-with', '$key', prefix],
        ['content-length-range', 0, options.maxBytes],
        ...Object.entries(signed).map(([field, value]) => ({ [field]: value })),
      ];
      const expiration = new Date(now + options.validSeconds * 1000).toISOString().replace(/\.\d{3}/, '');
      const policy = Buffer.from(JSON.stringify({ expiration, conditions })).toString('base64');
      const signature = await this.#storage.authClient.sign(policy, this.#signingEndpoint());
      const fields = { ...signed, policy, 'x-goog-signature': Buffer.from(signature, 'base64').toString('hex') };
      return { url: `${this.#settings.endpoint ?? 'https://storage.googleapis.com'}/${this.name}`, fields };
    });
  }

  #signingEndpoint(): string | undefined {
    const base = this.#settings.signingEndpoint;
    return base === null ? undefined : `${base}/v1/projects/-/serviceAccounts/`;
  }

  async #orNull<T>(name: string, read: () => Promise<T>, bytes = 0): Promise<T | null> {
    try {
      return await this.#call(`reading gs://${this.name}/${name}`, read, bytes);
    } catch (error) {
      if (error instanceof PortError && codeOf(error.cause) === 404) return null;
      throw error;
    }
  }

  /**
   * Some of the client's calls (uploads above all) would wait for ever. What is given up may
   * still end later: see the head of this file.
   */
  async #call<T>(what: string, work: () => Promise<T>, bytes = 0): Promise<T> {
    const callMs = (this.#settings.callMs ?? CALL_MS) + bytes / BYTES_PER_MS;
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${Math.round(callMs)} ms`)), callMs);
    });
    try {
      return await this.#wrapped(what, () => Promise.race([work(), deadline]));
    } finally {
      clearTimeout(timer);
    }
  }

  async #wrapped<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof PortError) throw cause;
      const code = codeOf(cause);
      if (code === 412) throw new PreconditionError(what, cause);
      const retry = code === undefined || code === 404 || code === 408 || code === 429 || code >= 500;
      const retryAfterSeconds = retryAfterSecondsOf(cause);
      throw new PortError('FF-BUCKET', `${what}: ${messageOf(cause)}`, { retry, retryAfterSeconds, cause });
    }
  }
}
