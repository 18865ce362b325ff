/**
 * The clusters' API servers: started once per cluster, again after a restart of the local cloud
 * on the same port, and stopped at deletion.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalContext } from '../../context.ts';
import { clusterKey, type ClusterRecord } from '../records.ts';
import type { GkeState } from '../state.ts';

export interface ClusterSpec {
  name: string;
  location: string;
  version: string;
  /** Everything the API server keeps; removed when the cluster is deleted. */
  dir: string;
  /** 0 at the first start, the same port ever after. */
  port: number;
}

export interface ClusterHandle {
  port: number;
  url: string;
  caPem: string;
  /** Bearer token that a node's kubelet presents. */
  nodeToken: string;
  /** The machine is gone: its Node object goes, as the cloud's node controller would do. */
  removeNode(name: string): Promise<void>;
  stop(): Promise<void>;
}

export type StartCluster = (spec: ClusterSpec) => Promise<ClusterHandle>;

export class ApiServers {
  readonly #context: LocalContext;
  readonly #state: GkeState;
  readonly #startCluster: StartCluster;
  readonly #running = new Map<string, Promise<ClusterHandle>>();

  constructor(context: LocalContext, state: GkeState, startCluster: StartCluster) {
    this.#context = context;
    this.#state = state;
    this.#startCluster = startCluster;
  }

  /** The cluster's API server, started when it is not running. */
  ensure(cluster: ClusterRecord): Promise<ClusterHandle> {
    const key = clusterKey(cluster.location, cluster.name);
    const existing = this.#running.get(key);
    if (existing) return existing;
    const starting = this.#start(cluster).catch((error: unknown) => {
      this.#running.delete(key);
      throw error;
    });
    this.#running.set(key, starting);
    return starting;
  }

  /** The handle of a running API server, without starting one. */
  find(location: string, name: string): Promise<ClusterHandle> | undefined {
    return this.#running.get(clusterKey(location, name));
  }

  /** Stops the API server and removes what it kept. */
  async remove(cluster: ClusterRecord): Promise<void> {
    const key = clusterKey(cluster.location, cluster.name);
    const handle = await this.#running.get(key)?.catch(() => undefined);
    this.#running.delete(key);
    await handle?.stop();
    rmSync(clusterDir(this.#context, cluster.location, cluster.name), { recursive: true, force: true });
  }

  async stop(): Promise<void> {
    const stopping = [...this.#running.values()].map(async (starting) => (await starting).stop());
    await Promise.allSettled(stopping);
    this.#running.clear();
  }

  async #start(cluster: ClusterRecord): Promise<ClusterHandle> {
    const handle = await this.#startCluster({
      name: cluster.name,
      location: cluster.location,
      version: cluster.spec.initialClusterVersion,
      dir: join(clusterDir(this.#context, cluster.location, cluster.name), 'api-server'),
      port: cluster.port ?? 0,
    });
    cluster.port = handle.port;
    cluster.caPem = handle.caPem;
    this.#state.saveCluster(cluster);
    return handle;
  }
}

/** Disk of a cluster: API server and machines. */
export function clusterDir(context: LocalContext, location: string, name: string): string {
  return join(context.stateDir, 'gke', 'data', location, name);
}
