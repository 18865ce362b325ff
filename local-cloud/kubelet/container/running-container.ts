/**
 * One run of one container: process, log, probes, orderly stop. Reports its end once, as
 * an EndedRun. Does not decide on restarts.
 */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { Clock } from '../../clock.ts';
import { sleep } from '../../clock.ts';
import { startProcess, type ContainerProcess, type Launch, type ProcessExit } from './container-process.ts';
import { execBeside } from './exec.ts';
import { logTail } from '../logs/log-reader.ts';
import type { ContainerLog } from '../logs/log-writer.ts';
import type { MapPath } from './path-map.ts';
import type { EndedRun } from '../pod/pod-record.ts';
import { proportionalBytes, residentBytes, type ProcessEntry } from './process-table.ts';
import { ContainerProbes, httpGet, type ProbeListener } from './probes.ts';
import type { Container } from '../types.ts';

const MESSAGE_BYTES = 4096;
/** A container whose preStop hook has used up the grace gets this much for its SIGTERM. */
const MIN_TERM_MS = 2000;

export interface RunOptions {
  container: Container;
  launch: Launch;
  mapPath: MapPath;
  podIp: string;
  log: ContainerLog;
  terminationLog: string;
  memoryLimitBytes: number | undefined;
  clock: Clock;
  probes: ProbeListener;
  onHookFailed: (reason: string, message: string) => void;
}

export class RunningContainer {
  readonly options: RunOptions;
  readonly process: ContainerProcess;
  readonly startedMs: number;
  readonly ended: Promise<EndedRun>;
  readonly #probes: ContainerProbes;
  #outOfMemory = false;
  #killAtMs = Number.POSITIVE_INFINITY;
  #cancelKill: (() => void) | undefined;
  #stopping = false;

  constructor(options: RunOptions, process: ContainerProcess) {
    this.options = options;
    this.process = process;
    this.startedMs = options.clock.nowMs();
    this.#probes = new ContainerProbes({ ...options }, options.clock, options.probes);
    this.ended = this.#awaitEnd();
    if (options.container.lifecycle?.postStart) void this.#runPostStart();
    this.#probes.begin();
  }

  get isStopping(): boolean {
    return this.#stopping;
  }

  /** preStop hook, SIGTERM, and SIGKILL when the grace is over. A later call can only shorten the grace. */
  stop(graceSeconds: number): void {
    const { clock, container } = this.options;
    const killAtMs = clock.nowMs() + graceSeconds * 1000;
    if (killAtMs < this.#killAtMs) this.#armKill(killAtMs);
    if (this.#stopping) return;
    this.#stopping = true;
    this.#probes.stop();
    if (graceSeconds <= 0) this.process.killAll();
    else if (container.lifecycle?.preStop) void this.#runPreStop(killAtMs);
    else this.process.signal(this.#stopSignal());
  }

  /** The machine is gone. */
  kill(): void {
    this.#stopping = true;
    this.#probes.stop();
    this.process.killAll();
  }

  /** Kills the container when its processes hold more memory than its limit. */
  checkMemory(processes: ProcessEntry[]): void {
    const limit = this.options.memoryLimitBytes;
    if (limit === undefined || residentBytes(processes, this.process.pid) <= limit) return;
    if (proportionalBytes(processes, this.process.pid) <= limit) return;
    this.#outOfMemory = true;
    this.process.killAll();
  }

  #armKill(atMs: number): void {
    const { clock } = this.options;
    this.#killAtMs = atMs;
    this.#cancelKill?.();
    this.#cancelKill = clock.after(Math.max(0, atMs - clock.nowMs()), () => this.process.killAll());
  }

  #stopSignal(): NodeJS.Signals {
    const wanted = this.options.container.lifecycle?.stopSignal;
    return wanted !== undefined && isSignal(wanted) ? wanted : 'SIGTERM';
  }

  async #runPreStop(killAtMs: number): Promise<void> {
    const { clock } = this.options;
    const message = await this.#runHook('preStop', killAtMs - clock.nowMs());
    if (message !== undefined) this.options.onHookFailed('FailedPreStopHook', `PreStopHook failed: ${message}`);
    if (clock.nowMs() >= this.#killAtMs) this.#armKill(clock.nowMs() + MIN_TERM_MS);
    this.process.signal(this.#stopSignal());
  }

  async #runPostStart(): Promise<void> {
    const message = await this.#runHook('postStart', 3_600_000);
    if (message === undefined || this.#stopping) return;
    this.options.onHookFailed('FailedPostStartHook', `PostStartHook failed: ${message}`);
    this.stop(MIN_TERM_MS / 1000);
  }

  /** Runs a lifecycle hook; answers what went wrong. */
  async #runHook(which: 'preStop' | 'postStart', timeoutMs: number): Promise<string | undefined> {
    const { container, launch, mapPath, clock } = this.options;
    const hook = container.lifecycle?.[which];
    if (hook?.exec) {
      const result = await execBeside(launch, (hook.exec.command ?? []).map(mapPath), timeoutMs);
      if (result.timedOut) return 'command timed out';
      return result.exitCode === 0 ? undefined : `command exited with ${result.exitCode}: ${result.output}`;
    }
    if (hook?.sleep) await sleep(clock, Math.min(hook.sleep.seconds * 1000, timeoutMs));
    if (!hook?.httpGet) return undefined;
    const result = await httpGet(this.options, hook.httpGet, timeoutMs);
    return result.ok ? undefined : result.message;
  }

  async #awaitEnd(): Promise<EndedRun> {
    const exit = await this.process.exited;
    this.#stopping = true;
    this.#probes.stop();
    this.#cancelKill?.();
    await this.options.log.end();
    return this.#describe(exit);
  }

  async #describe(exit: ProcessExit): Promise<EndedRun> {
    const failed = exit.exitCode !== 0;
    return {
      exitCode: this.#outOfMemory ? 137 : exit.exitCode,
      reason: this.#outOfMemory ? 'OOMKilled' : failed ? 'Error' : 'Completed',
      message: await this.#terminationMessage(failed),
      startedMs: this.startedMs,
      finishedMs: this.options.clock.nowMs(),
      containerId: this.options.launch.containerId,
    };
  }

  async #terminationMessage(failed: boolean): Promise<string | undefined> {
    const { container, terminationLog, log } = this.options;
    let text = '';
    try {
      text = readFileSync(terminationLog).subarray(0, MESSAGE_BYTES).toString('utf8');
    } catch {
      // The container has removed its termination log: no message.
    }
    if (text === '' && failed && container.terminationMessagePolicy === 'FallbackToLogsOnError')
      text = await logTail(log.dir, log.restart);
    return text === '' ? undefined : text;
  }
}

/** Starts the container's process with its log attached. Throws StartError. */
export async function runContainer(options: RunOptions): Promise<RunningContainer> {
  const process = await startProcess(options.launch, (child) => {
    if (child.stdout) options.log.attach('stdout', child.stdout);
    if (child.stderr) options.log.attach('stderr', child.stderr);
  });
  return new RunningContainer(options, process);
}

function isSignal(name: string): name is NodeJS.Signals {
  return name in constants.signals;
}
