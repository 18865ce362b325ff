/** The embedded API server with its controllers, in a temporary directory, as the kubelet's tests want it. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createContext } from '../../local-cloud/context.ts';
import { startKubernetes } from '../../local-cloud/kubernetes/wire/server.ts';
import type { ApiServer } from './kubelet-world.ts';

export interface EmbeddedServer extends ApiServer {
  /** Ends the server, keeping its state. */
  pause(): Promise<void>;
  /** Starts it again on the same port. */
  resume(): Promise<void>;
}

export async function startEmbeddedKubernetes(): Promise<EmbeddedServer> {
  const dir = mkdtempSync(join(tmpdir(), 'embedded-kubernetes-'));
  const token = randomBytes(16).toString('hex');
  const context = createContext({ stateDir: dir, quiet: true });
  const authenticate = (bearer: string) => bearer === token;
  const start = (port: number) =>
    startKubernetes(context, { name: 'test', dir: join(dir, 'cluster'), port, authenticate });
  let server = await start(0);
  const { url, caPem } = server;
  return {
    url,
    caPem,
    token,
    pause: () => server.stop(),
    resume: async () => {
      server = await start(Number(new URL(url).port));
    },
    stop: async () => {
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
