/** Runs a cluster's API server and controllers in this process: the real binding of `startCluster`. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalContext } from '../../context.ts';
import { startKubernetes } from '../../kubernetes/wire/server.ts';
import type { StartCluster } from './api-servers.ts';

export interface ClusterRunnerOptions {
  /** Whether a bearer token is one of the cloud's access tokens. */
  isValidToken(token: string): boolean;
}

export function clusterRunner(context: LocalContext, options: ClusterRunnerOptions): StartCluster {
  return async (spec) => {
    const nodeToken = keepNodeToken(spec.dir);
    const server = await startKubernetes(context, {
      name: spec.name,
      dir: spec.dir,
      port: spec.port,
      authenticate: (bearer) => bearer === nodeToken || options.isValidToken(bearer),
    });
    return {
      port: Number(new URL(server.url).port),
      url: server.url,
      caPem: server.caPem,
      nodeToken,
      removeNode: (name) => {
        if (server.store.get('nodes', undefined, name)) server.store.delete('nodes', undefined, name);
        return Promise.resolve();
      },
      stop: () => server.stop(),
    };
  };
}

/** One token for all kubelets of a cluster; kept, so that they are let in again after a restart. */
function keepNodeToken(dir: string): string {
  const file = join(dir, 'node-token');
  if (existsSync(file)) return readFileSync(file, 'utf8');
  mkdirSync(dir, { recursive: true });
  const token = randomBytes(24).toString('hex');
  writeFileSync(`${file}.tmp`, token, { mode: 0o600 });
  renameSync(`${file}.tmp`, file);
  return token;
}
