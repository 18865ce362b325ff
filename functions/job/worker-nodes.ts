/**
 * Machines in the pool of the workers, as the cloud says it: 0 when there is no
 * cluster, or nothing can be said about it.
 */
import type { Observation } from './observation.ts';

/** Machines that the pool of workers has or is asked for; 0 where there is no cluster or it cannot be read. */
export function workerNodes(cluster: Observation['cluster']): number {
  if (cluster === null || cluster === 'unknown') return 0;
  return cluster.pools.find((pool) => pool.name === 'workers')?.nodes ?? 0;
}
