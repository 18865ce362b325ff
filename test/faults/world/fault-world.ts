/**
 * A whole cloud in memory, in virtual time, for schedules of faults. Each process that runs a pass gets ports of
 * its own. Every call of them passes one gate, where the schedule may kill the process, fail the call, delay it,
 * or answer what was true before. The books (what exists, what it cost, what Redis accepted) are kept here, apart
 * from everything that the product writes.
 * Leaves out: signatures, quotas, images. Prices of the books are written out, so that a
 * mistake in the product's list is not shared.
 */
import type { Bucket, Buckets } from '../../../functions/ports/bucket.ts';
import type { ClusterView, Leftover } from '../../../functions/ports/clusters.ts';
import type { Notice } from '../../../functions/ports/notices.ts';
import { PortError, PreconditionError } from '../../../functions/ports/port-error.ts';
import type { Ports } from '../../../functions/ports/ports.ts';
import type { JournalEntry } from '../../../functions/ports/task-queue.ts';
import { drawer, type Fault } from './fault-plan.ts';
import { bucketPort, clusterPort, failure } from './cloud-ports.ts';
import type { At } from './cloud-state.ts';
import { MemoryBucket } from './memory-bucket.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';
import { DELETE_SECONDS, type ScriptPlan } from './simulated-cluster.ts';
import { queuePort, workloadPort } from './cluster-ports.ts';
import type { Refuses, Shortages } from './simulated-pools.ts';

/**
 * USD per hour, us-central1, November 2026: GKE management fee; e2-standard-4 with 100 GB;
 * e2-standard-4 with 50 GB, Spot and on demand.
 */
const FEE_USD_PER_HOUR = 0.1;
const SYSTEM_USD_PER_HOUR = 0.1491;
const SPOT_USD_PER_HOUR = 0.0484;
const ON_DEMAND_USD_PER_HOUR = 0.1422;

/** One process: a function's instance that runs passes until it is quiet. */
class Process {
  dead = false;
  asleepUntilMs: number | null = null;
  readonly clockOffsetMs: number;

  constructor(clockOffsetMs: number) {
    this.clockOffsetMs = clockOffsetMs;
  }
}

export class FaultWorld {
  readonly beginMs = Date.parse('2026-11-23T12:00:00Z');
  nowMs = this.beginMs;
  readonly installation = 'test';
  readonly uploads: MemoryBucket;
  readonly state: MemoryBucket;
  readonly results: MemoryBucket;
  readonly clusters = new Map<string, SimulatedCluster>();
  readonly notices: Notice[] = [];
  /** Every call that was made, in order: the number of a fault counts in here. */
  readonly calls: string[] = [];
  leftovers: Leftover[] = [];
  /** Books. */
  usd = 0;
  mostClusters = 0;
  readonly accepted: JournalEntry[] = [];
  readonly created: string[] = [];
  readonly everyCluster: SimulatedCluster[] = [];
  readonly script: ScriptPlan;
  readonly refuses: Refuses;
  readonly #faults: readonly Fault[];
  readonly #draws = new Map<Fault, () => number>();
  readonly #history = new Map<string, { ms: number; answer: unknown }[]>();
  /** Calls that wait to be let through, where the schedule draws the order. */
  #queue: (() => void)[] = [];
  #sleepers: { untilMs: number; process: Process; wake: () => void }[] = [];
  #generation = 1000;

