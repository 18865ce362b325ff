/** The cluster we ask GKE for. Choices and their reasons; no call is made here. */
import type { protos } from '@google-cloud/container';
import { clusterLabels, LABEL_ENDS_BY } from '../job/names.ts';
import type { PoolChoice } from '../job/machines.ts';
import type { ClusterRequest } from '../ports/clusters.ts';

export interface ClusterSettings {
  projectId: string;
  installation: string;
  nodeServiceAccount: string | null;
  network: string | null;
  subnetwork: string | null;
}

type Cluster = protos.google.container.v1.ICluster;
type NodePool = protos.google.container.v1.INodePool;

/** A machine runs at most some 15 workers and GKE's own pods; the default of 110 would take a /24 for each machine. */
const PODS_PER_NODE = 32;

/**
 * Numbers of google.container.v1.LoggingComponentConfig.Component: the workloads'
 * stdout is what feeds the progress topics.
 */
const SYSTEM_COMPONENTS = 1;
const WORKLOADS = 2;

export function clusterSpec(request: ClusterRequest, settings: ClusterSettings): Cluster {
  return {
    name: request.name,
    description: `foreach-fleet job ${request.job}; deleted when the job ends`,
    resourceLabels: {
      ...clusterLabels(settings.installation, request.job),
      [LABEL_ENDS_BY]: String(Math.ceil(request.endsByMs / 1000)),
    },
    ...(settings.network === null ? {} : { network: settings.network }),
    ...(settings.subnetwork === null ? {} : { subnetwork: settings.subnetwork }),
    // Small ranges on purpose: by default one network has room for about 62 clusters only.
    ipAllocationPolicy: { useIpAliases: true, clusterIpv4CidrBlock: '/18', servicesIpv4CidrBlock: '/24' },
    defaultMaxPodsConstraint: { maxPodsPerNode: PODS_PER_NODE },
    networkConfig: { datapathProvider: 'ADVANCED_DATAPATH', defaultEnablePrivateNodes: !request.externalIps },
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
    loggingConfig: { componentConfig: { enableComponents: [SYSTEM_COMPONENTS, WORKLOADS] } },
    monitoringConfig: { managedPrometheusConfig: { enabled: false } },
    nodePools: [
      nodePool('system', request.system, 1, request, settings),
      nodePool('workers', request.workers, request.workers.nodes, request, settings),
    ],
  };
}

function nodePool(
  name: 'system' | 'workers',
  choice: PoolChoice,
  nodes: number,
  request: ClusterRequest,
  settings: ClusterSettings,
): NodePool {
  return {
    name,
    initialNodeCount: nodes,
    maxPodsConstraint: { maxPodsPerNode: PODS_PER_NODE },
    // Repair replaces dead machines; upgrades would drain live ones in mid-job, and
    // the cluster is younger than any release.
    management: { autoRepair: true, autoUpgrade: true },
    config: {
      machineType: choice.machineType,
      diskSizeGb: choice.diskGb,
      diskType: 'pd-balanced',
      spot: choice.spot,
      labels: { 'foreach-fleet/pool': name },
      resourceLabels: clusterLabels(settings.installation, request.job),
      taints: name === 'workers' ? [{ key: 'foreach-fleet/pool', value: 'workers', effect: 'NO_SCHEDULE' }] : [],
      oauthScopes: ['https://www.googleapis.com/auth/cloud-platform'],
      ...(settings.nodeServiceAccount === null ? {} : { serviceAccount: settings.nodeServiceAccount }),
      shieldedInstanceConfig: { enableSecureBoot: true, enableIntegrityMonitoring: true },
      workloadMetadataConfig: { mode: 'GKE_METADATA' },
      metadata: { 'disable-legacy-endpoints': 'true' },
    },
  };
}
