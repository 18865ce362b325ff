/** A local Cloud Storage on a free port with its own folder, the vendor's client for it, and raw requests to it. */
import { createSign, createVerify, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Storage } from '@google-cloud/storage';
import { GoogleAuth, JWT } from 'google-auth-library';
import type { Clock } from '../../local-cloud/clock.ts';
import { createContext, type LocalContext } from '../../local-cloud/context.ts';
import { startStorage, type RunningStorage, type StorageOptions } from '../../local-cloud/storage/storage.ts';

export const SIGNER = 'signer@local-project.iam.gserviceaccount.com';
const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const privateKey = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

/** Verifies with the test's key, whatever the signer is called as long as it is the one. */
function verifySignature(email: string, bytes: Buffer, signature: Buffer): boolean {
  return email === SIGNER && createVerify('RSA-SHA256').update(bytes).verify(keys.publicKey, signature);
}

/** Hexadecimal signature with the test's key. */
export function sign(text: string): string {
  return createSign('RSA-SHA256').update(text).sign(keys.privateKey, 'hex');
}

export interface LocalStorage {
  context: LocalContext;
  service: RunningStorage;
  url: string;
  client: Storage;
  stateDir: string;
  /** Stops the service and starts it again on the same folder; `url`, `client` and `service` are new. */
  restart(): Promise<void>;
}

export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'ff-storage-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A service with bucket `box` (and `kept`, which is versioned) that ends with the test. */
export async function startLocal(
  t: TestContext,
  options: Partial<StorageOptions> & { clock?: Clock } = {},
): Promise<LocalStorage> {
  const stateDir = temporaryFolder(t);
  const local = { stateDir } as LocalStorage;
  const { clock, ...storageOptions } = options;
  const start = async () => {
    local.context = createContext({ stateDir, quiet: true, ...(clock ? { clock } : {}) });
    local.service = await startStorage(local.context, { port: 0, verifySignature, ...storageOptions });
    local.service.createBucket('box');
    local.service.createBucket('kept', { versioning: true });
    local.url = local.service.url;
    local.client = clientFor(local.url);
  };
  local.restart = async () => {
    await local.service.stop();
    await start();
  };
  await start();
  t.after(() => local.service.stop());
  return local;
}

/** The vendor's client with a key of its own, so that it can sign. Retries are off: a test wants to see each answer. */
export function clientFor(url: string, retry = false): Storage {
  return new Storage({
    apiEndpoint: url,
    projectId: 'local-project',
    authClient: signingAuth(),
    // Below one second the client's own retry helper refuses to work.
    retryOptions: { autoRetry: retry, retryDelayMultiplier: 1, maxRetryDelay: 1 },
  });
}

/** Handing over a key as an option is deprecated, and without one the library would look for a metadata server. */
function signingAuth(): GoogleAuth {
  const auth = new GoogleAuth({ authClient: new JWT({ email: SIGNER, key: privateKey }) });
  return Object.assign(auth, { getCredentials: () => Promise.resolve({ client_email: SIGNER }) });
}
