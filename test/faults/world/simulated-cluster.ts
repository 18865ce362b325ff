/**
 * One cluster of the fault world: machines that boot, Redis, a driver that runs loops, workers that take
 * one task at a time. It moves by itself, in steps of virtual time, and keeps no book of money: the world
 * does. Leaves out R, images, networks, quotas.
 */
import { createHash } from 'node:crypto';
import type { DriverState, LoopProgress, WorkerProgress } from '../../../functions/job/progress.ts';
import type { ClusterRequest, ClusterView } from '../../../functions/ports/clusters.ts';
import type { JournalEntry } from '../../../functions/ports/task-queue.ts';
import type { WorkloadRequest } from '../../../functions/ports/workloads.ts';
import { type Refuses, SimulatedPools } from './simulated-pools.ts';

export interface LoopPlan {
  tasks: number;
  seconds: number;
  /** Iterations that end with an R error. */
  fails?: (iteration: number) => boolean;
}

/** What the script of a scenario does. The value of an iteration depends on loop and iteration alone. */
export interface ScriptPlan {
  loops: LoopPlan[];
  outputs: { name: string; bytes: number; sha256: string }[];
}

interface Task {
  loop: number;
  iteration: number;
}

export interface Worker {
  pod: string;
  node: string | null;
  task: Task | null;
  untilMs: number;
  sinceMs: number;
}

const CREATE_SECONDS = 300;
export const DELETE_SECONDS = 180;
const DRIVER_START_SECONDS = 30;
/** For workers; on the system machine beside Redis and driver. */
const CPU_OF_MACHINE = 3.6;
const CPU_OF_SYSTEM = 2.2;

const SYSTEM = 'system';

export function valueOf(loop: number, iteration: number): Buffer {
  return Buffer.from(`value of loop ${loop}, iteration ${iteration}`);
}

export class SimulatedCluster {
  readonly request: ClusterRequest;
  readonly labels: Record<string, string>;
  readonly createdMs: number;
  readonly script: ScriptPlan;
  state: ClusterView['state'] = 'provisioning';
  deletedMs: number | null = null;
  workload: WorkloadRequest | null = null;
  appliedMs = 0;
  replicas = 0;
  readonly pools: SimulatedPools;
  /** Machines of workers at once before the gate was opened. */
  mostInCanary = 0;
  workers: Worker[] = [];
  redisUp = true;
  gate: number | 'open' | null = null;
  stopReason: string | null = null;
  driver: 'absent' | 'running' | 'succeeded' | 'failed' = 'absent';
  driverState: DriverState | null = null;
  loops: LoopProgress[] = [];
  outbox: { entry: JournalEntry; value: Buffer | null }[] = [];
  errors: { id: string; json: string }[] = [];
  outputs: ScriptPlan['outputs'] = [];
  /** Results of earlier attempts that the inputs named. */
  reusable = new Map<string, string>();
  readonly killedBusy: string[] = [];
  readonly begun: Task[] = [];
  #queue: Task[] = [];
  #serial = 0;

  constructor(
    request: ClusterRequest,
    labels: Record<string, string>,
    createdMs: number,
    { script, refuses }: { script: ScriptPlan; refuses: Refuses },
  ) {
    this.request = request;
    this.labels = labels;
    this.createdMs = createdMs;
    this.script = script;
    this.pools = new SimulatedPools(refuses);
  }

  /** Everything that happens in this step; answers the results that Redis has accepted. */
  advance(nowMs: number): JournalEntry[] {
    if (this.state === 'provisioning' && nowMs - this.createdMs >= CREATE_SECONDS * 1000) this.state = 'running';
    if (this.state !== 'running') return [];
    this.pools.boot(nowMs);
    if (this.gate !== 'open') this.mostInCanary = Math.max(this.mostInCanary, this.pools.machines.length);
    if (this.workload === null) return [];
    this.#placeWorkers();
    this.#driver(nowMs);
    return this.#work(nowMs);
  }

