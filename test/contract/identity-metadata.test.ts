import assert from 'node:assert/strict';
import { createHash, createPublicKey } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Storage } from '@google-cloud/storage';
import { GoogleAuth } from 'google-auth-library';
import { createContext } from '../../local-cloud/context.ts';
import type { Clock } from '../../local-cloud/clock.ts';
import { startIdentity, type IdentityOptions, type RunningIdentity } from '../../local-cloud/identity/identity.ts';
import { useMetadataServer } from './gke-fixture.ts';

const EMAIL = 'foreach-fleet@local-project.iam.gserviceaccount.com';

function newStateDir(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'ff-identity-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

async function start(
  t: TestContext,
  options: Partial<IdentityOptions> & { stateDir?: string; clock?: Clock } = {},
): Promise<RunningIdentity> {
  const stateDir = options.stateDir ?? newStateDir(t);
  const context = createContext({ stateDir, quiet: true, ...(options.clock ? { clock: options.clock } : {}) });
  const identity = await startIdentity(context, { port: 0, ...options });
  t.after(() => identity.stop());
  useMetadataServer(identity);
  return identity;
}

const metadata = (
  identity: RunningIdentity,
  path: string,
  headers: Record<string, string> = { 'Metadata-Flavor': 'Google' },
) => fetch(`${identity.url}/computeMetadata/v1/${path}`, { headers });

test('the metadata server answers in the real layout', async (t) => {
  const identity = await start(t);
  const rows: [string, string][] = [
    ['project/project-id', 'local-project'],
    ['project/numeric-project-id', '100000000001'],
    ['instance/zone', 'projects/100000000001/zones/us-central1-a'],
    ['instance/service-accounts/', `default/\n${EMAIL}/\n`],
    ['instance/service-accounts/default/', 'aliases\nemail\nidentity\nscopes\ntoken\n'],
    ['instance/service-accounts/default/email', EMAIL],
    ['instance/service-accounts/default/scopes', 'https://www.googleapis.com/auth/cloud-platform'],
    ['universe/universe-domain', 'googleapis.com'],
  ];
  for (const [path, expected] of rows) {
    const response = await metadata(identity, path);
    assert.equal(await response.text(), expected, path);
    assert.equal(response.headers.get('metadata-flavor'), 'Google', path);
  }
  const all = (await (await metadata(identity, 'instance/service-accounts/?recursive=true')).json()) as any;
  assert.deepEqual(all.default, {
    aliases: ['default'],
    email: EMAIL,
    scopes: ['https://www.googleapis.com/auth/cloud-platform'],
  });
  assert.equal((await metadata(identity, 'project/project-id', {})).status, 403);
  assert.equal((await metadata(identity, 'project/none')).status, 404);
  assert.equal((await metadata(identity, 'instance/service-accounts/default/identity')).status, 400);
  const jwt = await (
    await metadata(identity, 'instance/service-accounts/default/identity?audience=https://here')
  ).text();
  assert.equal(JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()).aud, 'https://here');
});

test('tokens are valid for their life, over a restart, and cannot be forged', async (t) => {
  let nowMs = Date.parse('2026-11-23T12:00:00Z');
  const clock: Clock = { nowMs: () => nowMs, after: () => () => undefined };
  const stateDir = newStateDir(t);
  const identity = await start(t, { clock, stateDir, tokenLifeSeconds: 60 });
  const answer = (await (await metadata(identity, 'instance/service-accounts/default/token')).json()) as any;
  assert.equal(answer.token_type, 'Bearer');
  assert.equal(answer.expires_in, 59);
  assert.equal(identity.isValidToken(answer.access_token), true);
  assert.equal(identity.isValidToken(`${answer.access_token}x`), false);
  assert.equal(identity.isValidToken('nonsense'), false);
  const again = await start(t, { clock, stateDir });
  assert.equal(again.isValidToken(answer.access_token), true);
  nowMs += 61_000;
  assert.equal(identity.isValidToken(answer.access_token), false);
});

test('the auth library finds project, e-mail and token without any key', async (t) => {
  const identity = await start(t);
  const auth = new GoogleAuth({ scopes: ['https://www.googleapis.com/auth/cloud-platform'] });
  assert.equal(await auth.getProjectId(), 'local-project');
  assert.equal((await auth.getCredentials()).client_email, EMAIL);
  assert.equal(identity.isValidToken((await auth.getAccessToken()) ?? ''), true);
});

test('the storage library signs URLs through signBlob, and the signature is verified', async (t) => {
  const identity = await start(t);
  const storage = new Storage({ apiEndpoint: 'http://127.0.0.1:1', projectId: 'local-project' });
  const signingEndpoint = `${identity.url}/v1/projects/-/serviceAccounts/`;
  const [signed] = await storage
    .bucket('uploads')
    .file('jobs/a/run it.R')
    .getSignedUrl({ version: 'v4', action: 'read', expires: Date.now() + 60_000, signingEndpoint });
  const url = new URL(signed);
  const [email, ...scope] = (url.searchParams.get('X-Goog-Credential') ?? '').split('/');
  const signature = Buffer.from(url.searchParams.get('X-Goog-Signature') ?? '', 'hex');
  url.searchParams.delete('X-Goog-Signature');
  // The library signs the host without its port.
  const query = url.search.slice(1).split('&').sort().join('&');
  const request = ['GET', url.pathname, query, 'host:127.0.0.1\n', 'host', 'UNSIGNED-PAYLOAD'].join('\n');
  const hash = createHash('sha256').update(request).digest('hex');
  const text = ['GOOG4-RSA-SHA256', url.searchParams.get('X-Goog-Date'), scope.join('/'), hash].join('\n');
  assert.equal(identity.verifySignature(email ?? '', text, signature), true);
  assert.equal(identity.verifySignature(email ?? '', `${text} `, signature), false);
  assert.equal(identity.verifySignature('other@example.com', text, signature), false);
});

test('signBlob wants a token, a known account and a payload', async (t) => {
  const identity = await start(t);
  const call = (account: string, body: object, token = identity.issueToken()) =>
    fetch(`${identity.url}/v1/projects/-/serviceAccounts/${account}:signBlob`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const payload = Buffer.from('text').toString('base64');
  assert.equal((await call(EMAIL, { payload }, 'forged')).status, 401);
  assert.equal((await call('other@example.com', { payload })).status, 404);
  assert.equal((await call(EMAIL, { blob: payload })).status, 400);
  const { signedBlob } = (await (await call(EMAIL, { payload })).json()) as { signedBlob: string };
  assert.equal(identity.verifySignature(EMAIL, 'text', Buffer.from(signedBlob, 'base64')), true);
  assert.equal(createPublicKey(identity.publicKey.export({ type: 'spki', format: 'pem' })).asymmetricKeyType, 'rsa');
});
