/** The cluster's own certificate authority and the API server's certificate, made once with openssl and kept on disk. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const DAYS = '3650';
const EC_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export interface ServerIdentity {
  /** What a client has to trust. */
  caPem: string;
  certPem: string;
  keyPem: string;
}

/** Reads the identity in `dir`, making it first where there is none. Half-made ones (a killed process) are made anew. */
export async function serverIdentity(dir: string, clusterName: string): Promise<ServerIdentity> {
  const done = join(dir, 'pki');
  if (!existsSync(done)) await makeIdentity(done, clusterName);
  const read = (name: string): string => readFileSync(join(done, name), 'utf8');
  return { caPem: read('ca.crt'), certPem: read('server.crt'), keyPem: read('server.key') };
}

async function makeIdentity(done: string, clusterName: string): Promise<void> {
  const dir = `${done}.part`;
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = (name: string): string => join(dir, name);
  // A common name holds at most 64 characters.
  const subject = `/CN=${clusterName.slice(0, 50)}-ca`;
  const authority = [
    'req',
    '-x509',
    ...EC_KEY,
    '-days',
    DAYS,
    '-subj',
    subject,
    '-addext',
    'keyUsage=critical,keyCertSign,cRLSign',
  ];
  await run('openssl', [...authority, '-keyout', file('ca.key'), '-out', file('ca.crt')]);
  const names = [
    'IP:127.0.0.1',
    'IP:10.96.0.1',
    'DNS:localhost',
    'DNS:kubernetes',
    'DNS:kubernetes.default',
    'DNS:kubernetes.default.svc',
    'DNS:kubernetes.default.svc.cluster.local',
  ];
  const server = ['req', '-x509', ...EC_KEY, '-days', DAYS, '-subj', '/CN=kube-apiserver'];
  const issuer = ['-CA', file('ca.crt'), '-CAkey', file('ca.key')];
  const extensions = [
    ...['-addext', `subjectAltName=${names.join(',')}`, '-addext', 'basicConstraints=critical,CA:FALSE'],
    ...['-addext', 'extendedKeyUsage=serverAuth', '-addext', 'keyUsage=critical,digitalSignature'],
  ];
  await run('openssl', [
    ...server,
    ...issuer,
    ...extensions,
    '-keyout',
    file('server.key'),
    '-out',
    file('server.crt'),
  ]);
  renameSync(dir, done);
}
