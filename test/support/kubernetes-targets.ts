/**
 * The API servers that the contract suite runs against: the embedded one and, where
 * there is one, a real kube-apiserver.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createContext, type LocalContext } from '../../local-cloud/context.ts';
import { startKubernetes, type RunningKubernetes } from '../../local-cloud/kubernetes/wire/server.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { connectTo, type KubernetesClient } from './kubernetes-client.ts';
import { startRealKubernetes } from './real-kubernetes.ts';

export interface Target {
  name: string;
  client: KubernetesClient;
  stop(): Promise<void>;
}

export interface EmbeddedTarget extends Target {
  dir: string;
  context: LocalContext;
  server: RunningKubernetes;
}

const TOKEN = 'contract-test-token';

/** Starts the embedded API server; in `dir` when given, which is then kept. */
export async function startEmbedded(options: { dir?: string; controllers?: boolean } = {}): Promise<EmbeddedTarget> {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'kubernetes-api-'));
  const context = createContext({ stateDir: dir, quiet: true });
  const server = await startKubernetes(context, {
    name: 'contract',
    dir: join(dir, 'cluster'),
    port: 0,
    authenticate: (bearer) => bearer === TOKEN,
    controllers: options.controllers ?? true,
  });
  const stop = async (): Promise<void> => {
    await server.stop();
    if (options.dir === undefined) rmSync(dir, { recursive: true, force: true });
  };
  const client = connectTo({ url: server.url, caPem: server.caPem, token: TOKEN });
  return { name: 'embedded', client, stop, dir, context, server };
}

/** A real kube-apiserver; a test asks needs('kube-apiserver') before. */
export async function startReal(): Promise<Target> {
  const real = await startRealKubernetes();
  return { name: 'real', client: connectTo(real), stop: real.stop };
}

/** A namespace of the test's own, ready for pods. */
export async function freshNamespace(client: KubernetesClient, labels: Record<string, string> = {}): Promise<string> {
  const name = `t-${randomBytes(4).toString('hex')}`;
  await client.call('POST', '/api/v1/namespaces', { metadata: { name, labels } });
  const account = `/api/v1/namespaces/${name}/serviceaccounts/default`;
  await waitFor('the default account', async () => (await client.call('GET', account)).code === 200);
  return name;
}
