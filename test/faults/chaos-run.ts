/**
 * One chaos run: a job of four loops while workers, driver and Redis are killed by a seed's
 * schedule; and the same job left in peace.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { rLibrary } from '../../testing/lab.ts';
import { ChaosFleet } from './chaos-fleet.ts';
import { killPod, rProcess, signal } from '../../testing/pod-processes.ts';
import { coreFaults, workerFaults, type CoreFault, type WorkerFault } from './chaos-schedule.ts';

export interface ChaosSize {
  iterations: number;
  /** Of one iteration, on average. */
  seconds: number;
  workers: number;
  /** Between two kills of workers, on average. */
  meanSeconds: number;
  /** At which the driver, Redis or both are killed. */
  moments: number;
}

export interface ChaosOutcome {
  seed: number;
  /** 'identical', or what is wrong. */
  verdict: string;
  seconds: number;
  /** Times that an iteration began or ended; and how many iterations did so more than once. */
  starts: number;
  startedAgain: number;
  endedAgain: number;
  workerKills: number;
  coreKills: Record<string, number>;
  attempts: number;
}

const RESULT = 'results/lab/attempt-1/result.rds';
/** Without a single iteration that begins or ends, nor a moment of the schedule. */
const HANG_SECONDS = 180;
const script = readFileSync(join(import.meta.dirname, 'chaos.R'), 'utf8');

/** Runs the job under the seed's schedule. `evidence`: folder for what is left of a run that is not right. */
export async function chaosRun(
  seed: number,
  size: ChaosSize,
  expected: Buffer,
  evidence: string,
): Promise<ChaosOutcome> {
  const run = await Run.start(seed, size, size.seconds);
  try {
    const begin = Date.now();
    const problem = await Promise.race([run.untilEnded(), run.fail.promise]).catch((error: Error) => error.message);
    const outcome = await run.judge(expected, (Date.now() - begin) / 1000, problem);
    if (outcome.verdict !== 'identical') await run.keep(evidence, outcome, expected);
    return outcome;
  } finally {
    await run.remove();
  }
}

/** The result file of a run that nobody disturbs. */
export async function calmRun(size: ChaosSize): Promise<Buffer> {
  const run = await Run.start(0, { ...size, moments: 0, meanSeconds: Infinity }, 0);
  try {
    await Promise.race([run.untilEnded(), run.fail.promise]);
    return run.result();
  } finally {
    await run.remove();
  }
}

class Run {
  readonly #seed: number;
  readonly #size: ChaosSize;
  readonly #fleet: ChaosFleet;
  readonly #marks: string;
  readonly #log: string[] = [];
  readonly #begin = Date.now();
  readonly #coreKills: Record<string, number> = {};
  readonly fail = Promise.withResolvers<never>();
  #workerKills = 0;
  #over = false;
  #faults: Promise<unknown> = Promise.resolve();

  private constructor(seed: number, size: ChaosSize, fleet: ChaosFleet, marks: string) {
    this.#seed = seed;
    this.#size = size;
    this.#fleet = fleet;
    this.#marks = marks;
    this.fail.promise.catch(() => undefined);
  }

  static async start(seed: number, size: ChaosSize, seconds: number): Promise<Run> {
    const marks = join(process.env['TMPDIR'] ?? '/tmp', `ff-chaos-${process.pid}-${seed}-${Date.now()}`);
    writeFileSync(marks, '');
    const job = { script, arguments: [String(size.iterations), String(seconds), marks], seed: 11 };
    const run = new Run(seed, size, await ChaosFleet.start(job, size.workers), marks);
    run.#faults = Promise.all([run.#killCore(), run.#killWorkers()]).catch((error: Error) => run.fail.reject(error));
    return run;
  }

  async untilEnded(): Promise<void> {
    let seen = '';
    let changedAt = Date.now();
    while (this.#fleet.ended === undefined) {
      await delay(200);
      const state = `${readFileSync(this.#marks).length} ${this.#log.length}`;
      if (state !== seen) changedAt = Date.now();
      seen = state;
      if (Date.now() - changedAt > HANG_SECONDS * 1000) throw new Error(`nothing happened for ${HANG_SECONDS} s`);
    }
  }

