/** All ports of a pass. */
import type { Buckets } from './bucket.ts';
import type { Clock } from './clock.ts';
import type { Clusters } from './clusters.ts';
import type { Notices } from './notices.ts';
import type { TaskQueues } from './task-queue.ts';
import type { Workloads } from './workloads.ts';

export interface Ports {
  buckets: Buckets;
  clusters: Clusters;
  workloads: Workloads;
  queues: TaskQueues;
  notices: Notices;
  clock: Clock;
}
