/** One cluster of the virtual world, with what runs in it; a test moves its parts by hand. */
import { createHash } from 'node:crypto';
import type { ContainerDeath, ExplainedDeath, PodEnd } from '../functions/job/death.ts';
import type { DriverState, Gate, LoopProgress, WorkerProgress } from '../functions/job/progress.ts';
import type { ClusterView, PoolView } from '../functions/ports/clusters.ts';
import type { JournalEntry, OutboxItem, OutputEntry, SignedUrl } from '../functions/ports/task-queue.ts';
import type { WorkloadRequest, WorkloadView } from '../functions/ports/workloads.ts';

export class VirtualCluster {
  readonly view: ClusterView;
  workload: WorkloadRequest | null = null;
  redisUp = true;
  driver: WorkloadView['driver'] = 'absent';
  driverState: DriverState | null = null;
  driverMessage = '';
  driverReason: string | null = null;
  replicas = 0;
  /** Of workers with more memory, and what waits for them. */
  largeReplicas = 0;
  largeWaiting = 0;
  loops: LoopProgress[] = [];
  workers: WorkerProgress[] = [];
  outbox: OutboxItem[] = [];
  /** Positions in the outbox of what is no result. */
  outboxRefused: string[] = [];
  /** Places in Redis of values that are left out. */
  refused: string[] = [];
  errors: { id: string; json: string }[] = [];
  described: { id: string; json: string }[] = [];
  outputs: OutputEntry[] = [];
  stopReason: string | null = null;
  gate: Gate = { tasks: 4, begun: 0 };
  /** Worker machines that are there; the others of the pool are still booting. */
  nodesReady = Infinity;
  /** Names that pods have requested URLs of, and what they were given. */
  urlRequests: string[] = [];
  signedUrls: Record<string, SignedUrl | null> = {};
  rejected: JournalEntry[] = [];
  /** Of iterations with their worker's container, how those pods ended, and what a pass has said of them. */
  deaths: ContainerDeath[] = [];
  podEnds: Record<string, PodEnd> = {};
  explained: ExplainedDeath[] = [];

  constructor(view: ClusterView) {
    this.view = view;
  }

  journal(loop: number, iteration: number, value = `value ${loop}/${iteration}`): void {
    const bytes = Buffer.from(value);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const id = `${this.outbox.length + 1}-${iteration}`;
    const entry: JournalEntry = {
      id,
      loop,
      iteration,
      key: `k${iteration}`,
      attempt: 1,
      worker: 'w',
      node: 'n',
      seconds: 1,
      bytes: bytes.length,
      sha256,
      startedAt: 0,
      warnings: 0,
      object: null,
      md5: null,
    };
    this.outbox.push({ entry, value: bytes });
  }

  /**
   * As `journal`, of a value that its worker has uploaded: answers the object's name below the attempt's
   * folder, which a test puts into the bucket.
   */
  journalObject(loop: number, iteration: number, value: string): string {
    this.journal(loop, iteration, value);
    const item = this.outbox.at(-1)!;
    const stem = `loop-${loop}/iteration-${String(iteration).padStart(6, '0')}`;
    const object = `${stem}-${item.entry.sha256.slice(0, 16)}.rds`;
    item.entry = { ...item.entry, object, md5: createHash('md5').update(value).digest('hex') };
    item.value = null;
    return object;
  }
}

type NewPool = Pick<PoolView, 'name' | 'machineType' | 'spot' | 'zone' | 'nodes'>;
/** A pool whose machines have all come. */
export const newPool = (pool: NewPool): PoolView => ({
  ...pool,
  state: 'running',
  instanceGroups: [],
  refused: [],
  shortage: null,
});