  ready(nowMs: number): { name: string }[] {
    return this.pools.machines.filter((machine) => machine.readyMs <= nowMs);
  }

  #placeWorkers(): void {
    while (this.workers.length < this.replicas)
      this.workers.push({ pod: `worker-${(this.#serial += 1)}`, node: null, task: null, untilMs: 0, sinceMs: 0 });
  }

  #driver(nowMs: number): void {
    if (this.driver === 'absent') {
      this.driver = 'running';
      this.driverState = 'starting';
      return;
    }
    if (this.driver !== 'running' || nowMs - this.appliedMs < DRIVER_START_SECONDS * 1000) return;
    if (!this.redisUp) return;
    if (this.driverState === 'starting') {
      this.driverState = 'running';
      const { canary } = this.workload!.inputs as { canary: { tasks: number } };
      this.gate ??= canary.tasks;
      this.#beginLoop();
    }
    const open = this.loops.find((loop) => !loop.ended);
    if (this.stopReason !== null && this.workers.every((worker) => worker.task === null)) return this.#end('stopped');
    if (open && open.done + open.failed === open.total) {
      open.ended = true;
      this.#beginLoop();
    }
    if (this.loops.every((loop) => loop.ended)) this.#end('finished');
  }

  #end(state: 'stopped' | 'finished'): void {
    this.driverState = state;
    this.driver = state === 'finished' ? 'succeeded' : 'failed';
    this.outputs = this.script.outputs;
  }

  #beginLoop(): void {
    const plan = this.script.loops[this.loops.length];
    if (plan === undefined) return;
    const loop = this.loops.length + 1;
    const all = Array.from({ length: plan.tasks }, (_, index) => ({ loop, iteration: index + 1 }));
    this.#queue = all.filter((task) => !this.reusable.has(`${task.loop}/${task.iteration}`));
    const reused = all.length - this.#queue.length;
    this.loops.push({
      loop,
      label: `loop ${loop}`,
      total: plan.tasks,
      done: reused,
      failed: 0,
      reused,
      seconds: 0,
      maxSeconds: 0,
      waiting: this.#queue.length,
      ended: false,
    });
  }

  #work(nowMs: number): JournalEntry[] {
    const accepted: JournalEntry[] = [];
    const nodes = this.ready(nowMs).map(({ name }) => name);
    for (const worker of this.workers) {
      if (worker.node !== null && !this.#exists(worker.node)) this.#lose(worker);
      worker.node ??= freePlace(nodes, this.workers, this.workload?.worker.cpu ?? 1);
      if (worker.node === null || !this.redisUp) continue;
      if (worker.task !== null && worker.untilMs <= nowMs) accepted.push(...this.#finish(worker, nowMs));
      if (worker.task === null) this.#take(worker, nowMs);
    }
    return accepted;
  }

  #exists(node: string): boolean {
    return node === SYSTEM || this.pools.machines.some(({ name }) => name === node);
  }

  /** The machine is gone: its task returns to the queue. */
  #lose(worker: Worker): void {
    if (worker.task !== null) this.#queue.unshift(worker.task);
    this.#count(worker.task?.loop, (loop) => (loop.waiting += worker.task === null ? 0 : 1));
    worker.task = null;
    worker.node = null;
  }

  #take(worker: Worker, nowMs: number): void {
    if (this.driver !== 'running' || this.driverState !== 'running' || this.stopReason !== null) return;
    if (this.gate !== 'open' && this.gate !== null && this.begun.length >= this.gate) return;
    const task = this.#queue.shift();
    if (task === undefined) return;
    const plan = this.script.loops[task.loop - 1]!;
    worker.task = task;
    worker.sinceMs = nowMs;
    worker.untilMs = nowMs + plan.seconds * 1000;
    this.begun.push(task);
    this.#count(task.loop, (loop) => (loop.waiting -= 1));
  }

  #finish(worker: Worker, nowMs: number): JournalEntry[] {
    const task = worker.task!;
    const plan = this.script.loops[task.loop - 1]!;
    worker.task = null;
    worker.sinceMs = nowMs;
    if (plan.fails?.(task.iteration) === true) {
      this.#count(task.loop, (loop) => (loop.failed += 1));
      const report = { loop: task.loop, iteration: task.iteration, message: 'an error of the script', worker: 'w' };
      this.errors.push({ id: `${(this.#serial += 1)}-0`, json: JSON.stringify(report) });
      return [];
    }
    this.#count(task.loop, (loop) => {
      loop.done += 1;
      loop.seconds += plan.seconds;
    });
    const value = valueOf(task.loop, task.iteration);
    const entry = entryOf(`${(this.#serial += 1)}-0`, task, plan.seconds, value, this.workload!.attempt);
    this.outbox.push({ entry, value });
    return [entry];
  }

  #count(loop: number | undefined, change: (loop: LoopProgress) => void): void {
    const found = this.loops.find((candidate) => candidate.loop === loop);
    if (found) change(found);
  }

  /** As Kubernetes does: the marked pods first, then others; a busy one that was not going anyway is noted. */
  scale(replicas: number, idlePods: readonly string[]): void {
    const surplus = this.workers.length - replicas;
    const ranked = this.workers.toSorted((a, b) => rank(a, idlePods) - rank(b, idlePods));
    for (const victim of ranked.slice(0, Math.max(0, surplus))) this.#kill(victim);
    this.replicas = replicas;
  }

  removeMachines(names: readonly string[]): void {
    for (const worker of this.workers.filter((one) => one.node !== null && names.includes(one.node)))
      this.#kill(worker);
    this.pools.remove(names);
  }

  releaseMachines(except: string | null): void {
    for (const worker of this.workers.filter(({ node }) => node !== null && node !== SYSTEM && node !== except))
      this.#kill(worker);
    this.pools.removeAllBut(except);
  }

  #kill(victim: Worker): void {
    const isNeeded = this.driver === 'running' && this.stopReason === null;
    if (victim.task !== null && isNeeded) this.killedBusy.push(victim.pod);
    this.#lose(victim);
    this.workers = this.workers.filter((worker) => worker !== victim);
  }

  views(nowMs: number): WorkerProgress[] {
    return this.workers
      .filter((worker) => worker.node !== null)
      .map((worker) => ({
        pod: worker.pod,
        state: worker.task === null ? 'idle' : 'busy',
        loop: worker.task?.loop ?? null,
        iterations: worker.task === null ? 0 : 1,
        sinceSeconds: worker.sinceMs / 1000,
        beatSeconds: nowMs / 1000,
      }));
  }
}

function rank(worker: Worker, idlePods: readonly string[]): number {
  return (idlePods.includes(worker.pod) ? 0 : 2) + (worker.task === null ? 0 : 1);
}

function freePlace(nodes: readonly string[], workers: readonly Worker[], cpu: number): string | null {
  const used = new Map<string, number>();
  for (const { node } of workers) if (node !== null) used.set(node, (used.get(node) ?? 0) + 1);
  const isFree = (node: string, cpus: number): boolean => (used.get(node) ?? 0) < Math.floor(cpus / cpu);
  return nodes.find((node) => isFree(node, CPU_OF_MACHINE)) ?? (isFree(SYSTEM, CPU_OF_SYSTEM) ? SYSTEM : null);
}

function entryOf(id: string, task: Task, seconds: number, value: Buffer, attempt: number): JournalEntry {
  const sha256 = createHash('sha256').update(value).digest('hex');
  const { loop, iteration } = task;
  const common = { worker: 'w', node: 'n', startedAt: 0, warnings: 0, object: null, md5: null };
  return {
    id,
    loop,
    iteration,
    key: `k${loop}.${iteration}`,
    attempt,
    seconds,
    bytes: value.length,
    sha256,
    ...common,
  };
}
