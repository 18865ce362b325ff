/** Runs one scenario under one schedule of faults to its end, and says which promises were broken. */
import { setImmediate } from 'node:timers/promises';
import type { JobRecord } from '../../../functions/job/job-record.ts';
import type { PassSettings } from '../../../functions/job/settings.ts';
import { isTerminal } from '../../../functions/job/phase.ts';
import { runPasses } from '../../../functions/entry/run-passes.ts';
import { tick } from '../../../functions/entry/tick.ts';
import type { Fault } from './fault-plan.ts';
import { FaultWorld } from './fault-world.ts';
import { findViolations, type Violation } from './find-violations.ts';
import type { Scenario } from './scenario.ts';

export interface Run {
  world: FaultWorld;
  record: JobRecord | null;
  endedSeconds: number | null;
  violations: Violation[];
}

const JOB = 'demo';
const STEP_SECONDS = 5;
const TICK_SECONDS = 60;
/** Longer than a job is held for debugging, on its system machine alone. */
const LONGEST_HOURS = 26;
/** After the job has ended: what must still be put right by ticks alone. */
const SETTLE_SECONDS = 1800;

export const settings: PassSettings = {
  installation: 'test',
  workerImage: 'worker',
  redisImage: 'redis',
  locations: ['zone-a', 'zone-b'],
  maxClusters: 3,
  allowedBuckets: [],
  allowedRegistries: [],
};

export async function runSchedule(scenario: Scenario, faults: readonly Fault[]): Promise<Run> {
  const world = new FaultWorld(scenario, faults);
  const driver = new Driver(world, scenario);
  for (const [name, text] of [
    ['run.R', 'x <- 1\n'],
    ['job.yaml', scenario.jobFile],
  ] as const)
    world.uploads.write(`jobs/${JOB}/${name}`, text, world.nowMs);
  driver.event();
  const endedSeconds = await driver.run();
  await driver.mend();
  const record = driver.record();
  return { world, record, endedSeconds, violations: findViolations(world, scenario, record, endedSeconds) };
}

/** Time, ticks and events of one run. */
class Driver {
  readonly #world: FaultWorld;
  readonly #pending: Scenario['events'];
  readonly #phasesSeen = new Map<string, number>();
  #processes = 0;
  #endedAt: number | null = null;
  #calmSince: number | null = null;

  constructor(world: FaultWorld, scenario: Scenario) {
    this.#world = world;
    this.#pending = [...scenario.events];
  }

  record(): JobRecord | null {
    return this.#read(`jobs/${JOB}.json`);
  }

  #read(name: string): JobRecord | null {
    const object = this.#world.state.read(name);
    try {
      return object === null ? null : (JSON.parse(object.bytes.toString('utf8')) as JobRecord);
    } catch {
      return null;
    }
  }

  /** What the next pass goes by: of a record that cannot be read, its copy. */
  #known(): JobRecord | null {
    return this.record() ?? this.#read(`previous/${JOB}.json`);
  }

  /** Nobody visits a job that has ended: what was damaged then is put right by whoever asks for it next. */
  async mend(): Promise<void> {
    if (this.#endedAt === null) return;
    // Where the first question fails, the platform asks again.
    for (let asked = 0; asked < 3 && this.record() === null; asked += 1) {
      this.#start((context) => runPasses(context, JOB));
      await this.#settle(SETTLE_SECONDS / 3);
    }
  }

  /** Lets ticks alone go on for a while. */
  async #settle(seconds: number): Promise<void> {
    for (let step = 0; step * STEP_SECONDS < seconds; step += 1) {
      await this.#flush();
      this.#world.advance(STEP_SECONDS * 1000);
      if ((step * STEP_SECONDS) % TICK_SECONDS === 0) this.#start(tick);
    }
    await this.#flush();
  }

  /** An event of the bucket or of a pod: a process of its own. */
  event(): void {
    const times = this.#world.processesPerEvent();
    for (let time = 0; time < times; time += 1) this.#start((context) => runPasses(context, JOB));
  }

  #start(work: (context: Parameters<typeof tick>[0]) => Promise<void>): void {
    const process = this.#world.process((this.#processes += 1));
    const ports = this.#world.ports(process);
    // An error of an invocation is a retry of the platform's, and ticks come anyway.
    void work({ ports: async () => ports, settings }).catch(() => undefined);
  }

  async run(): Promise<number | null> {
    for (let step = 0; step * STEP_SECONDS < LONGEST_HOURS * 3600; step += 1) {
      await this.#flush();
      const before = this.#world.accepted.length;
      this.#world.advance(STEP_SECONDS * 1000);
      if ((step * STEP_SECONDS) % TICK_SECONDS === 0) this.#start(tick);
      if (this.#world.accepted.length > before && step % 4 === 0) this.event();
      this.#actForUser();
      if (this.#isOver()) return this.#endedAt;
    }
    return this.#endedAt;
  }

  /** Everything here is microtasks: after one turn of the loop each process has ended, sleeps, or is dead. */
  async #flush(): Promise<void> {
    await setImmediate();
    while (this.#world.deal()) await setImmediate();
  }

  #actForUser(): void {
    const phase = this.#known()?.phase;
    const seconds = this.#world.seconds();
    if (phase !== undefined && !this.#phasesSeen.has(phase)) this.#phasesSeen.set(phase, seconds);
    const [next] = this.#pending;
    if (next === undefined) return;
    const base = typeof next.when === 'number' ? next.when : this.#phasesSeen.get(next.when);
    if (base === undefined || seconds < base + (next.afterSeconds ?? 0)) return;
    this.#pending.shift();
    next.act(this.#world);
    this.event();
  }

  /** Ended, nothing more to come from the user, and ticks have had their time to put right what is not. */
  #isOver(): boolean {
    const record = this.#known();
    const isEnded = record !== null && isTerminal(record.phase) && this.#pending.length === 0;
    if (!isEnded) {
      this.#endedAt = this.#calmSince = null;
      return false;
    }
    this.#endedAt ??= this.#world.seconds();
    this.#calmSince ??= this.#world.seconds();
    return this.#world.isQuiet() && this.#world.seconds() - this.#calmSince >= SETTLE_SECONDS;
  }
}
