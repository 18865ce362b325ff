/**
 * The last net: billable things with our label that no live job claims. Needs no record to find them: it lists what
 * exists, in every location. Never touches what does not carry this installation's label, nor anything younger than the
 * grace period (its record may just be being written).
 */
import { LABEL_JOB } from '../job/names.ts';
import { isTerminal } from '../job/phase.ts';
import { log } from '../log.ts';
import type { ClusterView } from '../ports/clusters.ts';
import { messageOf } from '../ports/port-error.ts';
import type { Ports } from '../ports/ports.ts';
import { loadRecord } from './record-store.ts';

const GRACE_MS = 10 * 60_000;

/** Answers the names of clusters whose deletion was asked for. */
export async function sweep(ports: Ports, installation: string): Promise<string[]> {
  const removed: string[] = [];
  for (const cluster of await ports.clusters.list()) {
    if (await isClaimed(ports, cluster)) continue;
    const fields = { cluster: cluster.name, location: cluster.location, job: cluster.labels[LABEL_JOB], installation };
    if (ports.clock.nowMs() - cluster.createdMs < GRACE_MS || cluster.state === 'stopping') continue;
    try {
      await ports.clusters.delete(cluster.name, cluster.location);
      removed.push(cluster.name);
      log('WARNING', 'sweep: a cluster that no live job claims is being deleted', fields);
    } catch (error) {
      log('WARNING', `sweep: ${messageOf(error)}`, fields);
    }
  }
  return removed;
}

/**
 * A record that cannot be read is no proof that nobody claims the cluster, so the
 * cluster stays until its limits end it.
 */
async function isClaimed(ports: Ports, cluster: ClusterView): Promise<boolean> {
  const job = cluster.labels[LABEL_JOB];
  if (job === undefined) return false;
  try {
    const loaded = await loadRecord(ports.buckets.state, job);
    return (
      loaded !== null &&
      !isTerminal(loaded.record.phase) &&
      loaded.record.cluster?.name === cluster.name &&
      loaded.record.cluster.location === cluster.location
    );
  } catch (error) {
    log('ERROR', `sweep: ${messageOf(error)}`, { job, cluster: cluster.name });
    return true;
  }
}
