/**
 * GKE through its official client (REST), and the few Compute calls through plain REST. No call waits for an operation;
 * each has a deadline and no hidden retries.
 */
import { ClusterManagerClient } from '@google-cloud/container';
import { GoogleAuth } from 'google-auth-library';
import { clusterLabels, LABEL_INSTALLATION } from '../job/names.ts';
import type { Clusters, ClusterRequest, ClusterView, PoolRequest } from '../ports/clusters.ts';
import { messageOf, PortError } from '../ports/port-error.ts';
import { codeOf } from './error-code.ts';
import { clusterSpec, type ClusterSettings, nodePool } from './gke-cluster-spec.ts';
import { groupsOfWorkers, longNotice, machinePrefix, NOT_READY, toClusterView } from './gke-views.ts';
import { ComputeApi } from './compute-api.ts';

export interface GkeSettings extends ClusterSettings {
  containerEndpoint: string | null;
  computeEndpoint: string | null;
}

/** gRPC status numbers that the client reports. */
const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
const ALREADY_EXISTS = 6;
const PERMISSION_DENIED = 7;
const RESOURCE_EXHAUSTED = 8;
const FAILED_PRECONDITION = 9;

const CALL = { timeout: 20_000, retry: null };

/** GKE's clusters, and what Compute Engine has of them. Calls throw PortError FF-CLUSTER…. */
export function connectClusters(settings: GkeSettings): Clusters {
  const client = new ClusterManagerClient({
    fallback: true,
    projectId: settings.projectId,
    ...endpointOptions(settings.containerEndpoint),
  });
  const compute = new ComputeApi(
    settings.projectId,
    settings.computeEndpoint,
    new GoogleAuth({ scopes: ['https://www.googleapis.com/auth/cloud-platform'] }),
  );
  return new GkeClusters(client, compute, settings);
}

function endpointOptions(endpoint: string | null): object {
  if (endpoint === null) return {};
  const url = new URL(endpoint);
  return { protocol: url.protocol.replace(':', ''), apiEndpoint: url.hostname, port: Number(url.port) };
}

class GkeClusters implements Clusters {
  readonly #client: ClusterManagerClient;
  readonly #compute: ComputeApi;
  readonly #settings: GkeSettings;

  constructor(client: ClusterManagerClient, compute: ComputeApi, settings: GkeSettings) {
    this.#client = client;
    this.#compute = compute;
    this.#settings = settings;
  }

  async get(name: string, location: string): Promise<ClusterView | null> {
    try {
      const [cluster] = await this.#client.getCluster({ name: this.#path(name, location) }, CALL);
      return await this.#withSizes(toClusterView(cluster, this.#settings.installation));
    } catch (error) {
      if (codeOf(error) === NOT_FOUND) return null;
      throw error instanceof PortError ? error : wrap(`reading cluster ${name}`, error);
    }
  }

