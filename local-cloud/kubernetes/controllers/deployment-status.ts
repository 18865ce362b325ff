/** The status of a Deployment: counts, and the conditions Available, Progressing and ReplicaFailure. */
import { isDeepStrictEqual } from 'node:util';
import { timestamp } from '../store/metadata.ts';
import type { Condition, Deployment } from '../objects.ts';
import { conditionsOf, findCondition, withCondition, withoutCondition } from './conditions.ts';
import type { ControllerContext } from './controller.ts';
import {
  allSets,
  maxUnavailable,
  sumStatus,
  sumWanted,
  wantedReplicas,
  type DeploymentState,
} from './deployment-state.ts';
import { toMs } from './time.ts';

const COMPLETE = 'NewReplicaSetAvailable';
const TIMED_OUT = 'ProgressDeadlineExceeded';
/** A deadline this long means none. */
const NO_DEADLINE = 2 ** 31 - 1;

type Counted = Omit<NonNullable<Deployment['status']>, 'conditions'>;

interface Status extends Counted {
  conditions: Condition[];
}

interface Progress {
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
  /** Leave a Progressing condition that is there already. */
  onlyIfMissing?: boolean;
}

function hasDeadline(deployment: Deployment): boolean {
  return (deployment.spec?.progressDeadlineSeconds ?? NO_DEADLINE) !== NO_DEADLINE;
}

/** Writes the Progressing condition at once; the answer is the Deployment as stored. */
export function setProgress({ store, clock }: ControllerContext, deployment: Deployment, progress: Progress) {
  if (!hasDeadline(deployment)) return deployment;
  const conditions = conditionsOf(deployment);
  if (progress.onlyIfMissing && findCondition(conditions, 'Progressing')) return deployment;
  const next = progressing(conditions, progress, clock.nowMs());
  if (next === conditions) return deployment;
  return store.updateStatus('deployments', {
    ...deployment,
    status: { ...deployment.status, conditions: next },
  });
}

function progressing(conditions: Condition[], progress: Progress, nowMs: number): Condition[] {
  return changed(conditions, condition('Progressing', progress.status, progress.reason, progress.message, nowMs));
}

function condition(
  type: string,
  status: Condition['status'],
  reason: string,
  message: string,
  nowMs: number,
): Condition {
  const time = timestamp(nowMs);
  return { type, status, lastUpdateTime: time, lastTransitionTime: time, reason, message };
}

/** A condition that has the same status and reason as before stays as it is, message included. */
function changed(conditions: Condition[], next: Condition): Condition[] {
  const current = findCondition(conditions, next.type);
  if (current && current.status === next.status && current.reason === next.reason) return conditions;
  return withCondition(conditions, next);
}

/** Status of a paused or just scaled Deployment: counts and availability, no judgement of progress. */
export function writeCounts(context: ControllerContext, state: DeploymentState): void {
  const status = counts(state, context.clock.nowMs());
  write(context, state.deployment, status);
}

/** The full status; the answer is the time until the rollout's deadline, while one is running. */
export function writeRolloutStatus(context: ControllerContext, state: DeploymentState): number | undefined {
  const nowMs = context.clock.nowMs();
  const { deployment } = state;
  const status = counts(state, nowMs);
  let conditions: Condition[] = status.conditions;
  if (hasDeadline(deployment)) conditions = judgeProgress(state, status, conditions, nowMs);
  else conditions = withoutCondition(conditions, 'Progressing');
  const failure = [state.newSet, ...state.oldSets].find(
    (set) => set && findCondition(conditionsOf(set), 'ReplicaFailure'),
  );
  const failed = failure && findCondition(conditionsOf(failure), 'ReplicaFailure');
  conditions = failed
    ? changed(conditions, {
        ...condition('ReplicaFailure', failed.status, failed.reason ?? '', failed.message ?? '', nowMs),
        lastTransitionTime: failed.lastTransitionTime ?? timestamp(nowMs),
      })
    : withoutCondition(conditions, 'ReplicaFailure');
  const written = write(context, deployment, { ...status, conditions });
  return untilDeadline(written, nowMs);
}

