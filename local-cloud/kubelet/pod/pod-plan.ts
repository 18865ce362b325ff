/** Which containers of a pod to start or stop now, as a pure function of its spec and what has happened. */
import { retryAtMs, type BackOffLimits } from '../back-off.ts';
import type { ContainerRecord } from './pod-record.ts';
import type { Pod } from '../types.ts';

export interface PodPlan {
  start: string[];
  stop: string[];
  /** The next moment at which the plan changes by itself (end of a back-off). */
  wakeAtMs: number | undefined;
  /** All is over: no container runs and none will. */
  finished: boolean;
}

/** Containers that have passed their startup probe (or have none), by name. */
export type Started = ReadonlySet<string>;

export function planPod(
  pod: Pod,
  records: ContainerRecord[],
  started: Started,
  nowMs: number,
  limits: BackOffLimits,
): PodPlan {
  const plan: PodPlan = { start: [], stop: [], wakeAtMs: undefined, finished: false };
  const policy = pod.spec?.restartPolicy ?? 'Always';
  const main = records.filter((record) => record.kind === 'main');
  const sidecars = records.filter((record) => record.kind === 'sidecar');
  const initFailed = records.some(
    (record) => record.kind === 'init' && isOver(record, policy) && record.ended?.exitCode !== 0,
  );
  const mainOver = main.every((record) => isOver(record, policy));
  if (initFailed || mainOver) {
    plan.stop = [...sidecars, ...main].filter((record) => record.state === 'running').map((record) => record.name);
    plan.finished = records.every((record) => record.state !== 'running');
    return plan;
  }
  const isInitialised = planInit(plan, records, policy, started, nowMs, limits);
  if (isInitialised) for (const record of main) planStart(plan, record, policy, nowMs, limits);
  return plan;
}

/** Starts what is next in the order of init containers; answers whether the main containers may run. */
function planInit(
  plan: PodPlan,
  records: ContainerRecord[],
  policy: string,
  started: Started,
  nowMs: number,
  limits: BackOffLimits,
): boolean {
  const mainHasRun = records.some((record) => record.kind === 'main' && record.state !== 'waiting');
  for (const record of records) {
    if (record.kind === 'main') continue;
    if (record.kind === 'sidecar') {
      planStart(plan, record, 'Always', nowMs, limits);
      if (!mainHasRun && !(record.state === 'running' && started.has(record.name))) return false;
    } else if (!mainHasRun && !(record.state === 'ended' && record.ended?.exitCode === 0)) {
      planStart(plan, record, policy === 'Never' ? 'Never' : 'OnFailure', nowMs, limits);
      return false;
    }
  }
  return true;
}

function planStart(plan: PodPlan, record: ContainerRecord, policy: string, nowMs: number, limits: BackOffLimits): void {
  if (record.state === 'running' || isOver(record, policy)) return;
  const atMs = record.ended ? retryAtMs(record.backOff, record.ended.finishedMs, limits) : nowMs;
  if (atMs <= nowMs) plan.start.push(record.name);
  else plan.wakeAtMs = Math.min(plan.wakeAtMs ?? atMs, atMs);
}

/** The container has ended and its restart policy lets it rest. */
export function isOver(record: ContainerRecord, podPolicy: string): boolean {
  if (record.state !== 'ended') return false;
  if (record.kind === 'sidecar') return false;
  if (record.kind === 'init' && record.ended?.exitCode === 0) return true;
  if (podPolicy === 'Never') return true;
  if (record.kind === 'init') return false;
  return podPolicy === 'OnFailure' && record.ended?.exitCode === 0;
}
