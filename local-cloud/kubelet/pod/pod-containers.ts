/**
 * The containers of one pod on this machine: starts and stops them as told, keeps the
 * record true, and says when something changed.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { InjectedFault } from '../../faults.ts';
import { retryAtMs } from '../back-off.ts';
import { prepareLaunch } from '../container/container-launch.ts';
import { StartError } from '../container/container-process.ts';
import { requireFreePorts } from '../container/port-check.ts';
import type { PodFacts } from '../container/downward.ts';
import type { KubeletContext } from '../kubelet-context.ts';
import { ContainerLog } from '../logs/log-writer.ts';
import { noteEnd, noteStart, runNumber } from './container-history.ts';
import { isOver } from './pod-plan.ts';
import { saveRecord, type ContainerRecord, type EndedRun, type PodRecord } from './pod-record.ts';
import type { Waiting } from './pod-status.ts';
import { probeListener } from './probe-effects.ts';
import { StartRetries } from './start-retries.ts';
import type { ProbeListener } from '../container/probes.ts';
import { parseQuantity } from '../../quantity.ts';
import type { RunningContainer } from '../container/running-container.ts';
import { runContainer } from '../container/running-container.ts';
import type { Container, Pod, ResolvedImage } from '../types.ts';

export interface PodContainersOwner {
  pod(): Pod;
  /** No container may start any more. */
  isEnding(): boolean;
  changed(): void;
  event(type: 'Normal' | 'Warning', reason: string, message: string, container?: string): void;
}

export class PodContainers {
  readonly record: PodRecord;
  readonly started = new Set<string>();
  readonly ready = new Set<string>();
  readonly #context: KubeletContext;
  readonly #owner: PodContainersOwner;
  readonly #running = new Map<string, RunningContainer>();
  readonly #retries = new StartRetries();
  readonly #logs = new Map<string, ContainerLog>();
  readonly #endings = new Set<Promise<void>>();
  #machineOff = false;

  constructor(context: KubeletContext, owner: PodContainersOwner, record: PodRecord) {
    this.#context = context;
    this.#owner = owner;
    this.record = record;
  }

