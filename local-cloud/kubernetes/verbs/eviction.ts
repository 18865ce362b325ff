/** What a drain asks of a pod: eviction. */
import { ApiError } from '../api-error.ts';
import { isDryRun, readObject, type Answer, type Call } from '../wire/call.ts';
import type { DeleteOptions } from '../object-store.ts';
import { matchesSelector } from '../labels.ts';
import { timestamp } from '../store/metadata.ts';
import { plainAt } from '../../is-plain.ts';
import { requirePod } from './read.ts';
import type { Plain } from '../object.ts';
import type { Condition, Pod, PodDisruptionBudget } from '../objects.ts';
import type { ObjectStore, WriteOptions } from '../object-store.ts';
import { conditionsOf } from '../controllers/conditions.ts';

const success: Answer = {
  is: 'plain',
  code: 201,
  body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 },
};

function withCondition(call: Call, pod: Pod, condition: Condition): Pod {
  const next = structuredClone(pod);
  const others = conditionsOf(next).filter((each) => each.type !== condition.type);
  const time = timestamp(call.context.clock.nowMs());
  next.status = {
    ...next.status,
    conditions: [...others, { lastProbeTime: null, lastTransitionTime: time, ...condition }],
  };
  next.metadata.resourceVersion = '';
  return next;
}

/** Deletes a pod unless a PodDisruptionBudget forbids it now (429). */
export async function evictPod(call: Call): Promise<Answer> {
  const body = await readObject(call.http);
  const options = evictionOptions(call, plainAt(body, 'deleteOptions'));
  const isTrial = options.dryRun === true;
  const pod = requirePod(call);
  const { namespace, name, deletionTimestamp } = pod.metadata;
  const phase = pod.status?.phase;
  const isEnded = phase === 'Succeeded' || phase === 'Failed';
  if (!isEnded && phase !== 'Pending' && deletionTimestamp === undefined) spendBudget(call, pod, isTrial);
  if (!isTrial && !isEnded) call.store.updateStatus('pods', withCondition(call, pod, EVICTED));
  call.store.delete('pods', namespace, name, options);
  return success;
}

const EVICTED = {
  type: 'DisruptionTarget',
  status: 'True',
  reason: 'EvictionByEvictionAPI',
  message: 'Eviction API: evicting',
};

function evictionOptions(call: Call, given: Plain): DeleteOptions & WriteOptions {
  const { gracePeriodSeconds, dryRun } = given;
  const { uid } = plainAt(given, 'preconditions');
  return {
    dryRun: isDryRun(call.request.query) || (Array.isArray(dryRun) && dryRun.includes('All')),
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: Number(gracePeriodSeconds) }),
    ...(uid === undefined ? {} : { uid: String(uid) }),
  };
}

function spendBudget(call: Call, pod: Pod, isTrial: boolean): void {
  const budgets = budgetsOf(call.store, pod);
  if (budgets.length > 1) {
    throw new ApiError(
      500,
      'InternalError',
      'Internal error occurred: This pod has more than one PodDisruptionBudget, which the eviction ' +
        'subresource does not support.',
    );
  }
  const [budget] = budgets;
  if (!budget) return;
  const status = requireSpare(budget);
  if (isTrial) return;
  const disruptedPods = { ...status.disruptedPods, [pod.metadata.name]: timestamp(call.context.clock.nowMs()) };
  const disruptionsAllowed = (status.disruptionsAllowed ?? 0) - 1;
  call.store.updateStatus('poddisruptionbudgets', {
    ...budget,
    status: { ...status, disruptionsAllowed, disruptedPods },
  });
}

function budgetsOf(store: ObjectStore, pod: Pod): PodDisruptionBudget[] {
  const namespace = pod.metadata.namespace ?? 'default';
  const selects = (budget: PodDisruptionBudget): boolean =>
    budget.spec?.selector !== undefined && matchesSelector(budget.spec.selector, pod.metadata.labels);
  return store.list('poddisruptionbudgets', { namespace, where: selects });
}

/** The status of a budget that allows another eviction; throws 429 when it does not, or is not yet known to. */
function requireSpare({ metadata, status }: PodDisruptionBudget): NonNullable<PodDisruptionBudget['status']> {
  const refusal = (message: string, retryAfterSeconds?: number): Error => {
    const causes = [{ reason: 'DisruptionBudget', message, field: '' }];
    const details = { causes, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
    return new ApiError(
      429,
      'TooManyRequests',
      "Cannot evict pod as it would violate the pod's disruption budget.",
      details,
    );
  };
  if (!status || (status.observedGeneration ?? 0) < (metadata.generation ?? 0)) {
    throw refusal(`The disruption budget ${metadata.name} is still being processed by the server.`, 10);
  }
  if ((status.disruptionsAllowed ?? 0) <= 0) {
    throw refusal(
      `The disruption budget ${metadata.name} needs ${status.desiredHealthy ?? 0} healthy pods and has ` +
        `${status.currentHealthy ?? 0} currently`,
    );
  }
  return status;
}
