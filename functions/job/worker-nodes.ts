/**
 * Pools and machines of workers, as the cloud says it: none when there is no cluster, or nothing can be said about it.
 */
import type { PoolView } from '../ports/clusters.ts';
import type { Observation } from './observation.ts';

/** Every pool but the system's, with as many machines as have come or may still come: the refused ones do not count. */
export function workerPools(cluster: Observation['cluster']): PoolView[] {
  if (cluster === null || cluster === 'unknown') return [];
  const pools = cluster.pools.filter((pool) => pool.name !== 'system');
  return pools.map((pool) => ({ ...pool, nodes: Math.max(0, pool.nodes - pool.refused.length) }));
}

/** Machines that the pools of workers have or are asked for; 0 where there is no cluster or it cannot be read. */
export function workerNodes(cluster: Observation['cluster']): number {
  return workerPools(cluster).reduce((sum, { nodes }) => sum + nodes, 0);
}