  get dir(): string {
    return join(this.#context.podsDir, this.record.uid);
  }

  get isRunning(): boolean {
    return this.#running.size > 0;
  }

  /** What each container that could not start waits for. */
  get waiting(): ReadonlyMap<string, Waiting> {
    return this.#retries.waiting;
  }

  logDir(container: string): string {
    return join(this.dir, 'logs', container);
  }

  liveLog(container: string): ContainerLog | undefined {
    return this.#logs.get(container);
  }

  /** When the start of a container may be tried again after something was missing. */
  retryAt(name: string): number {
    return this.#retries.dueMs(name);
  }

  save(): void {
    saveRecord(this.dir, this.record);
  }

  /** Tries to start a container; when something is missing it says what in `waiting` and when to retry. */
  async start(name: string): Promise<void> {
    const container = this.#spec(name);
    const record = this.#find(name);
    if (!container || this.#running.has(name)) return;
    const event = (type: 'Normal' | 'Warning', reason: string, message: string) =>
      this.#owner.event(type, reason, message, name);
    const pullPolicy = container.imagePullPolicy ?? 'IfNotPresent';
    const answer = this.#context.images.ensure(`${this.record.uid}/${name}`, container.image ?? '', pullPolicy, event);
    if ('waiting' in answer) return this.#retries.wait(name, answer.waiting, answer.retryAtMs);
    const containerId = randomBytes(32).toString('hex');
    try {
      await this.#launch(container, record, answer.image, containerId);
    } catch (error) {
      this.#startFailed(container, record, containerId, error);
    }
  }

  stop(name: string, graceSeconds: number, message = `Stopping container ${name}`): void {
    const running = this.#running.get(name);
    if (!running) return;
    if (!running.isStopping) this.#owner.event('Normal', 'Killing', message, name);
    running.stop(graceSeconds);
  }

  /** Main containers first; sidecars when no main container runs any more. */
  stopAll(graceSeconds: number): void {
    const names = [...this.#running.keys()];
    const main = names.filter((name) => this.#find(name).kind !== 'sidecar');
    for (const name of main.length > 0 && graceSeconds > 0 ? main : names) this.stop(name, graceSeconds);
  }

  /** The machine goes off: what ends now ends because of that, whatever exit code it finds for it. */
  machineOff(): void {
    this.#machineOff = true;
  }

  killAll(): void {
    for (const running of this.#running.values()) running.kill();
  }

  checkMemory(processes: Parameters<RunningContainer['checkMemory']>[0]): void {
    for (const running of this.#running.values()) running.checkMemory(processes);
  }

  get hasMemoryLimit(): boolean {
    return [...this.#running.values()].some((running) => running.options.memoryLimitBytes !== undefined);
  }

  /** Resolves when every process that was running is gone and its log is written. */
  async allEnded(): Promise<void> {
    while (this.#endings.size > 0) await Promise.all(this.#endings);
  }

  async #launch(
    container: Container,
    record: ContainerRecord,
    image: ResolvedImage,
    containerId: string,
  ): Promise<void> {
    const { options, cache, clock } = this.#context;
    await options.faults?.check('kubelet', 'start container', 'before');
    const facts: PodFacts = { pod: this.#owner.pod(), podIp: this.record.address, node: options.node };
    const prepared = await prepareLaunch(
      { cache, facts, apiServer: options.connect.server, image, podDir: this.dir, containerId },
      container,
    );
    await requireFreePorts(this.record.address, container);
    if (this.#owner.isEnding()) return;
    const log = this.#newLog(container.name, runNumber(record));
    // The id is on disk before the process exists: whatever carries it can be found after a crash.
    this.#noteStart(record, containerId, image.id ?? `process://${container.image}`);
    this.#owner.event('Normal', 'Created', `Created container: ${container.name}`, container.name);
    const running = await runContainer({
      ...prepared,
      container,
      podIp: this.record.address,
      log,
      memoryLimitBytes: memoryLimit(container),
      clock,
      probes: this.#probes(container),
      onHookFailed: (reason, message) => this.#owner.event('Warning', reason, message, container.name),
    });
    this.#noteRunning(container, record, running);
    if (this.#owner.isEnding()) running.stop(0);
  }

  #noteStart(record: ContainerRecord, containerId: string, imageId: string): void {
    noteStart(record, { containerId, imageId, nowMs: this.#context.clock.nowMs() }, this.#context.limits);
    this.save();
  }

  #noteRunning(container: Container, record: ContainerRecord, running: RunningContainer): void {
    const { name } = container;
    record.pid = running.process.pid;
    record.startTicks = running.process.startTicks;
    this.save();
    this.#running.set(name, running);
    this.#retries.started(name);
    this.#owner.event('Normal', 'Started', `Started container ${name}`, name);
    const ending = running.ended.then((run) => this.#noteEnd(name, record, run));
    this.#endings.add(ending);
    void ending.finally(() => this.#endings.delete(ending));
    this.#owner.changed();
  }

  #noteEnd(name: string, record: ContainerRecord, run: EndedRun): void {
    this.#running.delete(name);
    this.started.delete(name);
    this.ready.delete(name);
    noteEnd(record, run, this.#machineOff);
    this.save();
    const policy = this.#owner.pod().spec?.restartPolicy ?? 'Always';
    const delayed = retryAtMs(record.backOff, run.finishedMs, this.#context.limits) > run.finishedMs;
    if (delayed && !this.#owner.isEnding() && !isOver(record, policy)) {
      const pod = `${this.record.name}_${this.record.namespace}(${this.record.uid})`;
      this.#owner.event('Warning', 'BackOff', `Back-off restarting failed container ${name} in pod ${pod}`, name);
    }
    this.#owner.changed();
  }

  #startFailed(container: Container, record: ContainerRecord, containerId: string, error: unknown): void {
    const { name } = container;
    if (error instanceof StartError || error instanceof InjectedFault) {
      if (error instanceof InjectedFault) this.#noteStart(record, containerId, `process://${container.image}`);
      return this.#startEnded(name, record, error);
    }
    const event = this.#retries.failed(name, error, this.#context.clock.nowMs() + this.#context.timing.retryMs);
    if (event) this.#owner.event('Warning', event.reason, event.message, name);
  }

  /** The process could not be made: the run is over before it began. */
  #startEnded(name: string, record: ContainerRecord, error: Error): void {
    const message = `failed to create task for container: failed to start "${name}": ${error.message}`;
    this.#owner.event('Warning', 'Failed', `Error: ${message}`, name);
    void this.#logs
      .get(name)
      ?.end()
      .catch(() => undefined);
    const { containerId } = record;
    const finishedMs = this.#context.clock.nowMs();
    this.#noteEnd(name, record, {
      exitCode: 128,
      reason: 'StartError',
      message,
      startedMs: 0,
      finishedMs,
      containerId,
    });
  }

  #newLog(name: string, restart: number): ContainerLog {
    const { options, clock } = this.#context;
    const log = new ContainerLog(
      this.logDir(name),
      restart,
      () => clock.nowMs(),
      (stream, timestamp, line) => {
        if (!options.onLogLine) return;
        const { namespace, name: pod } = this.record;
        options.onLogLine({
          cluster: options.cluster,
          namespace,
          pod,
          podLabels: this.#owner.pod().metadata?.labels ?? {},
          container: name,
          stream,
          timestamp,
          line,
        });
      },
    );
    this.#logs.set(name, log);
    return log;
  }

  #probes(container: Container): ProbeListener {
    const { name } = container;
    return probeListener(container, {
      started: this.started,
      ready: this.ready,
      changed: () => this.#owner.changed(),
      warn: (reason, message) => this.#owner.event('Warning', reason, message, name),
      restart: (graceSeconds, message) =>
        this.stop(name, graceSeconds ?? this.#owner.pod().spec?.terminationGracePeriodSeconds ?? 30, message),
    });
  }

  #spec(name: string): Container | undefined {
    const { spec } = this.#owner.pod();
    return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].find((container) => container.name === name);
  }

  #find(name: string): ContainerRecord {
    const record = this.record.containers.find((one) => one.name === name);
    if (!record) throw new Error(`pod ${this.record.name} has no container ${name}`);
    return record;
  }
}

function memoryLimit(container: Container): number | undefined {
  const limit = container.resources?.limits?.['memory'];
  const bytes = parseQuantity(limit) ?? Number.NaN;
  return bytes > 0 ? bytes : undefined;
}
