/** The kubelet's own certificate: signed by itself, made once per node directory. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeServerCertificate, type Certificate } from '../../certificates.ts';

export async function kubeletCertificate(dir: string, nodeName: string, address: string): Promise<Certificate> {
  const cert = join(dir, 'kubelet.crt');
  const key = join(dir, 'kubelet.key');
  if (!existsSync(cert)) {
    const names = { commonName: nodeName, dns: [nodeName], addresses: [address] };
    const made = await makeServerCertificate(names);
    writeFileSync(key, made.keyPem, { mode: 0o600 });
    // The certificate comes last and whole: where there is one, its key is there too.
    writeFileSync(`${cert}.part`, made.certPem);
    renameSync(`${cert}.part`, cert);
  }
  return { certPem: readFileSync(cert, 'utf8'), keyPem: readFileSync(key, 'utf8') };
}
