// A client that trusts only the local cloud's authority talks to its servers, under
// every name that the certificate carries.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import tls from 'node:tls';
import { makeAuthority, makeServerCertificate, type Certificate } from '../../local-cloud/certificates.ts';

const NAMES = { commonName: 'kube-apiserver', dns: ['localhost', 'kubernetes.default'], addresses: ['127.0.0.1'] };

/** Connects over TLS and says why the client refuses, or 'trusted'. */
async function handshake(server: Certificate, caPem: string, servername: string): Promise<string> {
  const listener = tls.createServer({ cert: server.certPem, key: server.keyPem }, (socket) => socket.end());
  listener.on('tlsClientError', () => undefined);
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const client = tls.connect({ port, host: '127.0.0.1', ca: caPem, servername });
  try {
    await once(client, 'secureConnect');
    return 'trusted';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  } finally {
    client.destroy();
    listener.close();
  }
}

describe('certificates', () => {
  it('an authority vouches for a server under each of its names', async () => {
    const authority = await makeAuthority('ff-job-ca');
    const server = await makeServerCertificate(NAMES, authority);
    for (const name of NAMES.dns) assert.equal(await handshake(server, authority.certPem, name), 'trusted');
    assert.ok(new X509Certificate(server.certPem).checkIP('127.0.0.1'));
  });

  it('nobody is trusted under another name or for another authority', async () => {
    const authority = await makeAuthority('ff-job-ca');
    const server = await makeServerCertificate(NAMES, authority);
    assert.equal(await handshake(server, authority.certPem, 'example.org'), 'ERR_TLS_CERT_ALTNAME_INVALID');
    const other = await makeAuthority('ff-other-ca');
    assert.equal(await handshake(server, other.certPem, 'localhost'), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  });

  it('a server that signs itself is trusted by who knows its certificate', async () => {
    const server = await makeServerCertificate(NAMES);
    assert.equal(await handshake(server, server.certPem, 'localhost'), 'trusted');
  });

  it('says what each certificate is for, and holds for years', async () => {
    const authority = await makeAuthority('a'.repeat(80));
    const ca = new X509Certificate(authority.certPem);
    const server = new X509Certificate((await makeServerCertificate(NAMES, authority)).certPem);
    assert.deepEqual([ca.ca, server.ca, server.issuer], [true, false, `CN=${'a'.repeat(64)}`]);
    assert.deepEqual(server.keyUsage, ['1.3.6.1.5.5.7.3.1']);
    assert.ok(ca.validToDate.getTime() - Date.now() > 9 * 365 * 24 * 3600 * 1000);
  });
});
