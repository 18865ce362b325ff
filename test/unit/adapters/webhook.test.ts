/** Webhooks: only public addresses, the one that was checked, a few tries, a signature. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { isPublicAddress } from '../../../functions/adapters/public-address.ts';
import { callWebhook, type WebhookOptions } from '../../../functions/adapters/webhook.ts';
import { makeAuthority, makeServerCertificate } from '../../../local-cloud/certificates.ts';

const notice = { id: 'n', job: 'demo', attempt: 1, event: 'failed', at: 't', text: 'ä' };
const HOST = 'hooks.foreach-fleet.dev';

interface Receiver {
  url: string;
  options: WebhookOptions;
  seen: { headers: IncomingMessage['headers']; body: string }[];
}

/** A receiver on this machine, which answers with these statuses, one after another. */
async function receive(t: TestContext, statuses: number[]): Promise<Receiver> {
  const authority = await makeAuthority('test');
  const names = { commonName: HOST, dns: [HOST], addresses: [] };
  const { certPem, keyPem } = await makeServerCertificate(names, authority);
  const seen: Receiver['seen'] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    seen.push({ headers: request.headers, body: Buffer.concat(parts).toString() });
    response.writeHead(statuses[seen.length - 1] ?? 200, { location: 'https://elsewhere.test/' }).end();
  };
  const server = createServer({ cert: certPem, key: keyPem }, (request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const options = {
    secret: null,
    waitsMs: [0, 0],
    ca: authority.certPem,
    resolve: async () => ['127.0.0.1'],
    isAllowed: () => true,
  };
  return { url: `https://${HOST}:${(server.address() as AddressInfo).port}/path?x=1`, options, seen };
}

describe('a webhook', () => {
  it('is told the notice at the address that was checked, under its own name', async (t) => {
    const { url, options, seen } = await receive(t, [204]);
    await callWebhook(url, notice, options);
    assert.deepEqual(JSON.parse(seen[0]?.body ?? ''), notice);
    assert.match(seen[0]?.headers.host ?? '', new RegExp(`^${HOST}:`));
    assert.equal(seen[0]?.headers['x-foreach-fleet-signature'], undefined);
  });

  it('can tell by the signature that the notice is ours, and when it was sent', async (t) => {
    const { url, options, seen } = await receive(t, [200]);
    await callWebhook(url, notice, { ...options, secret: 'sesame', nowMs: () => 1_764_163_456_789 });
    const hmac = createHmac('sha256', 'sesame').update(`1764163456.${seen[0]?.body}`).digest('hex');
    assert.equal(seen[0]?.headers['x-foreach-fleet-signature'], `t=1764163456,v1=${hmac}`);
  });

  const rows: [name: string, statuses: number[], tries: number, told: boolean][] = [
    ['is told again after a failure', [503, 429, 200], 3, true],
    ['is not told for ever', [500, 500, 500, 200], 3, false],
    ['that refuses is not asked again', [404], 1, false],
    ['is not followed elsewhere', [302], 1, false],
  ];
  for (const [name, statuses, tries, told] of rows)
    it(name, async (t) => {
      const { url, options, seen } = await receive(t, statuses);
      const call = callWebhook(url, notice, options);
      await (told ? call : assert.rejects(call, { code: 'FF-WEBHOOK' }));
      assert.equal(seen.length, tries);
    });

  for (const addresses of [['127.0.0.1'], ['93.184.216.34', '10.0.0.1'], ['169.254.169.254'], ['::ffff:10.0.0.1'], []])
    it(`whose name means ${addresses.join(' and ') || 'nothing'} is not called`, async (t) => {
      const { url, options, seen } = await receive(t, [200]);
      const onlyPublic = { ...options, isAllowed: isPublicAddress, resolve: async () => addresses };
      await assert.rejects(callWebhook(url, notice, onlyPublic), { code: 'FF-WEBHOOK' });
      assert.equal(seen.length, 0);
    });
});

describe('public addresses', () => {
  const rows: [address: string, isPublic: boolean][] = [
    ['8.8.8.8', true],
    ['2001:4860:4860::8888', true],
    ['172.15.255.255', true],
    ['172.16.0.1', false],
    ['192.168.1.1', false],
    ['100.100.100.200', false],
    ['0.0.0.0', false],
    ['255.255.255.255', false],
    ['::1', false],
    ['::', false],
    ['::127.0.0.1', false],
    ['::ffff:127.0.0.1', false],
    ['::ffff:8.8.8.8', false],
    ['64:ff9b::a00:1', false],
    ['2002:a00:1::', false],
    ['fd00:ec2::254', false],
    ['fe80::1%eth0', false],
    ['localhost', false],
    ['127.1', false],
    ['', false],
  ];
  for (const [address, isPublic] of rows)
    it(`${address || 'nothing'} is ${isPublic ? '' : 'not '}one`, () =>
      assert.equal(isPublicAddress(address), isPublic));
});
