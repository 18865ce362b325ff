/** Pure: what GKE says of clusters and pools -> the views of our port. */
import type { protos } from '@google-cloud/container';
import { LABEL_INSTALLATION, LABEL_JOB } from '../job/names.ts';
import type { ClusterState, ClusterView, PoolView } from '../ports/clusters.ts';

type GkeCluster = protos.google.container.v1.ICluster;
type GkePool = protos.google.container.v1.INodePool;
type KubeletConfig = protos.google.container.v1.INodeKubeletConfig;

/** A cluster in our words; `ours`: it carries this installation's label, and that of the job that its name tells. */
export function toClusterView(cluster: GkeCluster, installation: string): ClusterView {
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
    ours: labels[LABEL_INSTALLATION] === installation && labels[LABEL_JOB] === job,
    labels,
    createdMs: Date.parse(cluster.createTime ?? '') || 0,
    pools: (cluster.nodePools ?? []).map(toPool),
    spotGraceSeconds: spotGraceSeconds(cluster.currentMasterVersion ?? ''),
    endpoint: dnsName || (cluster.endpoint ?? ''),
    // Behind its DNS name the control plane shows a certificate of a public authority.
    caPem: dnsName ? '' : Buffer.from(cluster.masterAuth?.clusterCaCertificate ?? '', 'base64').toString('utf8'),
    mayBeMadeAgain: NOT_READY.test(cluster.statusMessage ?? ''),
    stockout: conditions.some((condition) =>
      /STOCKOUT|QUOTA|RESOURCE_POOL_EXHAUSTED/.test(`${String(condition.code)} ${condition.message ?? ''}`),
    ),
  };
}

/** Of a Spot machine's 30 s pods have 15; a newer GKE gives 120 where a pool asks for them (longNotice()). */
const SPOT_GRACE_SECONDS = 15;
const LONG_NOTICE_SECONDS = 120;
/** For pods that Kubernetes itself needs. */
const CRITICAL_PODS_SECONDS = 15;
/** GKE, "Spot VMs": `kubeletConfig.shutdownGracePeriodSeconds` from this version on. */
const LONG_NOTICE_SINCE = [1, 35, 0, 1171000];

function spotGraceSeconds(version: string): number {
  const parts = /^(\d+)\.(\d+)\.(\d+)-gke\.(\d+)/.exec(version)?.slice(1).map(Number) ?? [];
  const differs = LONG_NOTICE_SINCE.findIndex((part, index) => part !== parts[index]);
  const isNewer = differs < 0 || (parts[differs] ?? 0) > (LONG_NOTICE_SINCE[differs] ?? 0);
  return isNewer ? LONG_NOTICE_SECONDS - CRITICAL_PODS_SECONDS : SPOT_GRACE_SECONDS;
}

/** How a Spot pool asks for the notice that the view of its cluster promises; undefined: it has GKE's own. */
export function longNotice({ spotGraceSeconds }: ClusterView): KubeletConfig | undefined {
  if (spotGraceSeconds === SPOT_GRACE_SECONDS) return undefined;
  return {
    shutdownGracePeriodSeconds: LONG_NOTICE_SECONDS,
    shutdownGracePeriodCriticalPodsSeconds: CRITICAL_PODS_SECONDS,
  };
}

/** Two clusters have asked for ranges of one subnetwork at once (googleforgames/open-match#552). */
export const NOT_READY = /subnetworks\/\S+ is not ready/;

function toPool(pool: GkePool): PoolView {
  const [condition] = pool.conditions ?? [];
  return {
    name: pool.name ?? '',
    nodes: pool.initialNodeCount ?? 0,
    machineType: pool.config?.machineType ?? '',
    spot: pool.config?.spot ?? false,
    zone: pool.locations?.[0] ?? '',
    // Some of its machines are missing; it takes another size all the same.
    state: String(pool.status) === 'RUNNING_WITH_ERROR' ? 'running' : toState(pool.status),
    instanceGroups: pool.instanceGroupUrls ?? [],
    refused: [],
    shortage: pool.statusMessage || condition?.message || null,
  };
}

/** URLs of the instance groups behind the pools of workers. */
export function groupsOfWorkers({ pools }: ClusterView): string[] {
  return pools.filter(({ name }) => name !== 'system').flatMap(({ instanceGroups }) => instanceGroups);
}

/** gke-cluster-pool-1a2b3c4d-grp makes machines that are called gke-cluster-pool-1a2b3c4d-xyz1. */
export function machinePrefix(group: string): string {
  return (group.split('/').at(-1) ?? '').replace(/grp$/, '');
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
