/**
 * One pod on this node, from its binding to the end of its object. It is a loop that compares what the API server wants
 * with what runs and does the next thing. It is woken by changes of the object, ends of containers, probes and timers;
 * it never waits for a container.
 */
import { rmSync } from 'node:fs';
import { stackOf } from '../../error-text.ts';
import { sleep } from '../../clock.ts';
import { corePath, isConflict, isNotFound } from '../api.ts';
import type { KubeletContext } from '../kubelet-context.ts';
import { PodContainers, type PodContainersOwner } from './pod-containers.ts';
import { fieldPath, graceSeconds, hasEnded, isOlder } from './pod-facts.ts';
import { planPod } from './pod-plan.ts';
import type { PodRecord, PodVerdict } from './pod-record.ts';
import { podStatus, type StatusInput } from './pod-status.ts';
import { PodVolumes } from './pod-volumes.ts';
import { StatusReporter } from './status-reporter.ts';
import type { Pod } from '../types.ts';

/** How the pod's stay on this node comes to its end. */
type Ending = 'none' | 'machine-off' | 'killed' | 'removed';

const DEADLINE: PodVerdict = {
  reason: 'DeadlineExceeded',
  message: 'Pod was active on the node longer than the specified deadline',
};
const DELETE_RETRY_MS = 60_000;

export class PodWorker {
  readonly containers: PodContainers;
  readonly #context: KubeletContext;
  readonly #onRemoved: () => void;
  readonly #reporter: StatusReporter;
  readonly #volumes: PodVolumes;
  readonly #wasOver: boolean;
  #pod: Pod;
  #ending: Ending = 'none';
  #gone = false;
  #deleteSentMs = 0;
  #shutdownGraceSeconds = 0;
  #dirty = false;
  #loop: Promise<void> | undefined;
  #timer: { atMs: number; cancel: () => void } | undefined;

