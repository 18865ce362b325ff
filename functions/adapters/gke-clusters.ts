/**
 * GKE through its official client (REST), and the few Compute calls through plain REST. No call waits for an operation;
 * each has a deadline and no hidden retries.
 */
import { ClusterManagerClient, type protos } from '@google-cloud/container';
import { GoogleAuth } from 'google-auth-library';
import { clusterLabels, LABEL_INSTALLATION, LABEL_JOB } from '../job/names.ts';
import type { Clusters, ClusterRequest, ClusterState, ClusterView, PoolView } from '../ports/clusters.ts';
import { messageOf, PortError } from '../ports/port-error.ts';
import { codeOf } from './error-code.ts';
import { clusterSpec, type ClusterSettings } from './gke-cluster-spec.ts';
import { ComputeApi } from './compute-api.ts';

type GkeCluster = protos.google.container.v1.ICluster;
type GkePool = protos.google.container.v1.INodePool;

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
      return await this.#withSizes(this.#toView(cluster));
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
      const views = (answer.clusters ?? []).map((cluster) => this.#toView(cluster));
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

  async resizePool(cluster: ClusterView, pool: 'workers', nodes: number): Promise<void> {
    try {
      await this.#client.setNodePoolSize(
        { name: `${this.#path(cluster.name, cluster.location)}/nodePools/${pool}`, nodeCount: nodes },
        CALL,
      );
    } catch (error) {
      throw wrap(`resizing ${cluster.name} to ${nodes} worker machines`, error);
    }
  }

  async deleteNodes(cluster: ClusterView, pool: 'workers', nodes: string[]): Promise<void> {
    const groups = cluster.pools.find((candidate) => candidate.name === pool)?.instanceGroups ?? [];
    for (const group of groups) await this.#compute.deleteInstances(group, nodes);
  }

  async delete(name: string, location: string): Promise<void> {
    try {
      await this.#client.deleteCluster({ name: this.#path(name, location) }, CALL);
    } catch (error) {
      if (codeOf(error) !== NOT_FOUND) throw wrap(`deleting cluster ${name}`, error);
    }
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
   * GKE itself tells only how many machines a pool began with; how many it should have
   * now is the instance groups' target size.
   */
  async #withSizes(view: ClusterView): Promise<ClusterView> {
    if (view.state !== 'running' && view.state !== 'reconciling') return view;
    const sized = view.pools.map(async (pool) => {
      const sizes = await Promise.all(pool.instanceGroups.map((group) => this.#compute.targetSize(group)));
      return sizes.length === 0 ? pool : { ...pool, nodes: sizes.reduce((sum, size) => sum + size, 0) };
    });
    return { ...view, pools: await Promise.all(sized) };
  }

  #path(name: string, location: string): string {
    return `projects/${this.#settings.projectId}/locations/${location}/clusters/${name}`;
  }

  #toView(cluster: GkeCluster): ClusterView {
    const name = cluster.name ?? '';
    const labels = cluster.resourceLabels ?? {};
    const job = /^ff-(.+)-\d+$/.exec(name)?.[1];
    const conditions = cluster.conditions ?? [];
    const dnsName = cluster.controlPlaneEndpointsConfig?.dnsEndpointConfig?.endpoint ?? '';
    return {
      name,
      location: cluster.location ?? '',
      state: toState(cluster.status),
      message:
        cluster.statusMessage ||
        conditions.map((condition) => condition.message ?? '').join('; ') ||
        String(cluster.status ?? 'no status'),
      ours: labels[LABEL_INSTALLATION] === this.#settings.installation && labels[LABEL_JOB] === job,
      labels,
      createdMs: Date.parse(cluster.createTime ?? '') || 0,
      pools: (cluster.nodePools ?? []).map(toPool),
      endpoint: dnsName || (cluster.endpoint ?? ''),
      // Behind its DNS name the control plane shows a certificate of a public authority.
      caPem: dnsName ? '' : Buffer.from(cluster.masterAuth?.clusterCaCertificate ?? '', 'base64').toString('utf8'),
      stockout: conditions.some((condition) =>
        /STOCKOUT|QUOTA/.test(`${String(condition.code)} ${condition.message ?? ''}`),
      ),
    };
  }
}

function toPool(pool: GkePool): PoolView {
  return {
    name: pool.name === 'system' ? 'system' : 'workers',
    nodes: pool.initialNodeCount ?? 0,
    machineType: pool.config?.machineType ?? '',
    spot: pool.config?.spot ?? false,
    state: toState(pool.status),
    instanceGroups: pool.instanceGroupUrls ?? [],
  };
}

function toState(status: unknown): ClusterState {
  switch (String(status)) {
    case 'RUNNING':
      return 'running';
    // DEGRADED: something wants the user's attention, but API, Redis and driver may well work (proto, Cluster.Status).
    case 'DEGRADED':
    case 'RECONCILING':
    case 'RUNNING_WITH_ERROR':
      return 'reconciling';
    case 'STOPPING':
      return 'stopping';
    case 'ERROR':
      return 'error';
    default:
      return 'provisioning';
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
 * Why a cluster cannot be made in a location. Too many calls a minute have the code of a quota, but waiting helps; a
 * quota of machines may come as 403.
 */
function refusal(doing: string, cause: unknown): PortError {
  const text = `${doing}: ${messageOf(cause)}`;
  const code = codeOf(cause);
  if (code === RESOURCE_EXHAUSTED && /per minute|rate limit|quota metric/i.test(text))
    return new PortError('FF-CLOUD-BUSY', text, { retry: true, cause });
  if (/STOCKOUT|RESOURCE_POOL_EXHAUSTED|not have enough resources/.test(text))
    return new PortError('FF-CLUSTER-STOCKOUT', text, { retry: false, cause });
  if (code === RESOURCE_EXHAUSTED || /insufficient (regional )?quota|quota exceeded/i.test(text))
    return new PortError('FF-CLUSTER-QUOTA', text, { retry: false, cause });
  if (code === INVALID_ARGUMENT || code === NOT_FOUND)
    return new PortError('FF-CLUSTER-REFUSED', text, { retry: false, cause });
  return wrap(doing, cause);
}
