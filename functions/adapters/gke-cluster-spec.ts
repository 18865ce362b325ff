/** The cluster and the pools that we ask GKE for. Choices and their reasons; no call is made here. */
import type { protos } from '@google-cloud/container';
import { clusterLabels, LABEL_ENDS_BY } from '../job/names.ts';
import type { ClusterRequest, PoolRequest } from '../ports/clusters.ts';

export interface ClusterSettings {
  projectId: string;
  installation: string;
  nodeServiceAccount: string | null;
  network: string | null;
  subnetwork: string | null;
}

type Cluster = protos.google.container.v1.ICluster;
type NodePool = protos.google.container.v1.INodePool;
type KubeletConfig = protos.google.container.v1.INodeKubeletConfig;

/** A machine runs at most some 15 workers and GKE's own pods; the default of 110 would take a /24 for each machine. */
const PODS_PER_NODE = 32;
/** A node's share of the pod range: at least twice its pods (GKE, "Flexible Pod CIDR"): 64 addresses. */
const NODE_PREFIX = 26;
/** Of a machine that is made when the limits are nearly reached. */
const LEAST_RUN_SECONDS = 600;
/** The smallest pod range that GKE takes, and its default. */
const [SMALLEST_PREFIX, LARGEST_PREFIX] = [21, 14];

/** No upgrade drains the machine of Redis and driver while the job runs, nor while its end takes its time. */
const NO_UPGRADE_AFTER_END_MS = 24 * 3600 * 1000;

/**
 * Numbers of google.container.v1.LoggingComponentConfig.Component: the workloads'
 * stdout is what feeds the progress topics.
 */
const SYSTEM_COMPONENTS = 1;
const WORKLOADS = 2;

/** `nowMs`: the exclusion of upgrades begins then. */
export function clusterSpec(request: ClusterRequest, settings: ClusterSettings, nowMs: number): Cluster {
  return {
    name: request.name,
    description: `foreach-fleet job ${request.job}; deleted when the job ends`,
    resourceLabels: {
      ...clusterLabels(settings.installation, request.job),
      [LABEL_ENDS_BY]: String(Math.ceil(request.endsByMs / 1000)),
    },
    ...(settings.network === null ? {} : { network: settings.network }),
    ...(settings.subnetwork === null ? {} : { subnetwork: settings.subnetwork }),
    // Small ranges on purpose: by default one network has room for about 62 clusters only. Services get GKE's own.
    ipAllocationPolicy: { useIpAliases: true, clusterIpv4CidrBlock: `/${podPrefix(request.mostMachines)}` },
    defaultMaxPodsConstraint: { maxPodsPerNode: PODS_PER_NODE },
    networkConfig: {
      datapathProvider: 'ADVANCED_DATAPATH',
      defaultEnablePrivateNodes: !request.externalIps,
      // Without it kube-dns lives on the system machine, one more for each 16 machines, and preempts Redis.
      dnsConfig: { clusterDns: 'CLOUD_DNS', clusterDnsScope: 'CLUSTER_SCOPE' },
    },
    // The functions reach the API by its DNS name, where identity and not the network decides. No address at all:
    // a private one alone is refused without authorized networks.
    controlPlaneEndpointsConfig: {
      dnsEndpointConfig: { allowExternalTraffic: true },
      ipEndpointsConfig: { enabled: false },
    },
    workloadIdentityConfig: { workloadPool: `${settings.projectId}.svc.id.goog` },
    shieldedNodes: { enabled: true },
    legacyAbac: { enabled: false },
    releaseChannel: { channel: 'REGULAR' },
    maintenancePolicy: { window: { maintenanceExclusions: { job: noUpgrades(nowMs, request.endsByMs) } } },
    loggingConfig: { componentConfig: { enableComponents: [SYSTEM_COMPONENTS, WORKLOADS] } },
    monitoringConfig: { managedPrometheusConfig: { enabled: false } },
    nodePools: [nodePool(systemPool(request), settings, nowMs)],
  };
}

/** What a cluster begins with: one machine, where its control plane is. */
function systemPool({ job, system, location, endsByMs }: ClusterRequest): PoolRequest {
  return { name: 'system', job, machines: system, zone: location, nodes: 1, endsByMs };
}

/** For so many machines, each with its share; and one more, for the moment in which a machine is replaced. */
function podPrefix(machines: number): number {
  const prefix = NODE_PREFIX - Math.ceil(Math.log2(machines + 1));
  return Math.min(SMALLEST_PREFIX, Math.max(LARGEST_PREFIX, prefix));
}

type Exclusions = protos.google.container.v1.IMaintenanceWindow['maintenanceExclusions'];

function noUpgrades(nowMs: number, endsByMs: number): NonNullable<Exclusions>[string] {
  const time = (ms: number): { seconds: number } => ({ seconds: Math.floor(ms / 1000) });
  return {
    startTime: time(nowMs),
    endTime: time(endsByMs + NO_UPGRADE_AFTER_END_MS),
    maintenanceExclusionOptions: { scope: 'NO_MINOR_OR_NODE_UPGRADES' },
  };
}

/** The last net: a machine ends by itself. Not the system's, which holds results until they are saved. */
function runSeconds(leftMs: number): number {
  return Math.max(LEAST_RUN_SECONDS, Math.ceil(leftMs / 1000));
}

/** One pool. All but the system's are of workers: nothing else is placed there. `spotConfig` is for a Spot one. */
export function nodePool(
  request: PoolRequest,
  settings: ClusterSettings,
  nowMs: number,
  spotConfig?: KubeletConfig,
): NodePool {
  const { machines, zone } = request;
  const role = request.name === 'system' ? 'system' : 'workers';
  return {
    name: request.name,
    initialNodeCount: request.nodes,
    // The zone of the control plane's own, or another one of its region.
    locations: [zone],
    maxPodsConstraint: { maxPodsPerNode: PODS_PER_NODE },
    // Repair replaces dead machines. Upgrades, which the channel demands, are excluded by the maintenance policy.
    management: { autoRepair: true, autoUpgrade: true },
    config: {
      machineType: machines.machineType,
      diskSizeGb: machines.diskGb,
      diskType: 'pd-balanced',
      spot: machines.spot,
      ...(role === 'workers' ? { maxRunDuration: { seconds: runSeconds(request.endsByMs - nowMs) } } : {}),
      ...(machines.spot && spotConfig ? { kubeletConfig: spotConfig } : {}),
      labels: { 'foreach-fleet/pool': role },
      resourceLabels: clusterLabels(settings.installation, request.job),
      taints: role === 'workers' ? [{ key: 'foreach-fleet/pool', value: 'workers', effect: 'NO_SCHEDULE' }] : [],
      oauthScopes: ['https://www.googleapis.com/auth/cloud-platform'],
      ...(settings.nodeServiceAccount === null ? {} : { serviceAccount: settings.nodeServiceAccount }),
      shieldedInstanceConfig: { enableSecureBoot: true, enableIntegrityMonitoring: true },
      workloadMetadataConfig: { mode: 'GKE_METADATA' },
      metadata: { 'disable-legacy-endpoints': 'true' },
    },
  };
}
