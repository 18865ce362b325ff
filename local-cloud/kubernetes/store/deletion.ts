/** What a DELETE does to an object before it is gone: grace periods, finalizers and propagation policies. Pure. */
import { timestamp } from './metadata.ts';
import type { Kind } from '../kinds/kind.ts';
import { isOf } from '../is-of.ts';
import type { KubeObject } from '../object.ts';
import type { Namespace, Pod } from '../objects.ts';
import type { DeleteOptions } from '../object-store.ts';

const FOREGROUND = 'foregroundDeletion';
const ORPHAN = 'orphan';

/** The object marked for deletion, or undefined when nothing holds it and it goes at once. */
export function markForDeletion(
  type: Kind,
  stored: KubeObject,
  options: DeleteOptions,
  nowMs: number,
): KubeObject | undefined {
  const located = { resource: type.resource, object: structuredClone(stored) };
  const { object: next } = located;
  next.metadata.finalizers = finalizersAfter(stored.metadata.finalizers ?? [], options);
  if (next.metadata.finalizers.length === 0) delete next.metadata.finalizers;
  if (isOf(located, 'namespaces')) return markNamespace(located.object, nowMs);
  const graceSeconds = isOf(located, 'pods') ? podGraceSeconds(located.object, options) : 0;
  if (graceSeconds === 0 && !next.metadata.finalizers) return undefined;
  return withDeadline(next, graceSeconds, nowMs);
}

function finalizersAfter(finalizers: string[], options: DeleteOptions): string[] {
  if (options.propagationPolicy === undefined) return finalizers;
  const others = finalizers.filter((each) => each !== FOREGROUND && each !== ORPHAN);
  if (options.propagationPolicy === 'Foreground') return [...others, FOREGROUND];
  return options.propagationPolicy === 'Orphan' ? [...others, ORPHAN] : others;
}

/** Pods that no kubelet knows, and those that have ended, need no notice. */
function podGraceSeconds(pod: Pod, options: DeleteOptions): number {
  const phase = pod.status?.phase;
  if (!pod.spec?.nodeName || phase === 'Succeeded' || phase === 'Failed') return 0;
  const asked = options.gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30;
  return asked < 0 ? 1 : asked;
}

/** A second deletion may only shorten the time that is left. */
function withDeadline(next: KubeObject, graceSeconds: number, nowMs: number): KubeObject {
  const { metadata } = next;
  const earlier = metadata.deletionGracePeriodSeconds;
  if (metadata.deletionTimestamp !== undefined && earlier !== undefined && earlier <= graceSeconds) return next;
  metadata.deletionTimestamp = timestamp(nowMs + graceSeconds * 1000);
  metadata.deletionGracePeriodSeconds = graceSeconds;
  if (metadata.generation !== undefined) metadata.generation += 1;
  return next;
}

function markNamespace(next: Namespace, nowMs: number): Namespace | undefined {
  if ((next.spec?.finalizers ?? []).length === 0 && !next.metadata.finalizers) return undefined;
  next.metadata.deletionTimestamp ??= timestamp(nowMs);
  next.status = { ...next.status, phase: 'Terminating' };
  return next;
}
