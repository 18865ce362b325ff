/**
 * Cloud Storage and identity of the local cloud in a process of their own: `storage-process.ts
 * STATE_DIR`. Ends with the process that started it.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface StorageAddress {
  url: string;
  /** host:port of the metadata server, which hands out tokens. */
  metadataHost: string;
}

export interface StorageProcess extends StorageAddress {
  /** What the official clients need to find both. */
  environment: Record<string, string>;
  stop(): Promise<void>;
}

export const PROJECT = 'local-project';
export const BUCKETS = { uploads: 'bench-uploads', state: 'bench-state', results: 'bench-results' };

const script = fileURLToPath(import.meta.url);

export async function startStorageProcess(): Promise<StorageProcess> {
  const stateDir = mkdtempSync(join(tmpdir(), 'ff-bench-storage-'));
  const child = fork(script, [stateDir], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const address = await new Promise<StorageAddress>((resolve, reject) => {
    child.once('message', (message) => resolve(message as StorageAddress));
    child.once('exit', () => reject(new Error('the storage process ended before it was ready')));
  });
  const stop = async (): Promise<void> => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.disconnect();
    await ended;
    rmSync(stateDir, { recursive: true, force: true });
  };
  const environment = { GCE_METADATA_HOST: address.metadataHost, METADATA_SERVER_DETECTION: 'assume-present' };
  return { ...address, environment, stop };
}

async function serve(stateDir: string): Promise<void> {
  const { createContext } = await import('../local-cloud/context.ts');
  const { startIdentity } = await import('../local-cloud/identity/identity.ts');
  const { startStorage } = await import('../local-cloud/storage/storage.ts');
  const context = createContext({ stateDir, quiet: true, projectId: PROJECT });
  const identity = await startIdentity(context, { port: 0 });
  const storage = await startStorage(context, { port: 0 });
  for (const bucket of Object.values(BUCKETS)) storage.createBucket(bucket, { versioning: true });
  storage.onFinalized(() => undefined);
  process.once('disconnect', () => process.exit(0));
  process.send!({ url: storage.url, metadataHost: identity.host } satisfies StorageAddress);
}

if (process.argv[1] === script) await serve(process.argv[2]!);
