/**
 * What a Job's pods say: how many are active, which have ended and are not yet counted, and what its podFailurePolicy
 * makes of failures. Pure. Every pod of a Job carries a finalizer until its end is counted, so that none is lost or
 * counted twice when pods or machines vanish.
 */
import type { Job, JobSpec, Pod } from '../objects.ts';
import { conditionsOf } from './conditions.ts';
import { containerStatuses, isActive, isFinished, isReady, phaseOf } from './pod-state.ts';
import { toMs } from './time.ts';

export const TRACKING = 'batch.kubernetes.io/job-tracking';

export interface JobPods {
  active: Pod[];
  ready: number;
  /** Being deleted, and still running. */
  terminating: number;
  /** Ended and still carrying the finalizer: to be counted. */
  newlySucceeded: Pod[];
  newlyFailed: Pod[];
  /** Ended, but the policy says that it does not count. */
  ignored: Pod[];
  /** Set when the policy says that the whole Job has failed. */
  failJobMessage: string | undefined;
}

/** Sorts the pods of a Job; `counted` are uids that the status already holds. */
export function sortPods(job: Job, pods: readonly Pod[], counted: ReadonlySet<string>): JobPods {
  const active = pods.filter(isActive);
  const sorted: JobPods = {
    active,
    ready: active.filter(isReady).length,
    terminating: pods.filter((pod) => !isFinished(pod) && pod.metadata.deletionTimestamp !== undefined).length,
    newlySucceeded: [],
    newlyFailed: [],
    ignored: [],
    failJobMessage: undefined,
  };
  for (const pod of pods) if (isTracked(pod) && !counted.has(pod.metadata.uid)) sortEnded(job, pod, sorted);
  return sorted;
}

function sortEnded(job: Job, pod: Pod, sorted: JobPods): void {
  if (phaseOf(pod) === 'Succeeded') {
    sorted.newlySucceeded.push(pod);
    return;
  }
  if (!hasFailed(job, pod)) return;
  const verdict = job.spec?.podFailurePolicy ? judge(job.spec.podFailurePolicy.rules ?? [], pod) : undefined;
  if (verdict?.action === 'FailJob') sorted.failJobMessage ??= verdict.message;
  if (verdict?.action === 'Ignore') sorted.ignored.push(pod);
  else sorted.newlyFailed.push(pod);
}

export function isTracked(pod: Pod): boolean {
  return pod.metadata.finalizers?.includes(TRACKING) === true;
}

/** Whether a pod is replaced only once it has ended, not as soon as it is being deleted. */
export function replacesOnlyEnded(job: Job): boolean {
  return job.spec?.podReplacementPolicy === 'Failed' || job.spec?.podFailurePolicy !== undefined;
}

function hasFailed(job: Job, pod: Pod): boolean {
  if (phaseOf(pod) === 'Failed') return true;
  if (pod.metadata.deletionTimestamp === undefined) return false;
  // Grace 0 means that its kubelet, or whoever stands in for one, has given it up: no better end will be reported.
  return !replacesOnlyEnded(job) || pod.metadata.deletionGracePeriodSeconds === 0;
}

type Rule = NonNullable<NonNullable<JobSpec['podFailurePolicy']>['rules']>[number];

interface Verdict {
  action: string;
  message: string;
}

/** The first rule of a podFailurePolicy that fits decides. */
function judge(rules: Rule[], pod: Pod): Verdict | undefined {
  for (const [index, rule] of rules.entries()) {
    const message = exitCodeMatch(rule, index, pod) ?? conditionMatch(rule, index, pod);
    if (message !== undefined) return { action: rule.action ?? '', message };
  }
  return undefined;
}

function exitCodeMatch(rule: Rule, index: number, pod: Pod): string | undefined {
  const wanted = rule.onExitCodes;
  if (!wanted) return undefined;
  for (const { name, state } of containerStatuses(pod)) {
    const code = state?.terminated?.exitCode;
    if (code === undefined || code === 0) continue;
    if (wanted.containerName && wanted.containerName !== name) continue;
    if (wanted.values?.includes(code) !== (wanted.operator === 'In')) continue;
    const where = `Container ${name} for pod ${pod.metadata.namespace}/${pod.metadata.name}`;
    return `${where} failed with exit code ${code} matching ${rule.action} rule at index ${index}`;
  }
  return undefined;
}

function conditionMatch(rule: Rule, index: number, pod: Pod): string | undefined {
  for (const { type, status } of rule.onPodConditions ?? []) {
    const found = conditionsOf(pod).some((each) => each.type === type && each.status === (status ?? 'True'));
    if (!found) continue;
    const where = `Pod ${pod.metadata.namespace}/${pod.metadata.name}`;
    return `${where} has condition ${type} matching ${rule.action} rule at index ${index}`;
  }
  return undefined;
}

/** When the last container of a pod ended, or when it was told to. */
export function endedMs(pod: Pod, nowMs: number): number {
  let latest: number | undefined;
  for (const { state } of containerStatuses(pod)) {
    const finished = toMs(state?.terminated?.finishedAt);
    if (finished !== undefined) latest = Math.max(latest ?? 0, finished);
  }
  return Math.min(latest ?? toMs(pod.metadata.deletionTimestamp) ?? nowMs, nowMs);
}

/**
 * Restarts of the containers of running pods, which count against the limit where
 * pods restart their containers themselves.
 */
export function restartsInPlace(pods: readonly Pod[]): number {
  let restarts = 0;
  for (const pod of pods) {
    for (const status of containerStatuses(pod)) restarts += status.restartCount ?? 0;
  }
  return restarts;
}
