/** One cluster of the virtual world, with what runs in it; a test moves its parts by hand. */
import { createHash } from 'node:crypto';
import type { DriverState, LoopProgress, WorkerProgress } from '../../functions/job/progress.ts';
import type { ClusterView } from '../../functions/ports/clusters.ts';
import type { JournalEntry } from '../../functions/ports/task-queue.ts';
import type { WorkloadRequest, WorkloadView } from '../../functions/ports/workloads.ts';

export class VirtualCluster {
  readonly view: ClusterView;
  workload: WorkloadRequest | null = null;
  redisUp = true;
  driver: WorkloadView['driver'] = 'absent';
  driverState: DriverState | null = null;
  driverMessage = '';
  driverReason: string | null = null;
  replicas = 0;
  loops: LoopProgress[] = [];
  workers: WorkerProgress[] = [];
  outbox: { entry: JournalEntry; value: Buffer }[] = [];
  errors: { id: string; json: string }[] = [];
  described: { id: string; json: string }[] = [];
  stopReason: string | null = null;
  gateOpen = false;
  /** Worker machines that are there; the others of the pool are still booting. */
  nodesReady = Infinity;
  needsLedger = false;
  ledgerGiven: string | null = null;

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
    };
    this.outbox.push({ entry, value: bytes });
  }
}
