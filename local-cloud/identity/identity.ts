/**
 * Who callers are, in the local cloud. It serves the metadata server (access tokens, e-mail, project), IAM Credentials
 * `signBlob` with a real RSA key, the OAuth token endpoint, and the Service Usage look-up that gcloud makes. Whoever
 * reaches the loopback port is the service account: permissions (IAM policies) are not imitated.
 */
import { sign, verify, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import type { LocalContext } from '../context.ts';
import { isPlain } from '../is-plain.ts';
import { GoogleError, startGoogleHttp, type Answer, type Call, type Route } from './google-http.ts';
import { loadIdentityKeys, type IdentityKeys } from './keys.ts';
import { answerMetadata, isMetadataPath, type MetadataFacts } from './metadata.ts';
import { Tokens } from './tokens.ts';

const CLOUD_PLATFORM = 'https://www.googleapis.com/auth/cloud-platform';

export interface IdentityOptions {
  port: number;
  /** Local part of the service account's e-mail address. */
  account?: string;
  zone?: string;
  /** Life of access tokens; tests of expiry make it short. */
  tokenLifeSeconds?: number;
}

export interface RunningIdentity {
  url: string;
  /** host:port, as GCE_METADATA_HOST wants it. */
  host: string;
  email: string;
  publicKey: KeyObject;
  /** True when `signature` over `bytes` was made by this service for that e-mail. */
  verifySignature(email: string, bytes: Buffer | string, signature: Buffer): boolean;
  isValidToken(token: string): boolean;
  /** A token without a metadata request, for gcloud's access-token file and for kubelets. */
  issueToken(lifeSeconds?: number): string;
  stop(): Promise<void>;
}

export async function startIdentity(context: LocalContext, options: IdentityOptions): Promise<RunningIdentity> {
  const keys = loadIdentityKeys(join(context.stateDir, 'identity'));
  const email = `${options.account ?? 'foreach-fleet'}@${context.projectId}.iam.gserviceaccount.com`;
  const tokens = new Tokens(keys.tokenKey, context.clock);
  const lifeSeconds = options.tokenLifeSeconds ?? 3600;
  const issueToken = (life = lifeSeconds): string => tokens.issue(email, life);
  const isValidToken = (token: string): boolean => tokens.emailOf(token) !== undefined;
  const facts: MetadataFacts = {
    projectId: context.projectId,
    projectNumber: context.projectNumber,
    zone: options.zone ?? 'us-central1-a',
    email,
    scopes: [CLOUD_PLATFORM],
    token: () => ({ access_token: issueToken(), expires_in: lifeSeconds - 1, token_type: 'Bearer' }),
    identityToken: (audience) => identityToken(context, keys, email, audience),
  };
  const http = await startGoogleHttp(context, {
    service: 'identity',
    port: options.port,
    route: (call) => route(call, facts, keys, isValidToken),
  });
  return {
    url: http.url,
    host: `127.0.0.1:${http.port}`,
    email,
    publicKey: keys.publicKey,
    verifySignature: (who, bytes, signature) =>
      who === email && verify('RSA-SHA256', Buffer.from(bytes), keys.publicKey, signature),
    isValidToken,
    issueToken,
    stop: http.stop,
  };
}

function route(
  call: Call,
  facts: MetadataFacts,
  keys: IdentityKeys,
  isValidToken: (token: string) => boolean,
): Route | undefined {
  if (isMetadataPath(call.path)) return { name: 'metadata.get', run: () => answerMetadata(facts, call) };
  if (call.method === 'POST' && call.path === '/token') {
    return { name: 'oauth.token', run: () => ({ body: { ...facts.token(), scope: facts.scopes.join(' ') } }) };
  }
  const service = /^\/v1\/projects\/[^/]+\/services\/([^/]+)$/.exec(call.path)?.[1];
  if (call.method === 'GET' && service !== undefined) {
    return { name: 'services.get', run: () => ({ body: enabledService(facts, service) }) };
  }
  const signer = /^\/v1\/projects\/[^/]+\/serviceAccounts\/([^/]+):signBlob$/.exec(call.path)?.[1];
  if (call.method !== 'POST' || signer === undefined) return undefined;
  return { name: 'serviceAccounts.signBlob', run: () => signBlob(call, signer, facts.email, keys, isValidToken) };
}

function signBlob(
  call: Call,
  signer: string,
  email: string,
  keys: IdentityKeys,
  isValidToken: (token: string) => boolean,
): Answer {
  const bearer = /^Bearer (.+)$/i.exec(call.headers.authorization ?? '')?.[1];
  if (bearer === undefined || !isValidToken(bearer)) {
    throw new GoogleError(401, 'Request had invalid authentication credentials.');
  }
  if (signer !== email && signer !== '-') throw new GoogleError(404, `Unknown service account: ${signer}`);
  const payload = isPlain(call.body) ? call.body['payload'] : undefined;
  if (typeof payload !== 'string') {
    throw new GoogleError(400, "Invalid value at 'payload' (TYPE_BYTES): base64 text is required.");
  }
  const signature = sign('RSA-SHA256', Buffer.from(payload, 'base64'), keys.privateKey);
  return { body: { keyId: keys.keyId, signedBlob: signature.toString('base64') } };
}

/** Service Usage, of which gcloud asks before some commands whether an API is switched on. */
function enabledService(facts: MetadataFacts, service: string): object {
  const parent = `projects/${facts.projectNumber}`;
  return { name: `${parent}/services/${service}`, parent, state: 'ENABLED', config: { name: service } };
}

/** An OpenID token as Cloud Run services check it; signed with the account's own key, since Google's is not ours. */
function identityToken(context: LocalContext, keys: IdentityKeys, email: string, audience: string): string {
  const nowSeconds = Math.floor(context.clock.nowMs() / 1000);
  const header = { alg: 'RS256', kid: keys.keyId, typ: 'JWT' };
  const claims = {
    aud: audience,
    azp: email,
    email,
    email_verified: true,
    exp: nowSeconds + 3600,
    iat: nowSeconds,
    iss: 'https://accounts.google.com',
    sub: context.projectNumber,
  };
  const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${sign('RSA-SHA256', Buffer.from(text), keys.privateKey).toString('base64url')}`;
}
