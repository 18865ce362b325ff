/** The status of a Job: its counters, and how it goes from running to Complete or Failed. Pure. */
import { timestamp } from '../store/metadata.ts';
import type { Condition, Job } from '../objects.ts';
import { conditionsOf, findCondition, isTrue, withCondition } from './conditions.ts';
import { restartsInPlace, type JobPods } from './job-pods.ts';
import { toMs } from './time.ts';

const BACKOFF_LIMIT_DEFAULT = 6;

/** Where a Job is bound, once that is decided: it ends when its last pod is gone. */
export interface Verdict {
  type: 'SuccessCriteriaMet' | 'FailureTarget';
  reason: string;
  message: string;
}

export type JobStatus = NonNullable<Job['status']>;

export interface Counters {
  succeeded: number;
  failed: number;
  /** Uids of ended pods that are noted, but not yet in the two numbers. */
  uncountedSucceeded: string[];
  uncountedFailed: string[];
}

export function countersOf(job: Job): Counters {
  const uncounted = job.status?.uncountedTerminatedPods ?? {};
  return {
    succeeded: job.status?.succeeded ?? 0,
    failed: job.status?.failed ?? 0,
    uncountedSucceeded: uncounted.succeeded ?? [],
    uncountedFailed: uncounted.failed ?? [],
  };
}

/** Moves uids whose pods have lost their finalizer (or are gone) into the numbers. */
export function settle(counters: Counters, stillTracked: ReadonlySet<string>): Counters {
  const [succeeded, uncountedSucceeded] = split(counters.uncountedSucceeded, stillTracked);
  const [failed, uncountedFailed] = split(counters.uncountedFailed, stillTracked);
  return {
    succeeded: counters.succeeded + succeeded,
    failed: counters.failed + failed,
    uncountedSucceeded,
    uncountedFailed,
  };
}

function split(uids: string[], tracked: ReadonlySet<string>): [number, string[]] {
  const left = uids.filter((uid) => tracked.has(uid));
  return [uids.length - left.length, left];
}

export function isJobFinished(job: Job): boolean {
  return isTrue(job, 'Complete') || isTrue(job, 'Failed');
}

/** Whether, and how, the Job is to end. `succeeded` and `failed` include what is not yet in the status. */
export function judgeJob(
  job: Job,
  pods: JobPods,
  totals: { succeeded: number; failed: number },
  nowMs: number,
): Verdict | undefined {
  const decided = (['FailureTarget', 'SuccessCriteriaMet'] as const).find((type) => isTrue(job, type));
  if (decided) {
    const { reason = '', message = '' } = findCondition(conditionsOf(job), decided) ?? {};
    return { type: decided, reason, message };
  }
  if (pods.failJobMessage !== undefined) return failure('PodFailurePolicy', pods.failJobMessage);
  if (isPastBackoffLimit(job, pods, totals.failed)) {
    return failure('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  }
  if ((untilDeadlineMs(job, nowMs) ?? 1) <= 0) {
    return failure('DeadlineExceeded', 'Job was active longer than specified deadline');
  }
  return isSuccessful(job, pods, totals.succeeded)
    ? {
        type: 'SuccessCriteriaMet',
        reason: 'CompletionsReached',
        message: 'Reached expected number of succeeded pods',
      }
    : undefined;
}

function failure(reason: string, message: string): Verdict {
  return { type: 'FailureTarget', reason, message };
}

function isPastBackoffLimit(job: Job, pods: JobPods, failed: number): boolean {
  const limit = job.spec?.backoffLimit ?? BACKOFF_LIMIT_DEFAULT;
  if (failed > limit) return true;
  if (job.spec?.template?.spec?.restartPolicy !== 'OnFailure') return false;
  const restarts = restartsInPlace(pods.active);
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

function isSuccessful(job: Job, pods: JobPods, succeeded: number): boolean {
  const completions = job.spec?.completions;
  if (completions !== undefined) return succeeded >= completions;
  return succeeded > 0 && pods.active.length === 0;
}

/** Time left of activeDeadlineSeconds; undefined without one, or while the Job is not running. */
export function untilDeadlineMs(job: Job, nowMs: number): number | undefined {
  const started = toMs(job.status?.startTime);
  const deadlineSeconds = job.spec?.activeDeadlineSeconds;
  if (deadlineSeconds === undefined || started === undefined || isSuspended(job)) return undefined;
  return started + deadlineSeconds * 1000 - nowMs;
}

export function isSuspended(job: Job): boolean {
  return job.spec?.suspend === true;
}

/** The next status, apart from conditions. */
export function jobStatus(job: Job, pods: JobPods, counters: Counters, nowMs: number): JobStatus {
  const startTime = startTimeOf(job, nowMs);
  return {
    ...(job.status?.conditions ? { conditions: job.status.conditions } : {}),
    ...(startTime === undefined ? {} : { startTime }),
    ...(job.status?.completionTime === undefined ? {} : { completionTime: job.status.completionTime }),
    ...(pods.active.length > 0 ? { active: pods.active.length } : {}),
    ...(counters.succeeded > 0 ? { succeeded: counters.succeeded } : {}),
    ...(counters.failed > 0 ? { failed: counters.failed } : {}),
    terminating: pods.terminating,
    ready: pods.ready,
    uncountedTerminatedPods: {
      ...(counters.uncountedSucceeded.length > 0 ? { succeeded: counters.uncountedSucceeded } : {}),
      ...(counters.uncountedFailed.length > 0 ? { failed: counters.uncountedFailed } : {}),
    },
  };
}

/** Counts from the last resume; a suspended Job keeps the time of its last start until then. */
function startTimeOf(job: Job, nowMs: number): string | undefined {
  const started = job.status?.startTime;
  if (isSuspended(job)) return started;
  return isTrue(job, 'Suspended') ? timestamp(nowMs) : (started ?? timestamp(nowMs));
}

/** The conditions with one of them set; unchanged when it already says so. */
export function withJobCondition(
  conditions: readonly Condition[],
  type: string,
  status: Condition['status'],
  reason: string,
  message: string,
  nowMs: number,
): Condition[] {
  const current = findCondition(conditions, type);
  const isSame = current?.status === status && current?.reason === reason && current?.message === message;
  if (isSame) return [...conditions];
  const time = timestamp(nowMs);
  return withCondition(conditions, { type, status, lastProbeTime: time, lastTransitionTime: time, reason, message });
}
