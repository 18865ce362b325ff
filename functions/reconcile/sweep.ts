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

/** Answers the names of clusters whose deletion was asked for. */
export async function sweep(ports: Ports, installation: string): Promise<string[]> {
  const removed: string[] = [];
  let clock: Clock | null = null;
  for (const cluster of await ports.clusters.list()) {
    const claim = await claimOf(ports, cluster);
    if (claim === 'live' || cluster.state === 'stopping') continue;
    // The storage's time: one instance's clock may be wrong by an hour.
    clock ??= await storageClock(ports.clock, ports.buckets.state, null);
    if (clock.nowMs() < (claim === 'unknown' ? endsByMs(cluster) : cluster.createdMs + GRACE_MS)) continue;
    const fields = { cluster: cluster.name, location: cluster.location, job: cluster.labels[LABEL_JOB], installation };
    try {
      await ports.clusters.delete(cluster.name, cluster.location);
      removed.push(cluster.name);
      const why = claim === 'unknown' ? 'whose limits are over, says its label,' : 'that no live job claims';
      log('WARNING', `sweep: a cluster ${why} is being deleted`, fields);
    } catch (error) {
      log('WARNING', `sweep: ${messageOf(error)}`, fields);
    }
  }
  return removed;
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
