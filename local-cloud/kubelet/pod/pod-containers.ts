/** The containers of one pod on this machine: starts and stops them as told, keeps the record true, and says when something has changed. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { InjectedFault } from '../../faults.ts';
import { nextBackOff, retryAtMs } from '../back-off.ts';
import { ConfigError } from '../container/container-env.ts';
import { prepareLaunch } from '../container/container-launch.ts';
import { StartError } from '../container/container-process.ts';
import type { PodFacts } from '../container/downward.ts';
import type { KubeletContext } from '../kubelet-context.ts';
import { ContainerLog } from '../logs/log-writer.ts';
import { isOver } from './pod-plan.ts';
import { saveRecord, type ContainerRecord, type EndedRun, type PodRecord } from './pod-record.ts';
import type { Waiting } from './pod-status.ts';
import type { ProbeListener } from '../container/probes.ts';
import { parseQuantity } from '../../quantity.ts';
import type { RunningContainer } from '../container/running-container.ts';
import { ServiceNotReady } from '../container/service-env.ts';
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
  readonly waiting = new Map<string, Waiting>();
  readonly #context: KubeletContext;
  readonly #owner: PodContainersOwner;
  readonly #running = new Map<string, RunningContainer>();
  readonly #retryAtMs = new Map<string, number>();
  readonly #attempts = new Map<string, number>();
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

  logDir(container: string): string {
    return join(this.dir, 'logs', container);
  }

  liveLog(container: string): ContainerLog | undefined {
    return this.#logs.get(container);
  }

  /** When the start of a container may be tried again after something was missing. */
  retryAt(name: string): number {
    return this.#retryAtMs.get(name) ?? 0;
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
    if ('waiting' in answer) {
      this.waiting.set(name, answer.waiting);
      this.#retryAtMs.set(name, answer.retryAtMs);
      return;
    }
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
    if (this.#owner.isEnding()) return;
    const run = record.state === 'ended' ? record.restartCount + 1 : record.restartCount;
    // The id is on disk before the process exists: whatever carries it can be found after a crash.
    this.#noteStart(container, record, image, containerId, run);
    this.#owner.event('Normal', 'Created', `Created container: ${container.name}`, container.name);
    const log = this.#newLog(container.name, run);
    const running = await runContainer({
      ...prepared,
      container,
      podIp: this.record.address,
      log,
      memoryLimitBytes: memoryLimit(container),
      clock,
      probes: this.#probeListener(container),
      onHookFailed: (reason, message) => this.#owner.event('Warning', reason, message, container.name),
    });
    this.#noteRunning(container, record, running);
    if (this.#owner.isEnding()) running.stop(0);
  }

  #noteStart(
    container: Container,
    record: ContainerRecord,
    image: ResolvedImage,
    containerId: string,
    run: number,
  ): void {
    const nowMs = this.#context.clock.nowMs();
    if (record.state === 'ended') {
      record.backOff = nextBackOff(record.backOff, record.ended!.finishedMs, nowMs, this.#context.limits);
      record.previous = record.ended;
    }
    Object.assign(record, {
      state: 'running',
      restartCount: run,
      containerId,
      imageId: image.id ?? `process://${container.image}`,
    });
    Object.assign(record, { startedMs: nowMs, pid: undefined, startTicks: undefined, ended: undefined });
    this.save();
  }

  #noteRunning(container: Container, record: ContainerRecord, running: RunningContainer): void {
    const { name } = container;
    record.pid = running.process.pid;
    record.startTicks = running.process.startTicks;
    this.save();
    this.#running.set(name, running);
    this.waiting.delete(name);
    this.#retryAtMs.delete(name);
    this.#attempts.delete(name);
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
    record.state = 'ended';
    record.ended =
      this.#machineOff && run.exitCode === 0
        ? { ...run, exitCode: 143, reason: 'Error', message: 'The machine was switched off' }
        : run;
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
    const nowMs = this.#context.clock.nowMs();
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof StartError || error instanceof InjectedFault) {
      const text = `failed to create task for container: failed to start "${name}": ${message}`;
      this.#owner.event('Warning', 'Failed', `Error: ${text}`, name);
      this.#logs
        .get(name)
        ?.end()
        .catch(() => undefined);
      if (error instanceof InjectedFault)
        this.#noteStart(
          container,
          record,
          { root: [], env: {}, path: '' },
          containerId,
          record.state === 'ended' ? record.restartCount + 1 : record.restartCount,
        );
      this.#noteEnd(name, record, {
        exitCode: 128,
        reason: 'StartError',
        message: text,
        startedMs: 0,
        finishedMs: nowMs,
        containerId,
      });
      return;
    }
    const attempt = (this.#attempts.get(name) ?? 0) + 1;
    this.#attempts.set(name, attempt);
    const isConfig = error instanceof ConfigError;
    this.waiting.set(name, { reason: isConfig ? 'CreateContainerConfigError' : 'ContainerCreating', message });
    this.#retryAtMs.set(name, nowMs + this.#context.timing.retryMs);
    if (!isPowerOfTwo(attempt)) return;
    const reason = error instanceof ServiceNotReady ? 'ServiceNotReady' : 'Failed';
    this.#owner.event('Warning', reason, isConfig ? `Error: ${message}` : message, name);
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

  #probeListener(container: Container): ProbeListener {
    const { name } = container;
    const set = (names: Set<string>, value: boolean) => {
      if (names.has(name) === value) return;
      if (value) names.add(name);
      else names.delete(name);
      this.#owner.changed();
    };
    return {
      started: () => set(this.started, true),
      ready: (isReady) => set(this.ready, isReady),
      unhealthy: (_kind, message) => this.#owner.event('Warning', 'Unhealthy', message, name),
      condemned: (kind) => {
        const probe = kind === 'liveness' ? container.livenessProbe : container.startupProbe;
        const grace =
          probe?.terminationGracePeriodSeconds ?? this.#owner.pod().spec?.terminationGracePeriodSeconds ?? 30;
        this.stop(name, grace, `Container ${name} failed ${kind} probe, will be restarted`);
      },
    };
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

function isPowerOfTwo(count: number): boolean {
  return (count & (count - 1)) === 0;
}
