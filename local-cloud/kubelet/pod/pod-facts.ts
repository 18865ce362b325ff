/** Questions about a pod's object that its worker asks; pure. */
import type { Pod } from '../types.ts';

const DEFAULT_GRACE_SECONDS = 30;

/** Whether the API server was told that the pod is over. */
export function hasEnded(pod: Pod): boolean {
  const phase = pod.status?.phase;
  return phase === 'Succeeded' || phase === 'Failed';
}

/**
 * How long the pod's processes may take to stop: what its deletion says, else its own setting,
 * bounded by the machine's shutdown (0: none).
 */
export function graceSeconds(pod: Pod, shutdownGraceSeconds: number): number {
  const { metadata, spec } = pod;
  const given = metadata?.deletionTimestamp ? metadata.deletionGracePeriodSeconds : undefined;
  const grace = given ?? spec?.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
  return shutdownGraceSeconds > 0 ? Math.min(grace, shutdownGraceSeconds) : grace;
}

/** Whether the first object is an earlier version than the second, where versions can be compared. */
export function isOlder(first: Pod, second: Pod): boolean {
  const a = first.metadata?.resourceVersion ?? '';
  const b = second.metadata?.resourceVersion ?? '';
  if (!/^\d+$/.test(a) || !/^\d+$/.test(b)) return false;
  return BigInt(a) < BigInt(b);
}

/** The part of the pod's object that an event about one of its containers points to. */
export function fieldPath(container: string, isInit: boolean): string {
  return `spec.${isInit ? 'initContainers' : 'containers'}{${container}}`;
}
