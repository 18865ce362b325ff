/**
 * A createCluster or createNodePool request -> the stored message: defaults as GKE fills them in, and what GKE refuses.
 */
import { MACHINE_TYPES } from '../../compute/machine-types.ts';
import { isRegion, isZone, regionOf, zonesOf } from '../../compute/zones.ts';
import { GoogleError } from '../../identity/google-http.ts';
import type { AskedCluster, AskedConfig, AskedPool, ClusterMessage, NodeConfig, PoolMessage } from '../messages.ts';

export const DEFAULT_VERSION = '1.33.5-gke.1201000';
export const MASTER_VERSIONS = [
  '1.35.0-gke.1171000',
  '1.34.1-gke.1431000',
  DEFAULT_VERSION,
  '1.32.9-gke.1130000',
  '1.31.13-gke.1023000',
];

const NAME = /^[a-z](?:[-a-z0-9]{0,38}[a-z0-9])?$/;
const LABEL_KEY = /^[a-z][-_a-z0-9]{0,62}$/;
const LABEL_VALUE = /^[-_a-z0-9]{0,63}$/;
const MAX_LABELS = 64;
const MAX_NODES_PER_ZONE = 1000;

/** Of a cluster message, kept with its pools. */
const POOL_FIELDS = new Set(['nodePools', 'initialNodeCount', 'nodeConfig']);

/** The cluster message without its node pools. */
export function clusterSpec(asked: AskedCluster, location: string): ClusterMessage {
  const name = requireName('cluster.name', asked.name);
  requireLocation(location);
  requireLabels(asked.resourceLabels ?? {});
  if ((asked.nodePools ?? []).length > 0 && asked.initialNodeCount !== undefined) {
    throw new GoogleError(400, 'Cluster.initial_node_count must not be specified together with Cluster.node_pools.');
  }
  requireAuthorizedNetworks(asked);
  const region = regionOf(location);
  const rest = Object.fromEntries(Object.entries(asked).filter(([field]) => !POOL_FIELDS.has(field)));
  const locations = asked.locations ?? (isZone(location) ? [location] : zonesOf(region).slice(0, 3));
  for (const zone of locations) requireZone(zone, region);
  return {
    network: 'default',
    subnetwork: 'default',
    loggingService: 'logging.googleapis.com/kubernetes',
    monitoringService: 'monitoring.googleapis.com/kubernetes',
    clusterIpv4Cidr: '10.0.0.0/14',
    resourceLabels: {},
    ...rest,
    name,
    locations,
    initialClusterVersion: version(asked.initialClusterVersion),
  };
}

/**
 * A control plane whose only address is private is refused without authorized networks, in these words
 * (rancher/rancher#32251, GoogleCloudPlatform/magic-modules#8338).
 */
function requireAuthorizedNetworks(asked: AskedCluster): void {
  const ip = asked.controlPlaneEndpointsConfig?.ipEndpointsConfig ?? {};
  const isPrivateOnly =
    (ip.enabled !== false && ip.enablePublicEndpoint === false) ||
    asked.privateClusterConfig?.enablePrivateEndpoint === true;
  const networks = ip.authorizedNetworksConfig ?? asked.masterAuthorizedNetworksConfig;
  if (isPrivateOnly && networks?.enabled !== true) {
    throw new GoogleError(400, 'Master authorized networks must be enabled if private endpoint is enabled.');
  }
}

/** The pools of a createCluster request; the old way (initialNodeCount, nodeConfig) makes `default-pool`. */
export function poolSpecs(asked: AskedCluster, locations: string[], region: string): PoolMessage[] {
  const pools = asked.nodePools ?? [];
  if (pools.length > 0) return pools.map((pool) => poolSpec(pool, locations, region));
  const { initialNodeCount = 0, nodeConfig: config = {} } = asked;
  if (initialNodeCount < 1) throw new GoogleError(400, 'Cluster.initial_node_count must be greater than zero.');
  return [poolSpec({ name: 'default-pool', initialNodeCount, config }, locations, region)];
}