  async list(): Promise<ClusterView[]> {
    try {
      const [answer] = await this.#client.listClusters(
        { parent: `projects/${this.#settings.projectId}/locations/-` },
        CALL,
      );
      const views = (answer.clusters ?? []).map((cluster) => toClusterView(cluster, this.#settings.installation));
      return views.filter((view) => view.labels[LABEL_INSTALLATION] === this.#settings.installation);
    } catch (error) {
      throw wrap('listing clusters', error);
    }
  }

  async create(request: ClusterRequest): Promise<void> {
    const parent = `projects/${this.#settings.projectId}/locations/${request.location}`;
    try {
      await this.#client.createCluster({ parent, cluster: clusterSpec(request, this.#settings, Date.now()) }, CALL);
    } catch (error) {
      if (codeOf(error) !== ALREADY_EXISTS) throw refusal(`creating cluster ${request.name}`, error);
    }
  }

  async createPool(cluster: ClusterView, pool: PoolRequest): Promise<void> {
    const parent = this.#path(cluster.name, cluster.location);
    try {
      const asked = nodePool(pool, this.#settings, Date.now(), longNotice(cluster));
      await this.#client.createNodePool({ parent, nodePool: asked }, CALL);
    } catch (error) {
      if (codeOf(error) !== ALREADY_EXISTS) throw poolRefusal(`making pool ${pool.name} of ${cluster.name}`, error);
    }
  }

  async resizePool(cluster: ClusterView, pool: string, nodes: number): Promise<void> {
    try {
      await this.#client.setNodePoolSize(
        { name: `${this.#path(cluster.name, cluster.location)}/nodePools/${pool}`, nodeCount: nodes },
        CALL,
      );
    } catch (error) {
      throw poolRefusal(`resizing pool ${pool} of ${cluster.name} to ${nodes} machines`, error);
    }
  }

  async deleteNodes(cluster: ClusterView, nodes: string[]): Promise<void> {
    for (const group of groupsOfWorkers(cluster)) {
      const own = nodes.filter((node) => node.startsWith(machinePrefix(group)));
      if (own.length > 0) await this.#compute.deleteInstances(group, own);
    }
  }

  async releaseNodes(cluster: ClusterView, except: string | null): Promise<void> {
    for (const group of groupsOfWorkers(cluster)) {
      const names = (await this.#compute.machines(group)).map(({ name }) => name).filter((name) => name !== except);
      if (names.length > 0) await this.#compute.deleteInstances(group, names);
    }
  }

  async delete(name: string, location: string): Promise<void> {
    try {
      await this.#client.deleteCluster({ name: this.#path(name, location) }, CALL);
    } catch (error) {
      if (codeOf(error) === NOT_FOUND) return;
      if (codeOf(error) === FAILED_PRECONDITION) await this.#releaseAll(name, location);
      throw wrap(`deleting cluster ${name}`, error);
    }
  }

  async #releaseAll(name: string, location: string): Promise<void> {
    const cluster = await this.get(name, location);
    if (cluster !== null) await this.releaseNodes(cluster, null);
  }

  async freeVcpus(location: string, spot: boolean): Promise<number | null> {
    return this.#compute.freeVcpus(regionOf(location), spot);
  }

  async leftovers(cluster: string): ReturnType<Clusters['leftovers']> {
    const job = /^ff-(.+)-\d+$/.exec(cluster)?.[1] ?? cluster;
    return this.#compute.leftovers(clusterLabels(this.#settings.installation, job));
  }

  async allLeftovers(): ReturnType<Clusters['allLeftovers']> {
    return this.#compute.leftovers({ [LABEL_INSTALLATION]: this.#settings.installation });
  }

  async removeLeftover(leftover: Parameters<Clusters['removeLeftover']>[0]): Promise<void> {
    await this.#compute.remove(leftover);
  }

  /**
   * GKE itself tells only how many machines a pool began with, and of a shortage nothing for half an hour: both is told
   * by the instance groups.
   */
  async #withSizes(view: ClusterView): Promise<ClusterView> {
    if (view.state !== 'running' && view.state !== 'reconciling') return view;
    const sized = view.pools.map(async (pool) => {
      const sizes = await Promise.all(pool.instanceGroups.map((group) => this.#compute.groupSize(group)));
      if (sizes.length === 0) return pool;
      return {
        ...pool,
        nodes: sizes.reduce((sum, { targetSize }) => sum + targetSize, 0),
        refused: sizes.flatMap(({ refused }) => refused),
        shortage: sizes.find(({ shortage }) => shortage !== null)?.shortage ?? pool.shortage,
      };
    });
    return { ...view, pools: await Promise.all(sized) };
  }

  #path(name: string, location: string): string {
    return `projects/${this.#settings.projectId}/locations/${location}/clusters/${name}`;
  }
}

/** europe-west1-b -> europe-west1; a region stays. */
function regionOf(location: string): string {
  return location.replace(/^([a-z]+-[a-z]+\d+)-[a-z]$/, '$1');
}

/**
 * Google answers a quota that is used up with PERMISSION_DENIED, as it does a missing role: only the words differ
 * (google/caliban#66, kubeflow/examples#597, kubernetes/test-infra#5509).
 */
const QUOTA_WORDS = /insufficient \w* ?quota|quota .*exceeded|cannot create more than \d+ clusters/i;

function wrap(doing: string, cause: unknown): PortError {
  const text = `${doing}: ${messageOf(cause)}`;
  if (QUOTA_WORDS.test(text)) return new PortError('FF-CLUSTER-QUOTA', text, { retry: true, cause });
  switch (codeOf(cause)) {
    case FAILED_PRECONDITION:
      return new PortError('FF-CLUSTER-BUSY', text, { retry: true, cause });
    case RESOURCE_EXHAUSTED:
      return new PortError('FF-CLUSTER-QUOTA', text, { retry: true, cause });
    case PERMISSION_DENIED:
      return new PortError('FF-CLOUD-PERMISSION', text, { retry: false, cause });
    default:
      return new PortError('FF-CLUSTER', text, { retry: true, cause });
  }
}

/**
 * Why a cluster cannot be made in a location, or a pool of it. Too many calls a minute, or operations at once, have the
 * code of a quota, but waiting helps; a quota of machines may come as 403.
 */
function refusal(doing: string, cause: unknown): PortError {
  const text = `${doing}: ${messageOf(cause)}`;
  const code = codeOf(cause);
  if (NOT_READY.test(text)) return new PortError('FF-CLOUD-BUSY', text, { retry: true, cause });
  if (code === RESOURCE_EXHAUSTED && /per minute|rate limit|quota metric|concurrent operations/i.test(text))
    return new PortError('FF-CLOUD-BUSY', text, { retry: true, cause });
  if (/STOCKOUT|RESOURCE_POOL_EXHAUSTED|not have enough resources/.test(text))
    return new PortError('FF-CLUSTER-STOCKOUT', text, { retry: false, cause });
  if (code === RESOURCE_EXHAUSTED || /insufficient (regional )?quota|quota exceeded/i.test(text))
    return new PortError('FF-CLUSTER-QUOTA', text, { retry: false, cause });
  if (code === INVALID_ARGUMENT || code === NOT_FOUND)
    return new PortError('FF-CLUSTER-REFUSED', text, { retry: false, cause });
  return wrap(doing, cause);
}

/** A location was not asked for here: what is not found is the cluster, or its pool. */
function poolRefusal(doing: string, cause: unknown): PortError {
  return codeOf(cause) === NOT_FOUND ? wrap(doing, cause) : refusal(doing, cause);
}
