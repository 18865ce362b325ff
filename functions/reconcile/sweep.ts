/**
 * The last net: billable things with our label that no live job claims. Needs no record to find them: it lists what
 * exists, in every location. Never touches what does not carry this installation's label, nor anything younger than the
 * grace period (its record may just be being written). Where a record cannot be read, the cluster's own label says when
 * it has to go.
 */
import { LABEL_ENDS_BY, LABEL_JOB } from '../job/names.ts';
import { isTerminal } from '../job/phase.ts';
import { log } from '../log.ts';
import type { Clock } from '../ports/clock.ts';
import type { ClusterView } from '../ports/clusters.ts';
import { messageOf } from '../ports/port-error.ts';
import type { Ports } from '../ports/ports.ts';
import { loadRecord } from './record-store.ts';
import { storageClock } from './storage-clock.ts';

const GRACE_MS = 10 * 60_000;

/** Answers the names of what was asked to be deleted. */
export async function sweep(ports: Ports, installation: string): Promise<string[]> {
  // The storage's time: one instance's clock may be wrong by an hour. Asked only where something may have to go.
  let clock: Clock | null = null;
  const nowMs = async (): Promise<number> =>
    (clock ??= await storageClock(ports.clock, ports.buckets.state, null)).nowMs();
  const clusters = await ports.clusters.list();
  const removed = await sweepClusters(ports, installation, clusters, nowMs);
  return [...removed, ...(await sweepLeftovers(ports, installation, clusters, nowMs))];
}

async function sweepClusters(
  ports: Ports,
  installation: string,
  clusters: readonly ClusterView[],
  nowMs: () => Promise<number>,
): Promise<string[]> {
  const removed: string[] = [];
  for (const cluster of clusters) {
    const claim = await claimOf(ports, cluster);
    if (claim === 'live' || cluster.state === 'stopping') continue;
    if ((await nowMs()) < (claim === 'unknown' ? endsByMs(cluster) : cluster.createdMs + GRACE_MS)) continue;
    const fields = { cluster: cluster.name, location: cluster.location, job: cluster.labels[LABEL_JOB], installation };
    const why = claim === 'unknown' ? 'whose limits are over, says its label,' : 'that no live job claims';
    const isRemoved = await tryRemove(`a cluster ${why}`, fields, () =>
      ports.clusters.delete(cluster.name, cluster.location),
    );
    if (isRemoved) removed.push(cluster.name);
  }
  return removed;
}

/** What a live job's cluster uses, or may have left behind, is the job's own business; GKE takes its parts with it. */
async function sweepLeftovers(
  ports: Ports,
  installation: string,
  clusters: readonly ClusterView[],
  nowMs: () => Promise<number>,
): Promise<string[]> {
  const removed: string[] = [];
  const live = new Map<string, boolean>();
  for (const { labels } of clusters) if (labels[LABEL_JOB] !== undefined) live.set(labels[LABEL_JOB], true);
  for (const leftover of await ports.clusters.allLeftovers()) {
    const { kind, name, location, job, createdMs } = leftover;
    if (job !== null && !live.has(job)) live.set(job, await mayLive(ports, job));
    if ((job !== null && live.get(job) === true) || (await nowMs()) < createdMs + GRACE_MS) continue;
    const fields = { kind, name, location, job, installation };
    if (await tryRemove(`a ${kind} of no live job`, fields, () => ports.clusters.removeLeftover(leftover)))
      removed.push(name);
  }
  return removed;
}

/** A failure is told of, and keeps nothing else from being swept. */
async function tryRemove(what: string, fields: object, remove: () => Promise<void>): Promise<boolean> {
  try {
    await remove();
    log('WARNING', `sweep: ${what} is being deleted`, { ...fields });
    return true;
  } catch (error) {
    log('WARNING', `sweep: ${messageOf(error)}`, { ...fields });
    return false;
  }
}

/** A record that cannot be read is no proof that its job has ended. */
async function mayLive(ports: Ports, job: string): Promise<boolean> {
  try {
    const loaded = await loadRecord(ports.buckets.state, job);
    return loaded !== null && !isTerminal(loaded.record.phase);
  } catch {
    return true;
  }
}

/** A cluster of before this label was set has no end here. */
function endsByMs({ labels }: ClusterView): number {
  const seconds = labels[LABEL_ENDS_BY];
  return seconds !== undefined && /^\d{1,12}$/.test(seconds) ? Number(seconds) * 1000 : Infinity;
}

/** A record that cannot be read is no proof that nobody claims the cluster. */
async function claimOf(ports: Ports, cluster: ClusterView): Promise<'live' | 'none' | 'unknown'> {
  const job = cluster.labels[LABEL_JOB];
  if (job === undefined) return 'none';
  try {
    const loaded = await loadRecord(ports.buckets.state, job);
    const isClaimed =
      loaded !== null &&
      !isTerminal(loaded.record.phase) &&
      loaded.record.cluster?.name === cluster.name &&
      loaded.record.cluster.location === cluster.location;
    return isClaimed ? 'live' : 'none';
  } catch (error) {
    log('ERROR', `sweep: ${messageOf(error)}`, { job, cluster: cluster.name });
    return 'unknown';
  }
}
