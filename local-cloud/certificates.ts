/**
 * X.509 certificates for the local cloud's own TLS servers, ten years long, with EC keys (P-256).
 * It makes PEM texts; where they are kept is the caller's business, and nothing is ever revoked.
 *
 * `@peculiar/x509` writes the certificates: TypeScript over WebCrypto, no program to spawn. node-forge has no EC
 * certificates, and selfsigned is a layer over the same library. It is loaded when a certificate is made,
 * because most starts find theirs on disk.
 */
import { KeyObject, webcrypto } from 'node:crypto';
import type * as X509 from '@peculiar/x509';

export interface Certificate {
  certPem: string;
  keyPem: string;
}

/** A certificate that signs others. */
export interface Authority extends Certificate {
  subject: string;
  signingKey: webcrypto.CryptoKey;
}

export interface ServerNames {
  commonName: string;
  dns: readonly string[];
  addresses: readonly string[];
}

const EC_KEY = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const LIFE_MS = 3650 * 24 * 3600 * 1000;

export async function makeAuthority(commonName: string): Promise<Authority> {
  const x509 = await loadLibrary();
  const keys = await makeKeys();
  const subject = nameOf(commonName);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(),
    name: subject,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certPem: pem(certificate), keyPem: privatePem(keys), subject, signingKey: keys.privateKey };
}

/** A server's certificate, signed by `authority`; without one it signs itself, and its clients have to know it. */
export async function makeServerCertificate(names: ServerNames, authority?: Authority): Promise<Certificate> {
  const x509 = await loadLibrary();
  const keys = await makeKeys();
  const subject = nameOf(names.commonName);
  const certificate = await x509.X509CertificateGenerator.create({
    ...validity(),
    subject,
    issuer: authority?.subject ?? subject,
    publicKey: keys.publicKey,
    signingKey: authority?.signingKey ?? keys.privateKey,
    extensions: [
      // OpenSSL takes a certificate that signed itself for trusted only when it may sign.
      new x509.BasicConstraintsExtension(authority === undefined, undefined, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        ...names.dns.map((value) => ({ type: 'dns' as const, value })),
        ...names.addresses.map((value) => ({ type: 'ip' as const, value })),
      ]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certPem: pem(certificate), keyPem: privatePem(keys) };
}

/** The library needs the polyfill before it is loaded. */
async function loadLibrary(): Promise<typeof X509> {
  await import('reflect-metadata');
  return await import('@peculiar/x509');
}

async function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(EC_KEY, true, ['sign', 'verify']);
}

function validity(): Pick<X509.X509CertificateCreateParamsBase, 'notBefore' | 'notAfter'> {
  const nowMs = Date.now();
  return { notBefore: new Date(nowMs), notAfter: new Date(nowMs + LIFE_MS) };
}

/** A common name holds at most 64 characters. */
function nameOf(commonName: string): string {
  return `CN=${commonName.slice(0, 64)}`;
}

function pem(certificate: { toString(format: 'pem'): string }): string {
  return `${certificate.toString('pem')}\n`;
}

function privatePem(keys: webcrypto.CryptoKeyPair): string {
  return KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString();
}