  constructor(context: KubeletContext, pod: Pod, record: PodRecord, onRemoved: () => void) {
    this.#context = context;
    this.#pod = pod;
    this.#wasOver = hasEnded(this.#pod);
    this.#onRemoved = onRemoved;
    const owner: PodContainersOwner = {
      pod: () => this.#pod,
      isEnding: () => this.#isEnding(),
      changed: () => this.wake(),
      event: (type, reason, message, container) => this.#event(type, reason, message, container),
    };
    this.containers = new PodContainers(context, owner, record);
    this.#volumes = new PodVolumes(context, this.containers, {
      pod: () => this.#pod,
      wakeAt: (atMs) => this.#wakeAt(atMs),
      warn: (reason, message) => this.#event('Warning', reason, message),
    });
    this.#reporter = new StatusReporter(context, {
      pod: () => this.#pod,
      status: () => podStatus(this.#statusInput()),
      updated: (fresh) => this.update(fresh),
      gone: () => this.removed(),
    });
    this.containers.save();
  }

  get pod(): Pod {
    return this.#pod;
  }

  /** The API server has a newer version of the object. */
  update(pod: Pod): void {
    if (pod.metadata?.uid !== this.containers.record.uid || isOlder(pod, this.#pod)) return;
    this.#pod = pod;
    this.wake();
  }

  /** The object is gone: what still runs is killed and nothing is left on disk. */
  removed(): void {
    this.#gone = true;
    this.wake();
  }

  /**
   * The machine is switched off; a verdict says that the pods are over, without one they come back with the machine.
   */
  async shutdown(graceSeconds: number, verdict?: PodVerdict): Promise<void> {
    if (verdict) {
      this.containers.record.verdict ??= verdict;
      this.containers.save();
    } else {
      this.#ending = 'machine-off';
      this.containers.machineOff();
    }
    this.#shutdownGraceSeconds = Math.min(graceSeconds, this.#pod.spec?.terminationGracePeriodSeconds ?? 30);
    if (verdict) this.wake();
    await this.#stopInTurn();
    if (verdict) await this.#reportEnd();
    this.#close();
    await this.#loop;
  }

  /** The last word of a pod on a machine that goes away; given up when the API server does not answer. */
  async #reportEnd(): Promise<void> {
    const { clock, timing } = this.#context;
    for (let attempt = 0; attempt < 5 && this.#ending === 'none'; attempt++) {
      if (await this.#reporter.flush()) return;
      await sleep(clock, timing.retryMs);
    }
  }

  /** The machine is lost. */
  async kill(): Promise<void> {
    this.#ending = 'killed';
    this.#close();
    this.containers.killAll();
    await this.#loop;
    this.containers.killAll();
    await this.containers.allEnded();
  }

  wake(): void {
    this.#dirty = true;
    this.#loop ??= this.#run();
  }

  async #run(): Promise<void> {
    // One turn later, so that several changes at once are one reconcile.
    await Promise.resolve();
    while (this.#dirty) {
      this.#dirty = false;
      try {
        await this.#reconcile();
      } catch (error) {
        this.#context.options.log?.(`pod ${this.containers.record.name}: ${stackOf(error)}`);
        this.#wakeAt(this.#nowMs() + this.#context.timing.retryMs);
      }
    }
    this.#loop = undefined;
  }

  async #reconcile(): Promise<void> {
    if (this.#ending !== 'none') return;
    if (this.#gone) return this.#cleanUp();
    if (this.#pod.metadata?.deletionTimestamp) return this.#terminate();
    this.#checkDeadline();
    if (this.containers.record.verdict || hasEnded(this.#pod)) this.containers.stopAll(this.#graceSeconds());
    else if (await this.#volumes.sync()) await this.#advance();
    // What was over before this kubelet began keeps what was said of it.
    if (!this.#wasOver) this.#reporter.submit();
  }

  /** Starts and stops containers as planned. */
  async #advance(): Promise<void> {
    const { containers } = this;
    const nowMs = this.#nowMs();
    const plan = planPod(this.#pod, containers.record.containers, containers.started, nowMs, this.#context.limits);
    for (const name of plan.stop) containers.stop(name, this.#graceSeconds());
    for (const name of plan.start) {
      if (containers.retryAt(name) <= nowMs) {
        this.#reporter.submit();
        await containers.start(name);
      }
      if (containers.retryAt(name) > 0) this.#wakeAt(containers.retryAt(name));
    }
    if (plan.wakeAtMs !== undefined) this.#wakeAt(plan.wakeAtMs);
  }

  /** Graceful deletion: stop, report the end, then confirm it so that the object goes away. */
  async #terminate(): Promise<void> {
    this.containers.stopAll(this.#graceSeconds());
    if (this.containers.isRunning) return this.#reporter.submit();
    if (this.#nowMs() - this.#deleteSentMs < DELETE_RETRY_MS) return this.#wakeAt(this.#deleteSentMs + DELETE_RETRY_MS);
    const { retryMs } = this.#context.timing;
    if (!this.#wasOver && !(await this.#reporter.flush())) return this.#wakeAt(this.#nowMs() + retryMs);
    if (this.#gone) return this.wake();
    const { metadata } = this.#pod;
    try {
      await this.#context.api.delete(corePath('pods', metadata?.namespace, metadata?.name), {
        gracePeriodSeconds: 0,
        preconditions: { uid: metadata?.uid },
      });
      // The object stays while others hold a finalizer on it; the watch says when it is gone.
      this.#deleteSentMs = this.#nowMs();
      this.#wakeAt(this.#deleteSentMs + DELETE_RETRY_MS);
    } catch (error) {
      if (isNotFound(error) || isConflict(error)) this.removed();
      else this.#wakeAt(this.#nowMs() + retryMs);
    }
  }

  async #cleanUp(): Promise<void> {
    this.containers.stopAll(0);
    if (this.containers.isRunning) return;
    this.#ending = 'removed';
    this.#close();
    await this.containers.allEnded();
    rmSync(this.containers.dir, { recursive: true, force: true });
    this.#context.addresses.release(this.containers.record.uid);
    this.#context.events.forget(this.containers.record.uid);
    this.#onRemoved();
  }

  /** Stops main containers, then sidecars, and waits for both. */
  async #stopInTurn(): Promise<void> {
    await this.#loop;
    while (this.containers.isRunning) {
      this.containers.stopAll(this.#graceSeconds());
      await Promise.race([this.containers.allEnded(), this.#nextChange()]);
    }
  }

  #nextChange(): Promise<void> {
    return new Promise((resolve) => this.#context.clock.after(100, resolve));
  }

  #checkDeadline(): void {
    const seconds = this.#pod.spec?.activeDeadlineSeconds;
    const { record } = this.containers;
    if (seconds === undefined || record.verdict || hasEnded(this.#pod)) return;
    const atMs = record.startedMs + seconds * 1000;
    if (atMs > this.#nowMs()) return this.#wakeAt(atMs);
    record.verdict = DEADLINE;
    this.containers.save();
    this.#event('Normal', 'DeadlineExceeded', DEADLINE.message);
  }

  /** No container may start any more. */
  #isEnding(): boolean {
    return (
      this.#ending !== 'none' ||
      this.#gone ||
      this.containers.record.verdict !== undefined ||
      this.#pod.metadata?.deletionTimestamp !== undefined
    );
  }

  #graceSeconds(): number {
    return graceSeconds(this.#pod, this.#shutdownGraceSeconds);
  }

  #statusInput(): StatusInput {
    const { record, started, ready, waiting } = this.containers;
    return {
      pod: this.#pod,
      record,
      nowMs: this.#nowMs(),
      hostIp: this.#context.hostIp,
      started,
      ready,
      waiting,
      ending: this.#isEnding(),
      limits: this.#context.limits,
    };
  }

  #event(type: 'Normal' | 'Warning', reason: string, message: string, container?: string): void {
    const { record } = this.containers;
    const isInit = record.containers.some((one) => one.name === container && one.kind !== 'main');
    const { namespace, name, uid } = record;
    const part = container === undefined ? undefined : fieldPath(container, isInit);
    this.#context.events.record({ kind: 'Pod', namespace, name, uid, fieldPath: part }, type, reason, message);
  }

  #wakeAt(atMs: number): void {
    if (this.#ending !== 'none') return;
    if (this.#timer && this.#timer.atMs <= atMs && this.#timer.atMs > this.#nowMs()) return;
    this.#timer?.cancel();
    const cancel = this.#context.clock.after(Math.max(0, atMs - this.#nowMs()), () => {
      this.#timer = undefined;
      this.wake();
    });
    this.#timer = { atMs, cancel };
  }

  #close(): void {
    if (this.#ending === 'none') this.#ending = 'machine-off';
    this.#reporter.close();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #nowMs(): number {
    return this.#context.clock.nowMs();
  }
}
