/**
 * The status of a pod as a pure function of its spec, its record and what is known in memory. Wording
 * and rules are those of the real kubelet.
 */
import { retryAtMs, type BackOffLimits } from '../back-off.ts';
import { isOver } from './pod-plan.ts';
import type { ContainerRecord, EndedRun, PodRecord } from './pod-record.ts';
import type { Container, ContainerStatus, Pod, PodCondition, PodStatus } from '../types.ts';

export interface Waiting {
  reason: string;
  message?: string | undefined;
}

export interface StatusInput {
  pod: Pod;
  record: PodRecord;
  nowMs: number;
  hostIp: string;
  /** Containers past their startup probe. */
  started: ReadonlySet<string>;
  /** Containers whose readiness probe (if any) succeeds. */
  ready: ReadonlySet<string>;
  /** Why a container does not run, where it is not simply being created. */
  waiting: ReadonlyMap<string, Waiting>;
  /** The pod is being deleted or shut down: no container will start again. */
  ending: boolean;
  limits: BackOffLimits;
}

export function podStatus(input: StatusInput): PodStatus {
  const { pod, record } = input;
  const phase = podPhase(input);
  const verdict = record.verdict && phase === 'Failed' ? record.verdict : undefined;
  const statuses = (kinds: ContainerRecord['kind'][], containers: Container[] | undefined) =>
    (containers ?? []).flatMap((container) => {
      const found = record.containers.find((one) => one.name === container.name && kinds.includes(one.kind));
      return found ? [containerStatus(input, container, found, phase)] : [];
    });
  const initStatuses = statuses(['init', 'sidecar'], pod.spec?.initContainers);
  const mainStatuses = statuses(['main'], pod.spec?.containers);
  return {
    phase,
    ...(pod.metadata?.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
    conditions: podConditions(input, phase, initStatuses, mainStatuses),
    hostIP: input.hostIp,
    hostIPs: [{ ip: input.hostIp }],
    ...(input.record.prepared ? { podIP: record.address, podIPs: [{ ip: record.address }] } : {}),
    startTime: time(record.startedMs),
    qosClass: qosClass(pod),
    ...(initStatuses.length > 0 ? { initContainerStatuses: initStatuses } : {}),
    containerStatuses: mainStatuses,
    ...(verdict ? { reason: verdict.reason, message: verdict.message } : {}),
  };
}

export function podPhase(input: StatusInput): string {
  const { pod, record } = input;
  const reported = pod.status?.phase;
  if (reported === 'Succeeded' || reported === 'Failed') return reported;
  if (record.containers.some((one) => one.state === 'running')) return runningPhase(record);
  if (record.verdict) return 'Failed';
  const policy = pod.spec?.restartPolicy ?? 'Always';
  const main = record.containers.filter((one) => one.kind === 'main');
  if (input.ending || main.every((one) => isOver(one, policy)))
    return main.every(hasSucceeded) ? 'Succeeded' : 'Failed';
  const initFailed = record.containers.some((one) => one.kind === 'init' && isOver(one, policy) && !hasSucceeded(one));
  return initFailed ? 'Failed' : runningPhase(record);
}

function hasSucceeded(record: ContainerRecord): boolean {
  return record.ended?.exitCode === 0;
}

/** Pending until every main container has run once. */
function runningPhase(record: PodRecord): string {
  return record.containers.some((one) => one.kind === 'main' && one.state === 'waiting') ? 'Pending' : 'Running';
}

function containerStatus(
  input: StatusInput,
  container: Container,
  record: ContainerRecord,
  phase: string,
): ContainerStatus {
  const running = record.state === 'running';
  const started = running && input.started.has(record.name);
  const isReady =
    record.kind === 'init'
      ? record.state === 'ended' && record.ended?.exitCode === 0
      : started && input.ready.has(record.name);
  const { state, lastState } = containerState(input, record, phase);
  return {
    name: record.name,
    state,
    lastState,
    ready: isReady,
    restartCount: record.restartCount,
    image: container.image ?? '',
    imageID: record.imageId,
    ...(record.containerId === '' ? {} : { containerID: `process://${record.containerId}` }),
    started,
  };
}

type States = Pick<ContainerStatus, 'state' | 'lastState'>;

function containerState(input: StatusInput, record: ContainerRecord, phase: string): States {
  const previous = record.previous ? { terminated: terminated(record.previous) } : {};
  switch (record.state) {
    case 'running':
      return { state: { running: { startedAt: time(record.startedMs) } }, lastState: previous };
    case 'waiting':
      return {
        state: { waiting: input.waiting.get(record.name) ?? initialWaiting(input, record) },
        lastState: previous,
      };
    case 'ended': {
      const ended = record.ended ? { terminated: terminated(record.ended) } : {};
      const waiting = restartWaiting(input, record, phase);
      return waiting ? { state: { waiting }, lastState: ended } : { state: ended, lastState: previous };
    }
  }
}

/** Why a container that has ended and will start again does not run yet. */
function restartWaiting(input: StatusInput, record: ContainerRecord, phase: string): Waiting | undefined {
  const podIsOver = phase === 'Succeeded' || phase === 'Failed' || input.ending;
  if (podIsOver || isOver(record, input.pod.spec?.restartPolicy ?? 'Always')) return undefined;
  return input.waiting.get(record.name) ?? backOffWaiting(input, record);
}

function initialWaiting(input: StatusInput, record: ContainerRecord): Waiting {
  const initialising = (input.pod.spec?.initContainers ?? []).length > 0 && record.kind === 'main';
  return { reason: initialising ? 'PodInitializing' : 'ContainerCreating' };
}

/** CrashLoopBackOff while the back-off lasts. */
function backOffWaiting(input: StatusInput, record: ContainerRecord): Waiting | undefined {
  if (record.backOff === undefined || record.ended === undefined) return undefined;
  const atMs = retryAtMs(record.backOff, record.ended.finishedMs, input.limits);
  if (atMs <= input.nowMs) return undefined;
  return { reason: 'CrashLoopBackOff', message: backOffMessage(input.record, record) };
}

function backOffMessage(pod: PodRecord, record: ContainerRecord): string {
  return (
    `back-off ${goDuration(record.backOff?.delayMs ?? 0)} restarting failed container=${record.name} ` +
    `pod=${pod.name}_${pod.namespace}(${pod.uid})`
  );
}

/** 300000 → 5m0s, as Go prints durations. */
export function goDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 1) return `${ms}ms`;
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}