function counts({ deployment, newSet, oldSets }: DeploymentState, nowMs: number): Status {
  const sets = allSets({ deployment, newSet, oldSets });
  const available = sumStatus(sets, 'availableReplicas');
  const ready = sumStatus(sets, 'readyReplicas');
  const replicas = sumStatus(sets, 'replicas');
  const updated = newSet ? sumStatus([newSet], 'replicas') : 0;
  const unavailable = Math.max(0, sumWanted(sets) - available);
  const enough = available >= wantedReplicas(deployment) - maxUnavailable(deployment);
  const collisionCount = deployment.status?.collisionCount;
  return {
    observedGeneration: deployment.metadata.generation,
    ...(replicas > 0 ? { replicas } : {}),
    ...(updated > 0 ? { updatedReplicas: updated } : {}),
    ...(ready > 0 ? { readyReplicas: ready } : {}),
    ...(available > 0 ? { availableReplicas: available } : {}),
    ...(unavailable > 0 ? { unavailableReplicas: unavailable } : {}),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: changed(
      conditionsOf(deployment),
      enough
        ? condition('Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.', nowMs)
        : condition(
            'Available',
            'False',
            'MinimumReplicasUnavailable',
            'Deployment does not have minimum availability.',
            nowMs,
          ),
    ),
  };
}

function judgeProgress(
  { deployment, newSet }: DeploymentState,
  status: Status,
  conditions: Condition[],
  nowMs: number,
): Condition[] {
  const current = findCondition(conditionsOf(deployment), 'Progressing');
  const replicas = status.replicas ?? 0;
  if (replicas === (status.updatedReplicas ?? 0) && current?.reason === COMPLETE) return conditions;
  const subject = newSet ? `ReplicaSet "${newSet.metadata.name}"` : `Deployment "${deployment.metadata.name}"`;
  if (isComplete(deployment, status)) {
    const message = `${subject} has successfully progressed.`;
    return progressing(conditions, { status: 'True', reason: COMPLETE, message }, nowMs);
  }
  if (hasProgressed(deployment.status ?? {}, status)) {
    const next = condition('Progressing', 'True', 'ReplicaSetUpdated', `${subject} is progressing.`, nowMs);
    return withCondition(withCurrentTime(conditions, current), next);
  }
  if (!hasTimedOut(deployment, nowMs)) return conditions;
  const message = `${subject} has timed out progressing.`;
  return progressing(conditions, { status: 'False', reason: TIMED_OUT, message }, nowMs);
}

/** Progress after a standstill is a transition; progress after progress is only an update. */
function withCurrentTime(conditions: Condition[], current: Condition | undefined): Condition[] {
  return current?.status === 'True' ? conditions : withoutCondition(conditions, 'Progressing');
}

/** Whether every wanted pod is new and available, and nothing else is left. */
export function isComplete(deployment: Deployment, status: Counted = deployment.status ?? {}): boolean {
  const wanted = wantedReplicas(deployment);
  return (
    (status.updatedReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

function hasProgressed(before: Counted, after: Counted): boolean {
  const value = (status: Counted, field: keyof Counted): number => status[field] ?? 0;
  const old = (status: Counted): number => value(status, 'replicas') - value(status, 'updatedReplicas');
  return (
    old(after) < old(before) ||
    (['updatedReplicas', 'readyReplicas', 'availableReplicas'] as const).some(
      (field) => value(after, field) > value(before, field),
    )
  );
}

function hasTimedOut(deployment: Deployment, nowMs: number): boolean {
  const current = findCondition(conditionsOf(deployment), 'Progressing');
  if (!current || current.reason === COMPLETE) return false;
  if (current.reason === TIMED_OUT) return true;
  return deadlineMs(deployment, current) <= nowMs;
}

function deadlineMs(deployment: Deployment, current: Condition): number {
  return (toMs(current.lastUpdateTime) ?? 0) + Number(deployment.spec?.progressDeadlineSeconds) * 1000;
}

function untilDeadline(deployment: Deployment, nowMs: number): number | undefined {
  const current = findCondition(conditionsOf(deployment), 'Progressing');
  if (!hasDeadline(deployment) || !current || current.status !== 'True' || current.reason === COMPLETE)
    return undefined;
  return Math.max(1000, deadlineMs(deployment, current) - nowMs);
}

function write({ store }: ControllerContext, deployment: Deployment, status: Status): Deployment {
  if (isDeepStrictEqual(status, deployment.status)) return deployment;
  return store.updateStatus('deployments', { ...deployment, status });
}
