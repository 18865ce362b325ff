/** What a machine of the fleet is to GKE: a node of a cluster, with GKE's labels, and a disk of its own. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { GroupRecord, MachineRecord } from '../../compute/fleet/fleet-records.ts';
import type { MachineHandle, MachineHooks } from '../../compute/fleet/machine-life.ts';
import { allocatable, MACHINE_TYPES, type Allocatable } from '../../compute/machine-types.ts';
import { regionOf } from '../../compute/zones.ts';
import type { LocalContext } from '../../context.ts';
import { clusterDir, type ApiServers } from '../clusters/api-servers.ts';
import type { GkeState } from '../state.ts';
import { clusterKey, type ClusterRecord, type PoolRecord } from '../records.ts';

/** Everything needed to run one node. */
export interface NodeStart {
  name: string;
  cluster: string;
  location: string;
  zone: string;
  pool: string;
  machineType: string;
  cpus: number;
  memoryMb: number;
  allocatable: Allocatable;
  spot: boolean;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  taints: { key: string; value: string; effect: string }[];
  /** '127.x.y'. */
  addressPrefix: string;
  /** gce://project/zone/name. */
  providerId: string;
  dir: string;
  connect: { server: string; caPem: string; token: string };
}

export type StartNode = (node: NodeStart) => Promise<MachineHandle>;

const EFFECTS: Record<string, string> = {
  NO_SCHEDULE: 'NoSchedule',
  PREFER_NO_SCHEDULE: 'PreferNoSchedule',
  NO_EXECUTE: 'NoExecute',
};

/** The fleet's hooks: booting a machine starts its kubelet, its end removes node and disk. */
export function machineHooks(
  context: LocalContext,
  state: GkeState,
  apiServers: ApiServers,
  startNode: StartNode,
): MachineHooks {
  return {
    async boot(group, machine) {
      const cluster = state.cluster(group.clusterLocation, group.cluster);
      const handle = await apiServers.ensure(cluster);
      const pool = state.pool(cluster, group.pool);
      const connect = { server: handle.url, caPem: handle.caPem, token: handle.nodeToken };
      return startNode({ ...nodeStart(context, cluster, pool, group, machine), connect });
    },
    async ended(group, machine) {
      const handle = await apiServers.find(group.clusterLocation, group.cluster);
      await handle?.removeNode(machine.name);
      if (state.clusters.has(clusterKey(group.clusterLocation, group.cluster))) {
        rmSync(machineDir(context, group, machine), { recursive: true, force: true });
      }
    },
  };
}

function nodeStart(
  context: LocalContext,
  cluster: ClusterRecord,
  pool: PoolRecord,
  group: GroupRecord,
  machine: MachineRecord,
): Omit<NodeStart, 'connect'> {
  const { template } = group;
  const type = MACHINE_TYPES.get(template.machineType);
  if (!type) throw new Error(`unknown machine type ${template.machineType}`);
  const maxPods = Number(pool.spec.maxPodsConstraint?.maxPodsPerNode ?? 110);
  const { taints = [] } = pool.spec.config;
  return {
    name: machine.name,
    cluster: cluster.name,
    location: cluster.location,
    zone: group.zone,
    pool: pool.name,
    machineType: type.name,
    cpus: type.cpus,
    memoryMb: type.memoryMb,
    allocatable: allocatable(type, template.diskSizeGb, maxPods),
    spot: template.spot,
    labels: nodeLabels(pool, group, machine),
    annotations: { 'container.googleapis.com/instance_id': machine.id },
    taints: taints.map(({ key = '', value = '', effect = '' }) => ({ key, value, effect: EFFECTS[effect] ?? effect })),
    addressPrefix: machine.addressPrefix,
    providerId: `gce://${context.projectId}/${group.zone}/${machine.name}`,
    dir: machineDir(context, group, machine),
  };
}

/** The labels that GKE sets, then those of the pool. */
function nodeLabels(pool: PoolRecord, group: GroupRecord, machine: MachineRecord): Record<string, string> {
  const { machineType, spot, diskType } = group.template;
  const region = regionOf(group.zone);
  return {
    'beta.kubernetes.io/instance-type': machineType,
    'cloud.google.com/gke-boot-disk': diskType,
    'cloud.google.com/gke-container-runtime': 'containerd',
    'cloud.google.com/gke-nodepool': pool.name,
    'cloud.google.com/gke-os-distribution': 'cos',
    'cloud.google.com/gke-provisioning': spot ? 'spot' : 'standard',
    ...(spot ? { 'cloud.google.com/gke-spot': 'true' } : {}),
    'cloud.google.com/machine-family': machineType.split('-')[0] ?? '',
    'failure-domain.beta.kubernetes.io/region': region,
    'failure-domain.beta.kubernetes.io/zone': group.zone,
    'kubernetes.io/arch': 'amd64',
    'kubernetes.io/hostname': machine.name,
    'kubernetes.io/os': 'linux',
    'node.kubernetes.io/instance-type': machineType,
    'topology.kubernetes.io/region': region,
    'topology.kubernetes.io/zone': group.zone,
    ...pool.spec.config.labels,
  };
}

/** A replaced machine gets a new disk. */
function machineDir(context: LocalContext, group: GroupRecord, machine: MachineRecord): string {
  const dir = clusterDir(context, group.clusterLocation, group.cluster);
  return join(dir, 'machines', `${machine.name}-${machine.incarnation}`);
}
