/** The cluster's own certificate authority and the API server's certificate, made once and kept on disk. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeAuthority, makeServerCertificate } from '../../certificates.ts';

export interface ServerIdentity {
  /** What a client has to trust. */
  caPem: string;
  certPem: string;
  keyPem: string;
}

const ADDRESSES = ['127.0.0.1', '10.96.0.1'];
const NAMES = [
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
];

/**
 * Reads the identity in `dir`, making it first where there is none. Half-made ones (a killed process) are made anew.
 */
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
  const authority = await makeAuthority(`${clusterName.slice(0, 50)}-ca`);
  const server = await makeServerCertificate(
    { commonName: 'kube-apiserver', dns: NAMES, addresses: ADDRESSES },
    authority,
  );
  const files = {
    'ca.crt': authority.certPem,
    'ca.key': authority.keyPem,
    'server.crt': server.certPem,
    'server.key': server.keyPem,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text, { mode: 0o600 });
  renameSync(dir, done);
}
