/**
 * Enforces memory limits by looking at /proc once a second: a container over its limit is
 * killed (OOMKilled). Shorter peaks go unseen.
 */
import type { KubeletContext } from '../kubelet-context.ts';
import type { PodWorker } from '../pod/pod-worker.ts';
import { recentProcesses } from '../container/process-table.ts';

export class MemoryWatch {
  readonly #context: KubeletContext;
  readonly #workers: () => PodWorker[];
  #cancel: () => void;

  constructor(context: KubeletContext, workers: () => PodWorker[]) {
    this.#context = context;
    this.#workers = workers;
    this.#cancel = this.#schedule();
  }

  stop(): void {
    this.#cancel();
  }

  #schedule(): () => void {
    const { clock, timing } = this.#context;
    return clock.after(timing.memoryCheckMs, () => {
      this.#check();
      this.#cancel = this.#schedule();
    });
  }

  #check(): void {
    const limited = this.#workers().filter((worker) => worker.containers.hasMemoryLimit);
    if (limited.length === 0) return;
    // Nodes of the same process share one look at the machine.
    const processes = recentProcesses(this.#context.timing.memoryCheckMs / 2);
    for (const worker of limited) worker.containers.checkMemory(processes);
  }
}
