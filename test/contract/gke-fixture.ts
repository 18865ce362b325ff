/**
 * A GKE service with its client library and stand-ins for API servers and nodes
 * that only remember what was asked of them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { ClusterManagerClient } from '@google-cloud/container';
import type { Clock } from '../../local-cloud/clock.ts';
import { createContext, type LocalContext } from '../../local-cloud/context.ts';
import { startCompute, type RunningCompute } from '../../local-cloud/compute/compute.ts';
import type { ClusterSpec, StartCluster } from '../../local-cloud/gke/clusters/api-servers.ts';
import { startGke, type GkeOptions, type RunningGke } from '../../local-cloud/gke/gke.ts';
import type { NodeStart, StartNode } from '../../local-cloud/gke/pools/machines.ts';
import { startIdentity, type RunningIdentity } from '../../local-cloud/identity/identity.ts';
import { waitFor } from '../../testing/wait-for.ts';

export const ZONE = 'us-central1-a';
export const PARENT = `projects/local-project/locations/${ZONE}`;

export interface NodeLog {
  started: NodeStart[];
  ended: { name: string; how: 'stop' | 'kill' | 'preempt' | 'release'; noticeSeconds?: number }[];
  removed: string[];
  clusters: ClusterSpec[];
}

export interface GkeFixture {
  context: LocalContext;
  identity: RunningIdentity;
  gke: RunningGke;
  compute: RunningCompute;
  client: ClusterManagerClient;
  log: NodeLog;
}

export type FixtureOptions = Partial<Omit<GkeOptions, 'port'>> & { stateDir?: string; clock?: Clock };

export function temporaryDir(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'ff-gke-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Starts everything; stopped at the test's end. */
export async function startFixture(t: TestContext, options: FixtureOptions = {}): Promise<GkeFixture> {
  const context = createContext({
    stateDir: options.stateDir ?? temporaryDir(t),
    quiet: true,
    ...(options.clock ? { clock: options.clock } : {}),
  });
  const identity = await startIdentity(context, { port: 0 });
  const log: NodeLog = { started: [], ended: [], removed: [], clusters: [] };
  const gke = await startGke(context, {
    port: 0,
    quotas: { CPUS: 64, PREEMPTIBLE_CPUS: 0, IN_USE_ADDRESSES: 32 },
    startCluster: fakeCluster(log),
    startNode: fakeNode(log),
    authenticate: (bearer) => identity.isValidToken(bearer),
    ...options,
  });
  const compute = await startCompute(context, { port: 0, fleet: gke.fleet });
  useMetadataServer(identity);
  const client = gkeClient(gke.url);
  t.after(async () => {
    await client.close();
    await compute.stop();
    await gke.stop();
    await identity.stop();
  });
  return { context, identity, gke, compute, client, log };
}

/** The environment in which deployed functions find their credentials. */
export function useMetadataServer(identity: RunningIdentity): void {
  process.env['GCE_METADATA_HOST'] = identity.host;
  process.env['METADATA_SERVER_DETECTION'] = 'assume-present';
  process.env['GOOGLE_CLOUD_PROJECT'] = 'local-project';
}

export function gkeClient(url: string): ClusterManagerClient {
  const { hostname, port } = new URL(url);
  return new ClusterManagerClient({ fallback: true, protocol: 'http', apiEndpoint: hostname, port: Number(port) });
}

export function fakeCluster(log: NodeLog): StartCluster {
  return async (spec) => {
    log.clusters.push(spec);
    const port = spec.port || 40_000 + log.clusters.length;
    return {
      port,
      url: `https://127.0.0.1:${port}`,
      caPem: 'certificate',
      nodeToken: 'token',
      removeNode: async (name) => void log.removed.push(name),
      stop: async () => undefined,
    };
  };
}

export function fakeNode(log: NodeLog): StartNode {
  return async (start) => {
    log.started.push(start);
    const end = (how: 'stop' | 'kill' | 'preempt' | 'release') => async () =>
      void log.ended.push({ name: start.name, how });
    const preempt = async (noticeSeconds: number): Promise<void> =>
      void log.ended.push({ name: start.name, how: 'preempt', noticeSeconds });
    return { stop: end('stop'), kill: end('kill'), preempt, release: end('release') };
  };
}

/** Waits for the operation's end and gives it back. */
export function ended(client: ClusterManagerClient, operation: { name?: string | null }): Promise<any> {
  return waitFor(`end of ${operation.name}`, async () => {
    const [found] = await client.getOperation({ name: `${PARENT}/operations/${operation.name}` });
    return found.status === 'DONE' ? found : undefined;
  });
}

/** A cluster with one pool of `count` nodes, running. */
export async function createCluster(
  client: ClusterManagerClient,
  name: string,
  count = 1,
  config: object = {},
): Promise<any> {
  const [operation] = await client.createCluster({
    parent: PARENT,
    cluster: {
      name,
      resourceLabels: { installation: 'test', job: name },
      nodePools: [
        {
          name: 'system',
          initialNodeCount: count,
          config: { machineType: 'e2-standard-2', diskSizeGb: 30, ...config },
        },
      ],
    },
  });
  const done = await ended(client, operation);
  if (done.error) throw new Error(done.error.message);
  const [cluster] = await client.getCluster({ name: `${PARENT}/clusters/${name}` });
  return cluster;
}

/** True when the promise is refused with that gRPC code; the error is handed to `check`. */
export function refusedWith(code: number, check: (error: any) => void = () => undefined): (error: any) => boolean {
  return (error) => {
    if (error.code !== code) return false;
    check(error);
    return true;
  };
}
