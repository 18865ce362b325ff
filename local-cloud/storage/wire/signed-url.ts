/** V4 signed URLs: what was signed, from the request as it arrived. */
import { createHash } from 'node:crypto';
import { ApiError } from '../semantics/api-error.ts';
import { decode, header, type Call } from './call.ts';

/** True when the signature over `bytesToVerify` is the signer's. */
export type VerifySignature = (signerEmail: string, bytesToVerify: Buffer, signature: Buffer) => boolean;

export const ALGORITHM = 'GOOG4-RSA-SHA256';
const SIGNATURE = 'X-Goog-Signature';
const MAX_SECONDS = 7 * 24 * 3600;
const CLOCK_SKEW_MS = 15 * 60 * 1000;

export function isSigned(call: Call): boolean {
  return call.query.has(SIGNATURE) || call.query.has('X-Goog-Algorithm');
}

/** Refuses the call unless its address was signed for it and has not expired. Without `verify` only the time counts. */
export function checkSignedUrl(call: Call, nowMs: number, verify: VerifySignature | undefined): void {
  const { query } = call;
  if (query.get('X-Goog-Algorithm') !== ALGORITHM) throw malformed('X-Goog-Algorithm');
  const scope = readCredential(query.get('X-Goog-Credential'), 'X-Goog-Credential');
  const date = query.get('X-Goog-Date');
  checkTime(date, query.get('X-Goog-Expires'), nowMs);
  const signature = query.get(SIGNATURE);
  if (signature === null || !/^([0-9a-f]{2})+$/i.test(signature)) throw malformed(SIGNATURE);
  if (!verify) return;
  const bytes = Buffer.from(signature, 'hex');
  const candidates = canonicalRequests(call).map((request) =>
    Buffer.from([ALGORITHM, date, scope.scope, createHash('sha256').update(request).digest('hex')].join('\n')),
  );
  if (candidates.some((candidate) => verify(scope.email, candidate, bytes))) return;
  throw signatureMismatch(candidates[0] ?? Buffer.alloc(0));
}

export function readCredential(credential: string | null | undefined, name: string): { email: string; scope: string } {
  const [, email, scope] = /^(.+?)\/(\d{8}\/[^/]+\/storage\/goog4_request)$/.exec(credential ?? '') ?? [];
  if (email === undefined || scope === undefined) throw malformed(name);
  return { email, scope };
}

export function signatureMismatch(signed: Buffer): ApiError {
  const message =
    'Access denied. The request signature we calculated does not match the signature you provided. Check ' +
    'your Google secret key and signing method.';
  return new ApiError(403, 'forbidden', message, {
    xmlCode: 'SignatureDoesNotMatch',
    details: signed.toString('utf8'),
  });
}

export function expired(details: string): ApiError {
  return new ApiError(400, 'invalid', 'The provided token has expired.', { xmlCode: 'ExpiredToken', details });
}

function checkTime(date: string | null, seconds: string | null, nowMs: number): void {
  const [, year = 0, month = 0, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date ?? '')?.map(Number) ?? [];
  if (second === undefined) throw malformed('X-Goog-Date');
  if (seconds === null || !/^\d+$/.test(seconds) || Number(seconds) > MAX_SECONDS) throw malformed('X-Goog-Expires');
  const signedMs = Date.UTC(year, month - 1, day, hour, minute, second);
  if (signedMs > nowMs + CLOCK_SKEW_MS) {
    throw new ApiError(403, 'forbidden', 'Access denied.', {
      xmlCode: 'AccessDenied',
      details: 'Signed in the future.',
    });
  }
  const endMs = signedMs + Number(seconds) * 1000;
  if (nowMs > endMs) throw expired(`Request signature expired at: ${new Date(endMs).toISOString()}`);
}

/**
 * The client library signs the host without its port, as the real endpoint has none; a client that
 * signs what it sends includes the port. The path may also have been re-encoded on its way by the HTTP
 * client, so its strict form counts as well.
 */
function canonicalRequests(call: Call): string[] {
  const host = header(call, 'host') ?? '';
  const hosts = [host.replace(/:\d+$/, ''), host];
  const paths = [
    call.rawPath,
    call.rawPath
      .split('/')
      .map((part) => encode(decode(part)))
      .join('/'),
  ];
  const payload = header(call, 'x-goog-content-sha256') ?? 'UNSIGNED-PAYLOAD';
  const method = call.method === 'HEAD' ? ['HEAD', 'GET'] : [call.method];
  return method.flatMap((verb) =>
    [...new Set(paths)].flatMap((path) =>
      [...new Set(hosts)].map((name) =>
        [verb, path, canonicalQuery(call.rawQuery), ...canonicalHeaders(call, name), payload].join('\n'),
      ),
    ),
  );
}

function canonicalQuery(rawQuery: string): string {
  return rawQuery
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const mark = pair.indexOf('=');
      const [key, value] = mark < 0 ? [pair, ''] : [pair.slice(0, mark), pair.slice(mark + 1)];
      return [encode(decode(key)), encode(decode(value))] as const;
    })
    .filter(([key]) => key !== SIGNATURE)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([key, value]) => `${key}=${value}`)
    .join('&');
}

/** The block of signed headers and the list of their names. */
function canonicalHeaders(call: Call, host: string): [string, string] {
  const names = (call.query.get('X-Goog-SignedHeaders') ?? '').toLowerCase();
  const lines = names.split(';').map((name) => {
    const value = name === 'host' ? host : (header(call, name) ?? '');
    return `${name}:${value.trim().replace(/\s{2,}/g, ' ')}\n`;
  });
  return [lines.join(''), names];
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function malformed(name: string): ApiError {
  return new ApiError(400, 'invalid', `Invalid argument: ${name}`, {
    xmlCode: 'AuthenticationRequired',
    details: `Missing or malformed ${name}.`,
  });
}
