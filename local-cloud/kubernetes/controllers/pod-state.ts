/** What controllers ask about a pod: is it active, ready, available; and its resource requests. */
import { conditionsOf, findCondition } from './conditions.ts';
import { parseQuantity } from '../../quantity.ts';
import type { ContainerStatus, Pod } from '../objects.ts';
import { toMs } from './time.ts';

/** Pending, Running, Succeeded, Failed or Unknown. */
export function phaseOf(pod: Pod): string {
  return pod.status?.phase ?? 'Pending';
}

/** Succeeded or Failed: its containers will not run again. */
export function isFinished(pod: Pod): boolean {
  const phase = phaseOf(pod);
  return phase === 'Succeeded' || phase === 'Failed';
}

/** Neither finished nor being deleted. */
export function isActive(pod: Pod): boolean {
  return !isFinished(pod) && pod.metadata.deletionTimestamp === undefined;
}

export function isReady(pod: Pod): boolean {
  return findCondition(conditionsOf(pod), 'Ready')?.status === 'True';
}

/** When the pod became ready; undefined while it is not. */
export function readySinceMs(pod: Pod): number | undefined {
  const condition = findCondition(conditionsOf(pod), 'Ready');
  return condition?.status === 'True' ? toMs(condition.lastTransitionTime) : undefined;
}

/** Ready, and for at least `minReadySeconds`. */
export function isAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  if (!isReady(pod)) return false;
  if (minReadySeconds === 0) return true;
  const since = readySinceMs(pod);
  return since !== undefined && since + minReadySeconds * 1000 <= nowMs;
}

/** The most restarts of any container of the pod. */
export function maxRestarts(pod: Pod): number {
  let most = 0;
  for (const status of containerStatuses(pod)) most = Math.max(most, status.restartCount ?? 0);
  return most;
}

/** Statuses of init and normal containers. */
export function containerStatuses(pod: Pod): ContainerStatus[] {
  return [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
}

export type Resources = Record<string, number>;

/**
 * What the pod takes from a node's allocatable resources. It is the sum over its containers and restartable init
 * containers, or the largest ordinary init container where that is more, plus the pod overhead.
 */
export function resourceRequests(pod: Pod): Resources {
  const total: Resources = {};
  for (const container of pod.spec?.containers ?? []) addInto(total, container.resources?.requests);
  for (const container of pod.spec?.initContainers ?? []) {
    if (container.restartPolicy === 'Always') addInto(total, container.resources?.requests);
    else raiseTo(total, container.resources?.requests);
  }
  addInto(total, pod.spec?.overhead);
  return total;
}

function addInto(total: Resources, more: Record<string, unknown> | undefined): void {
  for (const name in more) total[name] = (total[name] ?? 0) + (parseQuantity(more[name]) ?? 0);
}

function raiseTo(total: Resources, other: Record<string, unknown> | undefined): void {
  for (const name in other) total[name] = Math.max(total[name] ?? 0, parseQuantity(other[name]) ?? 0);
}
