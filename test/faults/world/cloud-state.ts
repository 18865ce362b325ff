/** What the ports read and change of the fault world; the world has more, and the ports do not know it. */
import type { Leftover } from '../../../functions/ports/clusters.ts';
import type { MemoryBucket } from './memory-bucket.ts';
import type { ScriptPlan, SimulatedCluster } from './simulated-cluster.ts';
import type { Refuses } from './simulated-pools.ts';

/** How a call reaches the world: through the gate where the schedule decides what becomes of it. */
export type At = <T>(name: string, effect: () => T) => Promise<T>;

export interface CloudState {
  readonly nowMs: number;
  readonly installation: string;
  readonly script: ScriptPlan;
  readonly refuses: Refuses;
  readonly state: MemoryBucket;
  readonly clusters: Map<string, SimulatedCluster>;
  readonly everyCluster: SimulatedCluster[];
  readonly created: string[];
  leftovers: Leftover[];
}
