/** The service without a protocol: everything that the wire formats call. */
import { join } from 'node:path';
import type { LocalContext } from '../../context.ts';
import { SessionFiles } from '../disk/session-files.ts';
import { Buckets } from './buckets.ts';
import { Copying } from './copying.ts';
import { receiveContent, type ExpectedHashes } from './incoming.ts';
import type { Content } from './model.ts';
import { Objects } from './objects.ts';
import { FinalizeOutbox } from './outbox.ts';
import { ResumableUploads, sessionSchema } from './resumable.ts';
import { StorageState } from './state.ts';
import { WriteRate } from './write-rate.ts';

export class StorageService {
  readonly state: StorageState;
  readonly buckets: Buckets;
  readonly objects: Objects;
  readonly copying: Copying;
  readonly uploads: ResumableUploads;
  readonly outbox: FinalizeOutbox;

  constructor(context: LocalContext, options: { enforceRateLimit: boolean }) {
    const folder = join(context.stateDir, 'storage');
    this.state = new StorageState(folder, context.clock);
    this.buckets = new Buckets(this.state);
    this.objects = new Objects(this.state, this.buckets, new WriteRate(context.clock, options.enforceRateLimit));
    this.copying = new Copying(this.objects, this.buckets);
    this.uploads = new ResumableUploads(
      this.state,
      this.objects,
      new SessionFiles(join(folder, 'uploads'), sessionSchema),
    );
    this.outbox = new FinalizeOutbox(this.state, (message) => context.log('storage', message));
    this.objects.onEvent = (event) => this.outbox.push(event);
    this.state.blobs.sweep((blob) => this.state.index.usesBlob(blob) || this.uploads.usesBlob(blob));
  }

  /** Writes bytes to disk that `commit` then names. If `commit` refuses, the bytes go. */
  async store<T>(
    bytes: AsyncIterable<Buffer>,
    expected: () => ExpectedHashes,
    commit: (content: Content) => T,
  ): Promise<T> {
    const content = await receiveContent(this.state, bytes, expected);
    try {
      return commit(content);
    } finally {
      this.state.index.release(content.parts.map((part) => part.blob));
      this.state.removeReleasedBlobs();
    }
  }

  stop(): void {
    this.outbox.flush();
    this.state.close();
  }
}
