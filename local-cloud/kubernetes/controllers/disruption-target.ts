/** The DisruptionTarget condition: says on a pod that it is ended from outside, by whom, before it is deleted. */
import { timestamp } from '../store/metadata.ts';
import type { Pod } from '../objects.ts';
import { conditionsOf, findCondition, withCondition } from './conditions.ts';
import type { ControllerContext } from './controller.ts';
import { isFinished } from './pod-state.ts';

/**
 * Marks the pod; with `fail` it also ends as Failed, because nobody is left to report
 * its end. A finished pod is left as it is.
 */
export function markDisrupted(
  { store, clock }: ControllerContext,
  pod: Pod,
  reason: string,
  message: string,
  fail = false,
): void {
  if (isFinished(pod)) return;
  const conditions = conditionsOf(pod);
  const known = findCondition(conditions, 'DisruptionTarget')?.status === 'True';
  if (known && !fail) return;
  const next = withCondition(conditions, {
    type: 'DisruptionTarget',
    status: 'True',
    reason,
    message,
    lastProbeTime: null,
    lastTransitionTime: timestamp(clock.nowMs()),
  });
  const status = { ...pod.status, conditions: known ? conditions : next, ...(fail ? { phase: 'Failed' } : {}) };
  store.updateStatus('pods', { ...pod, status });
}
