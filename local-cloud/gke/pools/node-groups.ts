/**
 * A node pool's managed instance groups: their names, what their machines are, and what
 * it means for GKE when some were refused.
 */
import { createHash } from 'node:crypto';
import type { Fleet } from '../../compute/fleet/fleet.ts';
import type { GroupRecord, MachineTemplate } from '../../compute/fleet/fleet-records.ts';
import type { Shortage } from '../../compute/fleet/quotas.ts';
import { GoogleError } from '../../identity/google-http.ts';
import type { PoolMessage } from '../messages.ts';
import type { ClusterRecord, Condition, PoolRecord } from '../records.ts';

/** GKE cuts long names so that the machine's name fits: gke-<cluster>-<pool>-<hash>-<4>. */
const NAME_PART = 20;

/** Compute Engine's notice to a Spot machine, where its pool asks for no other. */
const PREEMPTION_NOTICE_SECONDS = 30;

function groupBaseName(cluster: ClusterRecord, pool: string, zone: string): string {
  const hash = createHash('sha256').update(`${cluster.id}/${pool}/${zone}`).digest('hex').slice(0, 8);
  return `gke-${cut(cluster.name)}-${cut(pool)}-${hash}`;
}

function cut(name: string): string {
  return name.slice(0, NAME_PART).replace(/-+$/, '');
}

function machineTemplate(cluster: ClusterRecord, pool: PoolMessage): MachineTemplate {
  const { config } = pool;
  return {
    machineType: config.machineType,
    spot: config.spot === true || config.preemptible === true,
    noticeSeconds: config.kubeletConfig?.shutdownGracePeriodSeconds || PREEMPTION_NOTICE_SECONDS,
    maxRunSeconds: config.maxRunDuration === undefined ? null : parseFloat(config.maxRunDuration),
    diskSizeGb: config.diskSizeGb,
    diskType: config.diskType,
    labels: { ...cluster.spec.resourceLabels, ...config.resourceLabels, 'goog-gke-node': '' },
    externalAddress: !hasPrivateNodes(cluster, pool),
    network: cluster.spec.network,
    subnetwork: cluster.spec.subnetwork,
    serviceAccount: config.serviceAccount,
  };
}

function hasPrivateNodes(cluster: ClusterRecord, pool: PoolMessage): boolean {
  return (
    pool.networkConfig?.enablePrivateNodes ??
    cluster.spec.networkConfig?.defaultEnablePrivateNodes ??
    cluster.spec.privateClusterConfig?.enablePrivateNodes ??
    false
  );
}

/** Makes the pool's groups where they are missing, one per zone. */
export function ensureGroups(fleet: Fleet, cluster: ClusterRecord, pool: PoolRecord): GroupRecord[] {
  return pool.spec.locations.map((zone) => {
    const baseName = groupBaseName(cluster, pool.name, zone);
    return fleet.createGroup({
      name: `${baseName}-grp`,
      zone,
      cluster: cluster.name,
      clusterLocation: cluster.location,
      pool: pool.name,
      baseName,
      template: machineTemplate(cluster, pool.spec),
    });
  });
}

export function groupsOf(fleet: Fleet, pools: PoolRecord[]): GroupRecord[] {
  return pools.flatMap((pool) => pool.groupNames).flatMap((name) => fleet.groups.get(name) ?? []);
}

/**
 * Refuses before anything exists what the region's quota cannot hold: create calls
 * fail with 403, and the whole step fails.
 */
export function requireQuota(fleet: Fleet, cluster: ClusterRecord, pools: PoolMessage[]): void {
  const parts = pools.flatMap((spec) => {
    const template = machineTemplate(cluster, spec);
    return spec.locations.map((zone) => ({
      zone,
      template,
      count: spec.initialNodeCount,
    }));
  });
  const worst = new Map<string, Shortage>();
  let earlier: Record<string, number> = {};
  for (const { zone, template, count } of parts) {
    // Several pools draw on one quota: what is asked is judged as a whole.
    for (const shortage of fleet.shortagesAfter(earlier, zone, template, count)) worst.set(shortage.metric, shortage);
    earlier = fleet.usageAfter(earlier, template, count);
  }
  if (worst.size === 0) return;
  const url = `https://console.cloud.google.com/iam-admin/quotas?usage=USED&project=${fleet.context.projectId}`;
  const lines = [...worst.values()].map(
    (each) =>
      `insufficient regional quota to satisfy request: resource "${each.metric}": request requires ` +
      `'${each.required.toFixed(1)}' and is short '${(each.required - each.available).toFixed(1)}'. ` +
      `project has a quota of '${each.limit.toFixed(1)}' with '${each.available.toFixed(1)}' available. ` +
      `View and manage quotas at ${url}`,
  );
  const numbered = lines.map((line, index) => `\n\t(${index + 1}) ${line}`).join('');
  throw new GoogleError(403, lines.length === 1 ? capitalised(lines[0] ?? '') : numbered);
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Whether the zone, and not the quota, has refused machines. */
export function hasStockout(fleet: Fleet, groups: GroupRecord[]): boolean {
  return groups.some((group) =>
    fleet.refused(group).some((machine) => machine.error?.code === 'ZONE_RESOURCE_POOL_EXHAUSTED'),
  );
}

export interface NodeShortage {
  message: string;
  conditions: Condition[];
}

/** What GKE reports of machines that were refused, in its words. */
export function nodeShortage(fleet: Fleet, groups: GroupRecord[], startedMs: number): NodeShortage | undefined {
  const refused = groups.flatMap((group) => fleet.refused(group));
  const first = refused[0];
  if (!first?.error) return undefined;
  const code = first.error.code === 'QUOTA_EXCEEDED' ? 'GCE_QUOTA_EXCEEDED' : 'GCE_STOCKOUT';
  const expected = groups.reduce((sum, group) => sum + group.targetSize, 0);
  const waited = `${(fleet.context.clock.nowMs() - startedMs) / 1000}s`;
  const cause = `Instance '${first.name}' creation failed: ${first.error.message}`;
  const opening = code === 'GCE_STOCKOUT' ? 'Google Compute Engine' : 'Insufficient quota to satisfy the request';
  const message =
    `${opening}: Not all instances running in IGM after ${waited}. Expected ${expected}, running ` +
    `${expected - refused.length}, transitioning ${refused.length}. Current errors: [${code}]: ${cause}`;
  const canonicalCode = 'RESOURCE_EXHAUSTED';
  const conditions = [
    { code, message: cause, canonicalCode },
    { message, canonicalCode },
  ];
  return { message, conditions };
}