/** One node pool message. */
export function poolSpec(asked: AskedPool, clusterLocations: string[], region: string): PoolMessage {
  const name = requireName('node_pool.name', asked.name);
  const count = asked.initialNodeCount ?? 0;
  if (count < 0 || count > MAX_NODES_PER_ZONE) {
    throw new GoogleError(400, `NodePool.initial_node_count must be between 0 and ${MAX_NODES_PER_ZONE}.`);
  }
  const { locations: own = [] } = asked;
  const locations = own.length > 0 ? own : clusterLocations;
  for (const zone of locations) requireZone(zone, region);
  return {
    management: { autoUpgrade: true, autoRepair: true },
    upgradeSettings: { maxSurge: 1, strategy: 'SURGE' },
    ...asked,
    name,
    config: nodeConfig(asked.config ?? {}),
    initialNodeCount: count,
    locations,
    version: version(asked.version),
    maxPodsConstraint: asked.maxPodsConstraint ?? { maxPodsPerNode: '110' },
    podIpv4CidrSize: 24,
  };
}

function nodeConfig(asked: AskedConfig): NodeConfig {
  const machineType = asked.machineType ?? 'e2-medium';
  if (!MACHINE_TYPES.has(machineType)) {
    throw new GoogleError(400, `Machine type with name '${machineType}' does not exist in the location.`);
  }
  const diskSizeGb = asked.diskSizeGb ?? 100;
  if (diskSizeGb < 10) throw new GoogleError(400, 'NodeConfig.disk_size_gb must be at least 10.');
  requireLabels(asked.resourceLabels ?? {});
  if (asked.spot === true && asked.preemptible === true) {
    throw new GoogleError(400, 'NodeConfig.spot and NodeConfig.preemptible must not both be set.');
  }
  requireShutdownGrace(asked);
  for (const taint of asked.taints ?? []) {
    if (!taint.key || !taint.effect) throw new GoogleError(400, 'NodeTaint.key and NodeTaint.effect are required.');
  }
  return {
    imageType: 'COS_CONTAINERD',
    diskType: 'pd-balanced',
    serviceAccount: 'default',
    oauthScopes: ['https://www.googleapis.com/auth/cloud-platform'],
    metadata: { 'disable-legacy-endpoints': 'true' },
    shieldedInstanceConfig: { enableIntegrityMonitoring: true },
    ...asked,
    machineType,
    diskSizeGb,
  };
}

/** "This field is only valid for Spot VMs. Allowed values: 0, 30, 120." (proto, NodeKubeletConfig) */
function requireShutdownGrace({ spot, kubeletConfig }: AskedConfig): void {
  const seconds = kubeletConfig?.shutdownGracePeriodSeconds;
  if (seconds === undefined) return;
  const field = 'NodeKubeletConfig.shutdown_grace_period_seconds';
  if (spot !== true) throw new GoogleError(400, `${field} is only valid for Spot VMs.`);
  if (![0, 30, 120].includes(seconds)) throw new GoogleError(400, `${field} must be 0, 30 or 120.`);
}

/** An alias ('', '-', 'latest', '1.33') or an exact version. */
function version(asked: string | undefined): string {
  if (asked === undefined || asked === '' || asked === '-') return DEFAULT_VERSION;
  if (asked === 'latest') return MASTER_VERSIONS[0] ?? DEFAULT_VERSION;
  const found = MASTER_VERSIONS.find(
    (each) => each === asked || each.startsWith(`${asked}.`) || each.startsWith(`${asked}-`),
  );
  if (found === undefined) throw new GoogleError(400, `Version '${asked}' is invalid: not a valid GKE version.`);
  return found;
}

function requireName(field: string, name: string | undefined): string {
  if (name !== undefined && NAME.test(name)) return name;
  throw new GoogleError(
    400,
    `Invalid value for field "${field}": ${JSON.stringify(name ?? '')}. Must be a match of regex ` +
      `'(?:[a-z](?:[-a-z0-9]{0,38}[a-z0-9])?)'.`,
  );
}

function requireLocation(location: string): void {
  if (isZone(location) || isRegion(location)) return;
  throw new GoogleError(400, `Location "${location}" does not exist.`);
}

function requireZone(zone: string, region: string): void {
  if (isZone(zone) && regionOf(zone) === region) return;
  throw new GoogleError(400, `Zone "${zone}" does not exist or is not in region "${region}".`);
}

/** Rules of Google Cloud labels; a bad one is refused by name. */
export function requireLabels(labels: Record<string, string>): void {
  const entries = Object.entries(labels);
  if (entries.length > MAX_LABELS) throw new GoogleError(400, `At most ${MAX_LABELS} labels are allowed.`);
  for (const [key, value] of entries) {
    if (LABEL_KEY.test(key) && LABEL_VALUE.test(value)) continue;
    throw new GoogleError(
      400,
      `Invalid field 'resource_labels': label "${key}=${value}" is not a valid Google Cloud label.`,
    );
  }
}
