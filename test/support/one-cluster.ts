/**
 * The port to GKE over one Kubernetes that is there already: "creating" the cluster starts its machines
 * (kubelets that run pods as processes), deleting it ends them. For jobs on a real API server. Not GKE: no
 * delays, no stock-outs, one cluster at a time.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { clusterLabels } from '../../functions/job/names.ts';
import type { Clusters, ClusterRequest, ClusterView, PoolRequest, PoolView } from '../../functions/ports/clusters.ts';
import { startKubelet } from '../../local-cloud/kubelet/kubelet.ts';
import type { ImageMap, LogLine, RunningKubelet } from '../../local-cloud/kubelet/types.ts';
import type { ApiServer } from './kubelet-world.ts';

export interface OneClusterOptions {
  server: ApiServer;
  installation: string;
  images: ImageMap;
  dir: string;
  onLogLine: (line: LogLine) => void;
}

const GIB = 1024 ** 3;
const POOL_LABEL = 'foreach-fleet/pool';

export class OneCluster implements Clusters {
  readonly #options: OneClusterOptions;
  readonly #machines: { pool: string; kubelet: RunningKubelet }[] = [];
  readonly #network = `127.${64 + (process.pid % 128)}`;
  #view: ClusterView | null = null;
  #started = 0;

  constructor(options: OneClusterOptions) {
    this.#options = options;
  }

  get machines(): number {
    return this.#machines.length;
  }

  async get(name: string): Promise<ClusterView | null> {
    return this.#view?.name === name ? structuredClone(this.#view) : null;
  }

  async list(): Promise<ClusterView[]> {
    return this.#view === null ? [] : [structuredClone(this.#view)];
  }

  async create(request: ClusterRequest): Promise<void> {
    if (this.#view?.name === request.name) return;
    assert.equal(this.#view, null, 'one cluster at a time');
    this.#view = viewOf(request, this.#options);
    await this.#startMachine('system');
  }

  async createPool(cluster: ClusterView, { name, machines, zone, nodes }: PoolRequest): Promise<void> {
    if (this.#view?.pools.some((pool) => pool.name === name)) return;
    this.#view?.pools.push(poolView(name, machines, zone));
    await this.resizePool(cluster, name, nodes);
  }

  async resizePool(_cluster: ClusterView, pool: string, nodes: number): Promise<void> {
    const machines = this.#machines.filter((machine) => machine.pool === pool);
    for (let missing = nodes - machines.length; missing > 0; missing -= 1) await this.#startMachine(pool);
    for (const machine of machines.slice(nodes)) await this.#endMachine(machine);
    this.#count();
  }

  async deleteNodes(_cluster: ClusterView, nodes: string[]): Promise<void> {
    const gone = this.#machines.filter((machine) => nodes.includes(machine.kubelet.nodeName));
    for (const machine of gone) await this.#endMachine(machine);
    this.#count();
  }

  async releaseNodes(cluster: ClusterView, except: string | null): Promise<void> {
    const names = this.#machines.filter(({ pool }) => pool !== 'system').map(({ kubelet }) => kubelet.nodeName);
    await this.deleteNodes(
      cluster,
      names.filter((name) => name !== except),
    );
  }

  async delete(name: string): Promise<void> {
    if (this.#view?.name !== name) return;
    await Promise.all(this.#machines.splice(0).map((machine) => machine.kubelet.kill()));
    this.#view = null;
  }

  async freeVcpus(): Promise<number | null> {
    return null;
  }

  async leftovers(): Promise<[]> {
    return [];
  }

  async allLeftovers(): Promise<[]> {
    return [];
  }

  async removeLeftover(): Promise<void> {
    assert.fail('there are no leftovers');
  }

  async #startMachine(pool: string): Promise<void> {
    const { server, images, dir, onLogLine } = this.#options;
    this.#started += 1;
    const name = `${pool}-${this.#started}`;
    const resources = { cpu: 4, memoryBytes: 14 * GIB, ephemeralStorage: '94Gi', pods: 110 };
    const role = pool === 'system' ? 'system' : 'workers';
    const taint = { key: POOL_LABEL, value: role, effect: 'NoSchedule' };
    const kubelet = await startKubelet({
      connect: { server: server.url, caPem: server.caPem, token: server.token },
      cluster: 'real',
      node: {
        name,
        labels: { [POOL_LABEL]: role, 'cloud.google.com/gke-nodepool': pool },
        annotations: {},
        taints: role === 'workers' ? [taint] : [],
        providerId: `gce://local-project/us-central1-a/${name}`,
        machineType: 'e2-standard-4',
        capacity: resources,
        allocatable: resources,
        addressPrefix: `${this.#network}.${this.#started}`,
      },
      dir: join(dir, name),
      images,
      onLogLine,
    });
    this.#machines.push({ pool, kubelet });
  }

  async #endMachine(machine: { pool: string; kubelet: RunningKubelet }): Promise<void> {
    this.#machines.splice(
      this.#machines.findIndex((other) => other.kubelet === machine.kubelet),
      1,
    );
    await machine.kubelet.stop();
  }

  #count(): void {
    for (const view of this.#view?.pools ?? [])
      view.nodes = this.#machines.filter(({ pool }) => pool === view.name).length;
  }
}

function viewOf(request: ClusterRequest, { server, installation }: OneClusterOptions): ClusterView {
  return {
    name: request.name,
    location: request.location,
    state: 'running',
    message: 'RUNNING',
    ours: true,
    labels: clusterLabels(installation, request.job),
    createdMs: Date.now(),
    pools: [{ ...poolView('system', request.system, request.location), nodes: 1 }],
    endpoint: new URL(server.url).host,
    caPem: server.caPem,
    stockout: false,
    mayBeMadeAgain: false,
    spotGraceSeconds: 15,
  };
}

function poolView(name: string, { machineType, spot }: PoolRequest['machines'], zone: string): PoolView {
  return {
    name,
    machineType,
    spot,
    zone,
    nodes: 0,
    state: 'running',
    instanceGroups: [],
    refused: [],
    shortage: null,
  };
}
