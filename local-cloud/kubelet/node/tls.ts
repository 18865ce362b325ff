/** The kubelet's own certificate: self-signed by openssl, made once per node directory. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export async function kubeletCertificate(
  dir: string,
  nodeName: string,
  address: string,
): Promise<{ certPem: string; keyPem: string }> {
  const cert = join(dir, 'kubelet.crt');
  const key = join(dir, 'kubelet.key');
  if (!existsSync(cert) || !existsSync(key)) {
    const names = `subjectAltName=DNS:${nodeName},IP:${address}`;
    const keyOptions = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key];
    await run('openssl', [
      'req',
      '-x509',
      ...keyOptions,
      '-out',
      cert,
      '-days',
      '3650',
      '-subj',
      `/CN=${nodeName}`,
      '-addext',
      names,
    ]);
  }
  return { certPem: readFileSync(cert, 'utf8'), keyPem: readFileSync(key, 'utf8') };
}
