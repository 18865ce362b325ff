/** The secrets of the local cloud's identity service, made once and kept in its state folder (mode 0600). */
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface IdentityKeys {
  /** RSA key of the service account; what `signBlob` signs with. */
  privateKey: KeyObject;
  publicKey: KeyObject;
  keyId: string;
  tokenKey: Buffer;
}

/** Loads the keys below `dir`, or makes them. */
export function loadIdentityKeys(dir: string): IdentityKeys {
  mkdirSync(dir, { recursive: true });
  const pem = keep(join(dir, 'service-account.pem'), () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  });
  const tokenKey = keep(join(dir, 'token.key'), () => randomBytes(32).toString('hex'));
  const keyId = keep(join(dir, 'key-id'), () => randomBytes(20).toString('hex'));
  const privateKey = createPrivateKey(pem);
  return { privateKey, publicKey: createPublicKey(privateKey), keyId, tokenKey: Buffer.from(tokenKey, 'hex') };
}

/** Written under another name first, so that a crash leaves either no key or a whole one. */
function keep(file: string, make: () => string): string {
  if (existsSync(file)) return readFileSync(file, 'utf8');
  const text = make();
  writeFileSync(`${file}.tmp`, text, { mode: 0o600 });
  renameSync(`${file}.tmp`, file);
  return text;
}
