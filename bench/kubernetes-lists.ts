/**
 * A Kubernetes API that always gives the same answers, over TLS: the objects of a large job, whole or
 * in the forms that an API server offers. `kubernetes-lists.ts WORKERS` is its process, so that writing
 * the lists costs the measured one nothing.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KubeConfig } from '@kubernetes/client-node';
import { matchesSelector, parseSelector } from '../local-cloud/kubernetes/labels.ts';
import type { KubeObject } from '../local-cloud/kubernetes/object.ts';
import { kindOf } from '../local-cloud/kubernetes/kinds/registry.ts';
import { tableColumns, tableRow } from '../local-cloud/kubernetes/wire/table.ts';
import { serverIdentity } from '../local-cloud/kubernetes/wire/tls.ts';
import { largeCluster } from './kubernetes-objects.ts';

const script = fileURLToPath(import.meta.url);

export async function startKubernetesLists(workers: number): Promise<{ config: KubeConfig; stop(): Promise<void> }> {
  const child = fork(script, [String(workers)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const { server, caData } = await new Promise<{ server: string; caData: string }>((resolve, reject) => {
    child.once('message', (message) => resolve(message as { server: string; caData: string }));
    child.once('exit', () => reject(new Error('the Kubernetes lists ended before they were ready')));
  });
  const stop = async (): Promise<void> => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.disconnect();
    await ended;
  };
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: 'bench', server, caData, skipTLSVerify: false }, { name: 'b', token: 'bench' });
  return { config, stop };
}

async function serve(workers: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'kubernetes-lists-'));
  const identity = await serverIdentity(dir, 'bench');
  rmSync(dir, { recursive: true });
  const objects = largeCluster(workers);
  const answers = new Map<string, string>();
  const server = createServer({ cert: identity.certPem, key: identity.keyPem }, (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'https://bench');
    const accept = request.headers.accept ?? '';
    const form = accept.includes('as=Table') ? 'table' : accept.includes('as=Partial') ? 'metadata' : 'whole';
    const key = `${form} ${request.url}`;
    if (!answers.has(key)) answers.set(key, answerTo(objects, pathname, searchParams.get('labelSelector') ?? '', form));
    request.resume();
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(answers.get(key));
  });
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    process.send!({ server: `https://127.0.0.1:${port}`, caData: Buffer.from(identity.caPem).toString('base64') });
  });
  process.once('disconnect', () => process.exit(0));
}

function answerTo(objects: Record<string, KubeObject[]>, path: string, selector: string, form: string): string {
  const parts = path.split('/');
  const resource = Object.keys(objects).find((name) => parts.includes(name))!;
  const name = parts[parts.indexOf(resource) + 1];
  const selected = objects[resource]!.filter(({ metadata }) =>
    name === undefined ? matchesSelector(parseSelector(selector), metadata.labels) : metadata.name === name,
  );
  if (name !== undefined && form === 'whole') return JSON.stringify(selected[0]);
  if (form === 'metadata')
    return JSON.stringify({
      ...{ apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata: selected[0]?.metadata },
    });
  const metadata = { resourceVersion: '1' };
  if (form === 'whole') {
    const items = selected.map((object) => ({ ...object, kind: undefined, apiVersion: undefined }));
    return JSON.stringify({ kind: `${selected[0]?.kind ?? ''}List`, apiVersion: 'v1', metadata, items });
  }
  const rows = selected.map((object) => tableRow(kindOf(resource), object, Date.now()));
  const columnDefinitions = tableColumns(kindOf(resource));
  return JSON.stringify({ kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata, columnDefinitions, rows });
}

if (process.argv[1] === script) await serve(Number(process.argv[2]));