  result(): Buffer {
    if (this.#fleet.ended !== 0) throw new Error(`the driver ended with ${this.#fleet.ended}:\n${this.#driverLines()}`);
    return this.#fleet.lab.server.read(RESULT);
  }

  async judge(expected: Buffer, seconds: number, problem: string | void): Promise<ChaosOutcome> {
    this.#over = true;
    await this.#faults;
    const verdict = problem ?? (await this.#verdict(expected).catch((error: Error) => error.message.slice(0, 2000)));
    const started = countEach(this.#marked('start'));
    const finished = countEach(this.#marked('end'));
    return {
      ...{ seed: this.#seed, verdict, seconds, starts: started.total },
      ...{ startedAgain: started.again, endedAgain: finished.again },
      ...{ workerKills: this.#workerKills, coreKills: this.#coreKills, attempts: this.#fleet.attempt },
    };
  }

  /**
   * The value, and that the bucket has each result: a loop's value may be right while a result
   * of it would be missing in a later attempt.
   */
  async #verdict(expected: Buffer): Promise<string> {
    const result = this.result();
    const paths = ['expected.rds', 'result.rds'].map((name) => join(this.#fleet.lab.dir, name));
    writeFileSync(paths[0]!, expected);
    writeFileSync(paths[1]!, result);
    const code = 'a <- commandArgs(TRUE); if (!identical(readRDS(a[1]), readRDS(a[2]))) quit(status = 1)';
    const same = spawnSync('Rscript', ['--vanilla', '-e', code, ...paths], {
      env: { ...process.env, R_LIBS: rLibrary },
    });
    if (same.status !== 0) return 'different';
    const ledger = await this.#fleet.ledger();
    const saved = new Set(ledger.map((line) => `${line.loop}:${line.iteration}`)).size;
    const failing = Math.floor((this.#size.iterations * 0.3) / 75);
    if (saved !== this.#size.iterations - failing)
      return `${saved} results in the bucket of ${this.#size.iterations - failing}`;
    return 'identical';
  }

  async keep(folder: string, outcome: ChaosOutcome, expected: Buffer): Promise<void> {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const { lab, printed } = this.#fleet;
    // pods go on until here so that a hang can be seen
    await lab.redis.save().catch(() => undefined);
    cpSync(join(lab.dir, 'redis'), join(folder, 'redis'), { recursive: true });
    cpSync(lab.dir, join(folder, 'lab'), { recursive: true, filter: (path) => !path.endsWith('/redis') });
    writeFileSync(join(folder, 'outcome.json'), JSON.stringify(outcome, null, 2));
    writeFileSync(join(folder, 'expected.rds'), expected);
    writeFileSync(join(folder, 'events.log'), this.#log.join('\n'));
    if (existsSync(this.#marks)) cpSync(this.#marks, join(folder, 'marks'));
    for (const { pod, running } of printed) {
      const text = `--- process ${running.process.pid}\n${running.lines.join('\n')}\n`;
      writeFileSync(join(folder, `${pod}.log`), text, { flag: 'a' });
    }
  }

  async remove(): Promise<void> {
    this.#over = true;
    await this.#faults;
    await this.#fleet.stop();
    await this.#fleet.lab.stop();
    rmSync(this.#marks, { force: true });
  }

  #say(text: string): void {
    this.#log.push(`${((Date.now() - this.#begin) / 1000).toFixed(2)} ${text}`);
  }

  #driverLines(): string {
    return this.#fleet.driver!.running.lines.slice(-20).join('\n');
  }

  #share(): number {
    return new Set(this.#marked('end')).size / this.#size.iterations;
  }

  /** The iterations that began or ended, in order and with repetitions. */
  #marked(what: 'start' | 'end'): string[] {
    const lines = readFileSync(this.#marks, 'utf8')
      .split('\n')
      .map((line) => line.split(' '));
    return lines.flatMap(([mark, iteration]) => (mark === what ? (iteration ?? []) : []));
  }

  #isOver(): boolean {
    return this.#over || this.#fleet.ended !== undefined;
  }

  async #killCore(): Promise<void> {
    for (const fault of coreFaults(this.#seed, this.#size.moments)) {
      while (!this.#isOver() && this.#share() < fault.atShare) await delay(100);
      await delay(fault.delaySeconds * 1000);
      if (this.#isOver()) return;
      this.#say(`${fault.kind} at ${fault.atShare.toFixed(3)}, down ${fault.downSeconds.toFixed(2)} s`);
      await this.#strike(fault);
      this.#coreKills[fault.kind] = (this.#coreKills[fault.kind] ?? 0) + 1;
      this.#say(`${fault.kind} done`);
    }
  }

  async #strike({ kind, downSeconds }: CoreFault): Promise<void> {
    const fleet = this.#fleet;
    if (kind === 'cluster') return fleet.newAttempt();
    if (kind === 'driver-r' || kind === 'both') signal(rProcess(fleet.driver!.running), 'SIGKILL');
    if (kind === 'redis' || kind === 'both') return fleet.restartRedis(downSeconds, false);
    if (kind === 'redis-second') return fleet.restartRedis(downSeconds, true);
    if (kind === 'driver-r') return;
    const { pod, running } = fleet.driver!;
    await killPod(running);
    if (fleet.ended !== undefined) return;
    fleet.startDriver(kind === 'driver-pod' ? pod : `${pod.split('.')[0]}.${Date.now() - this.#begin}`);
  }

  async #killWorkers(): Promise<void> {
    if (this.#size.meanSeconds === Infinity) return;
    for (const fault of workerFaults(this.#seed, this.#size.meanSeconds)) {
      const until = Date.now() + fault.afterSeconds * 1000;
      while (!this.#isOver() && Date.now() < until) await delay(Math.max(1, Math.min(100, until - Date.now())));
      if (this.#isOver()) return;
      this.#workerKills += this.#hit(fault) ? 1 : 0;
    }
  }

  /** False when no worker has an R process just now. */
  #hit(fault: WorkerFault): boolean {
    const { workers } = this.#fleet;
    const first = Math.floor(fault.victim * workers.length);
    const order = [...workers.slice(first), ...workers.slice(0, first)];
    for (const { pod, running } of order) {
      const pid = rProcess(running);
      if (pid === undefined) continue;
      this.#say(`worker ${pod} ${fault.kind}${fault.kind === 'freeze' ? ` ${fault.freezeSeconds.toFixed(1)} s` : ''}`);
      if (fault.kind === 'pod') void killPod(running);
      else if (fault.kind === 'r') signal(pid, 'SIGKILL');
      else this.#freeze([running.process.pid!, pid], fault.freezeSeconds);
      return true;
    }
    return false;
  }

  #freeze(pids: number[], seconds: number): void {
    for (const pid of pids) signal(pid, 'SIGSTOP');
    setTimeout(() => pids.forEach((pid) => signal(pid, 'SIGCONT')), seconds * 1000).unref();
  }
}

function countEach(names: string[]): { total: number; again: number } {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return { total: names.length, again: [...counts.values()].filter((count) => count > 1).length };
}