  constructor({ script, refuses }: Shortages & { script: ScriptPlan }, faults: readonly Fault[]) {
    this.script = script;
    this.refuses = (kind, nowMs) => refuses?.(kind, (nowMs - this.beginMs) / 1000) ?? false;
    this.#faults = faults;
    const bucket = (name: string): MemoryBucket => new MemoryBucket(name, () => (this.#generation += 1));
    this.uploads = bucket('uploads');
    this.state = bucket('state');
    this.results = bucket('results');
  }

  /** A record is lost only when somebody has damaged its copy, too: the job ends then, and says so. */
  mayLoseRecord(): boolean {
    const isDamaged = (object: string): boolean =>
      this.#faults.some((fault) => (fault.kind === 'damage' || fault.kind === 'loss') && fault.object === object);
    return isDamaged('jobs/demo.json') && isDamaged('previous/demo.json');
  }

  /** What only the Redis of a cluster has is lost by somebody else's hand. */
  excuse(cluster: SimulatedCluster): void {
    const lost = new Set(cluster.outbox.map(({ entry }) => entry.id));
    const kept = this.accepted.filter((entry) => !lost.has(entry.id));
    this.accepted.splice(0, this.accepted.length, ...kept);
  }

  seconds(): number {
    return (this.nowMs - this.beginMs) / 1000;
  }

  /** Lets virtual time pass, one step. */
  advance(milliseconds: number): void {
    this.nowMs += milliseconds;
    this.#damage(milliseconds);
    for (const [name, cluster] of this.clusters) {
      this.accepted.push(...cluster.advance(this.nowMs));
      this.usd += (this.#usdPerHour(cluster) * milliseconds) / 3_600_000;
      if (cluster.deletedMs !== null && this.nowMs - cluster.deletedMs >= DELETE_SECONDS * 1000)
        this.clusters.delete(name);
    }
    this.mostClusters = Math.max(this.mostClusters, this.clusters.size);
    const due = this.#sleepers.filter((sleeper) => sleeper.untilMs <= this.nowMs);
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.untilMs > this.nowMs);
    for (const { process, wake } of due) {
      process.asleepUntilMs = null;
      wake();
    }
  }

  #damage(milliseconds: number): void {
    for (const fault of this.#faults) {
      if ((fault.kind !== 'damage' && fault.kind !== 'loss') || fault.at * 1000 >= this.nowMs - this.beginMs) continue;
      if (fault.at * 1000 < this.nowMs - this.beginMs - milliseconds) continue;
      const bytes = this.state.read(fault.object)?.bytes;
      if (fault.kind === 'loss') this.state.remove(fault.object);
      else if (bytes) this.state.write(fault.object, bytes.subarray(0, bytes.length * fault.share), this.nowMs);
    }
  }

  #usdPerHour(cluster: SimulatedCluster): number {
    const machines = cluster.pools.machines.map(({ spot }) => (spot ? SPOT_USD_PER_HOUR : ON_DEMAND_USD_PER_HOUR));
    return machines.reduce((sum, usd) => sum + usd, FEE_USD_PER_HOUR + SYSTEM_USD_PER_HOUR);
  }

  /** Whether anything is left that the cloud would bill, or a process that may still act. */
  isQuiet(): boolean {
    return this.clusters.size === 0 && this.leftovers.length === 0 && this.#sleepers.length === 0;
  }

  #draw(fault: Fault & { seed: number }): number {
    if (!this.#draws.has(fault)) this.#draws.set(fault, drawer(fault.seed));
    return this.#draws.get(fault)!();
  }

