/** What a drain asks of a pod: eviction. */
import { ApiError } from '../api-error.ts';
import { isDryRun, readObject, type Answer, type Call } from '../wire/call.ts';
import type { DeleteOptions } from '../object.ts';
import { matchesSelector } from '../labels.ts';
import { timestamp } from '../store/metadata.ts';
import { plainAt } from '../../is-plain.ts';
import { requireObject } from './read.ts';
import type { KubeObject, ObjectStore, Plain, WriteOptions } from '../object.ts';
import { conditionsOf } from '../controllers/conditions.ts';

const success: Answer = {
  is: 'plain',
  code: 201,
  body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 },
};

function withCondition(call: Call, pod: KubeObject, condition: Record<string, unknown>): KubeObject {
  const next = structuredClone(pod);
  const others = conditionsOf(next).filter((each) => each.type !== condition['type']);
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
  const pod = requireObject(call);
  const { namespace, name, deletionTimestamp } = pod.metadata;
  const phase: string | undefined = pod.status?.phase;
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

function spendBudget(call: Call, pod: KubeObject, isTrial: boolean): void {
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
  refuseIfExhausted(budget);
  if (isTrial) return;
  const next = structuredClone(budget);
  next.status.disruptionsAllowed -= 1;
  next.status.disruptedPods = {
    ...next.status.disruptedPods,
    [pod.metadata.name]: timestamp(call.context.clock.nowMs()),
  };
  call.store.updateStatus('poddisruptionbudgets', next);
}

function budgetsOf(store: ObjectStore, pod: KubeObject): KubeObject[] {
  const namespace = pod.metadata.namespace ?? 'default';
  const selects = (budget: KubeObject): boolean =>
    budget.spec?.selector !== undefined && matchesSelector(budget.spec.selector, pod.metadata.labels);
  return store.list('poddisruptionbudgets', { namespace, where: selects });
}

function refuseIfExhausted({ metadata, status }: KubeObject): void {
  const refuse = (message: string, retryAfterSeconds?: number): never => {
    const causes = [{ reason: 'DisruptionBudget', message, field: '' }];
    const details = { causes, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
    throw new ApiError(
      429,
      'TooManyRequests',
      "Cannot evict pod as it would violate the pod's disruption budget.",
      details,
    );
  };
  if (!status || (status.observedGeneration ?? 0) < (metadata.generation ?? 0)) {
    refuse(`The disruption budget ${metadata.name} is still being processed by the server.`, 10);
  }
  if ((status.disruptionsAllowed ?? 0) <= 0) {
    refuse(
      `The disruption budget ${metadata.name} needs ${status.desiredHealthy ?? 0} healthy pods and has ` +
        `${status.currentHealthy ?? 0} currently`,
    );
  }
}