function terminated(run: EndedRun): NonNullable<NonNullable<ContainerStatus['state']>['terminated']> {
  return {
    exitCode: run.exitCode,
    ...(run.signal === undefined ? {} : { signal: run.signal }),
    reason: run.reason,
    ...(run.message ? { message: run.message } : {}),
    startedAt: time(run.startedMs),
    finishedAt: time(run.finishedMs),
    containerID: `process://${run.containerId}`,
  };
}

type Verdict = Pick<PodCondition, 'status' | 'reason' | 'message'>;

function podConditions(
  input: StatusInput,
  phase: string,
  init: ContainerStatus[],
  main: ContainerStatus[],
): PodCondition[] {
  const over = phase === 'Succeeded' ? 'PodCompleted' : phase === 'Failed' ? 'PodFailed' : undefined;
  const containersReady = readiness(main, sidecars(input, init), over);
  const own: Record<string, Verdict> = {
    PodReadyToStartContainers: { status: input.record.prepared && !over ? 'True' : 'False' },
    Initialized: initialised(input, init, phase),
    Ready: withGates(input.pod, containersReady),
    ContainersReady: containersReady,
    PodScheduled: { status: 'True' },
  };
  const disruption = input.record.verdict;
  if (disruption?.disruption)
    own['DisruptionTarget'] = { status: 'True', reason: 'TerminationByKubelet', message: disruption.message };
  const old = input.pod.status?.conditions ?? [];
  const foreign = old.filter((condition) => !(condition.type in own));
  const now = time(input.nowMs);
  return [...Object.entries(own).map(([type, verdict]) => toCondition(old, type, verdict, now)), ...foreign];
}

function toCondition(old: PodCondition[], type: string, verdict: Verdict, now: string): PodCondition {
  const before = old.find((condition) => condition.type === type);
  const changed = before?.status !== verdict.status || !before.lastTransitionTime;
  const condition: PodCondition = {
    type,
    status: verdict.status,
    lastTransitionTime: changed ? now : before.lastTransitionTime,
  };
  if (verdict.reason) condition.reason = verdict.reason;
  if (verdict.message) condition.message = verdict.message;
  return condition;
}

function sidecars(input: StatusInput, init: ContainerStatus[]): ContainerStatus[] {
  return init.filter((status) =>
    input.record.containers.some((one) => one.name === status.name && one.kind === 'sidecar'),
  );
}

function readiness(main: ContainerStatus[], sidecarStatuses: ContainerStatus[], over: string | undefined): Verdict {
  if (over) return { status: 'False', reason: over };
  const unready = [...sidecarStatuses, ...main].filter((status) => !status.ready).map((status) => status.name);
  if (unready.length === 0) return { status: 'True' };
  return {
    status: 'False',
    reason: 'ContainersNotReady',
    message: `containers with unready status: [${unready.join(' ')}]`,
  };
}

function withGates(pod: Pod, containersReady: Verdict): Verdict {
  const missing = (pod.spec?.readinessGates ?? []).filter(
    (gate) =>
      !(pod.status?.conditions ?? []).some(
        (condition) => condition.type === gate.conditionType && condition.status === 'True',
      ),
  );
  if (containersReady.status !== 'True' || missing.length === 0) return containersReady;
  const messages = missing.map(
    (gate) => `corresponding condition of pod readiness gate "${gate.conditionType}" does not exist.`,
  );
  return { status: 'False', reason: 'ReadinessGatesNotReady', message: messages.join(', ') };
}

function initialised(input: StatusInput, init: ContainerStatus[], phase: string): Verdict {
  if (phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' };
  const mainHasRun = input.record.containers.some((one) => one.kind === 'main' && one.state !== 'waiting');
  const incomplete = mainHasRun
    ? []
    : init.filter((status) => !status.ready && !status.started).map((status) => status.name);
  if (incomplete.length === 0) return { status: 'True' };
  return {
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: [${incomplete.join(' ')}]`,
  };
}

/** Guaranteed: limits equal requests for cpu and memory everywhere; BestEffort: neither anywhere; else Burstable. */
export function qosClass(pod: Pod): string {
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  const value = (container: Container, kind: 'limits' | 'requests', name: string) =>
    container.resources?.[kind]?.[name];
  const names = ['cpu', 'memory'];
  const kinds = ['limits', 'requests'] as const;
  if (
    !containers.some((container) =>
      names.some((name) => kinds.some((kind) => value(container, kind, name) !== undefined)),
    )
  )
    return 'BestEffort';
  const guaranteed = containers.every((container) =>
    names.every((name) => {
      const limit = value(container, 'limits', name);
      return limit !== undefined && (value(container, 'requests', name) ?? limit) === limit;
    }),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

/** Seconds precision, as the API server keeps it. */
function time(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