  /** Lets one waiting call through, drawn by the schedule's seed; false when none waits. */
  deal(): boolean {
    const fault = this.#faults.find((candidate) => candidate.kind === 'interleave');
    if (fault?.kind !== 'interleave' || this.#queue.length === 0) return false;
    this.#queue.splice(Math.floor(this.#draw(fault) * this.#queue.length), 1)[0]!();
    return true;
  }

  /**
   * The gate of all calls. A dead process waits here for ever: nothing of it runs
   * any more, no `catch` and no `finally`.
   */
  async call<T>(process: Process, name: string, effect: () => T): Promise<T> {
    const never = new Promise<never>(() => undefined);
    if (process.dead) return never;
    if (this.#faults.some((fault) => fault.kind === 'interleave'))
      await new Promise<void>((pass) => this.#queue.push(pass));
    const number = this.calls.push(name) - 1;
    await this.#sleepBefore(process, number);
    if (process.dead) return never;
    const own = this.#faults.filter((fault) => 'call' in fault && fault.call === number);
    const is = (kind: string, when: string): boolean =>
      own.some((fault) => fault.kind === kind && 'when' in fault && fault.when === when);
    const die = (): Promise<never> => {
      process.dead = true;
      return never;
    };
    if (is('crash', 'before')) return die();
    await this.#failIfOut(process, name);
    if (is('fail', 'before')) throw failure(name);
    const answer = effect();
    if (is('crash', 'after')) return die();
    if (is('fail', 'after')) throw failure(name);
    return this.#aged(name, answer);
  }

  async #failIfOut(process: Process, name: string): Promise<void> {
    const outage = this.#outage(name);
    if (outage === undefined) return;
    if (outage.kind === 'silence') await this.sleep(process, outage.seconds * 1000);
    if (outage.kind === 'refuse' && outage.overtaken) throw new PreconditionError(name);
    throw failure(name);
  }

  async #sleepBefore(process: Process, number: number): Promise<void> {
    const fault = this.#faults.find((candidate) => candidate.kind === 'sleep' && candidate.call === number);
    if (fault?.kind === 'sleep') await this.sleep(process, fault.seconds * 1000);
  }

  sleep(process: Process, milliseconds: number): Promise<void> {
    const untilMs = this.nowMs + milliseconds;
    process.asleepUntilMs = untilMs;
    return new Promise((wake) => this.#sleepers.push({ untilMs, process, wake }));
  }

  /** Why the call fails now, whatever it is. */
  #outage(name: string): Fault | undefined {
    const seconds = this.seconds();
    return this.#faults.find((fault) => {
      if (fault.kind === 'outage' || fault.kind === 'silence')
        return name.startsWith(fault.port) && seconds >= fault.from && seconds < fault.to;
      return fault.kind === 'refuse' && name.startsWith(fault.calls) && this.#draw(fault) < fault.chance;
    });
  }

  /** What the call would have answered some time ago, where the schedule wants that. */
  #aged<T>(name: string, answer: T): T {
    const fault = this.#faults.find((candidate) => candidate.kind === 'stale' && name.startsWith(candidate.calls));
    if (fault?.kind !== 'stale') return answer;
    const history = this.#history.get(name) ?? [];
    history.push({ ms: this.nowMs, answer: structuredClone(answer) });
    this.#history.set(name, history);
    if (this.#draw(fault) >= fault.chance) return answer;
    const old = history.findLast((entry) => entry.ms <= this.nowMs - fault.seconds * 1000);
    return old === undefined ? answer : (structuredClone(old.answer) as T);
  }

  /** How many processes an event starts: none when events are lost, more when they arrive several times. */
  processesPerEvent(): number {
    const interleave = this.#faults.find((fault) => fault.kind === 'interleave');
    if (interleave?.kind === 'interleave') return interleave.processes;
    const events = this.#faults.find((fault) => fault.kind === 'events');
    return events?.kind !== 'events' ? 1 : events.how === 'lost' ? 0 : 2;
  }

  /** A new process, with its own view of time. */
  process(number: number): Process {
    const skew = this.#faults.find((fault) => fault.kind === 'skew');
    const isSkewed = skew?.kind === 'skew' && (!skew.everyOther || number % 2 === 0);
    return new Process(isSkewed ? skew.seconds * 1000 : 0);
  }

  ports(process: Process): Ports {
    const at: At = (name, effect) => this.call(process, name, effect);
    const bucket = (memory: MemoryBucket): Bucket => bucketPort(memory, at, () => this.nowMs);
    const buckets: Buckets = {
      uploads: bucket(this.uploads),
      state: bucket(this.state),
      results: bucket(this.results),
      foreign: (name) => bucket(new MemoryBucket(name, () => 1)),
    };
    return {
      buckets,
      clusters: clusterPort(this, at),
      workloads: {
        connect: async (view) =>
          workloadPort(
            () => this.clusters.get(keyOf(view)),
            at,
            () => this.nowMs,
            this,
          ),
      },
      queues: {
        open: ({ host }) => at('queue.open', () => queuePort(this.#reachable(host), at, () => this.nowMs)),
      },
      notices: { publish: (notice) => at('notices.publish', () => void this.notices.push(notice)) },
      clock: {
        nowMs: () => this.nowMs + process.clockOffsetMs,
        sleep: (milliseconds: number) => this.sleep(process, milliseconds),
      },
    };
  }

  #reachable(host: string): () => SimulatedCluster {
    return () => {
      const cluster = this.clusters.get(host);
      if (cluster?.redisUp === true && cluster.workload !== null && cluster.state === 'running') return cluster;
      throw new PortError('FF-QUEUE-UNREACHABLE', 'Redis does not answer', { retry: true });
    };
  }
}

function keyOf(view: ClusterView): string {
  return `${view.name}@${view.location}`;
}
