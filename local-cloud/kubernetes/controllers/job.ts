/**
 * Jobs: runs pods until enough of them have succeeded, or too many have failed. Not done:
 * Indexed completion and success policies.
 */
import { isDeepStrictEqual } from 'node:util';
import { timestamp } from '../store/metadata.ts';
import type { Condition, Job, Pod } from '../objects.ts';
import { claim, concernedOwners } from './claim.ts';
import { conditionsOf, isTrue } from './conditions.ts';
import { byKey, keyOf, keysOfAll, type Controller, type ControllerContext } from './controller.ts';
import type { EventRecorder } from './event-recorder.ts';
import { JobBackOff } from './job-back-off.ts';
import { isTracked, replacesOnlyEnded, sortPods, TRACKING, type JobPods } from './job-pods.ts';
import {
  countersOf,
  isJobFinished,
  isSuspended,
  jobStatus,
  judgeJob,
  settle,
  untilDeadlineMs,
  withJobCondition,
  type Counters,
  type Verdict,
} from './job-status.ts';
import { controllerOf, withoutFinalizer } from './owners.ts';
import { BURST_REPLICAS, createPod, deletePod, isNamespaceLeaving, podFromTemplate } from './pod-control.ts';
import { inVictimOrder } from './victim-order.ts';

export function jobController(context: ControllerContext): Controller {
  const jobs = new Jobs(context);
  return {
    name: 'job',
    *keysFor(event) {
      if (event.resource === 'jobs') yield keyOf(event.object);
      if (event.resource === 'pods') yield* concernedOwners(context, event, { kind: 'Job', resource: 'jobs' });
    },
    *allKeys() {
      yield* keysOfAll(context.index, 'jobs');
      // Pods whose Job was deleted while nobody watched still wait for their finalizer to go.
      for (const pod of context.index.all('pods')) {
        const owner = isTracked(pod) ? controllerOf(pod) : undefined;
        if (owner && !context.index.find(owner.uid)) yield `${pod.metadata.namespace ?? ''}/${owner.name}`;
      }
    },
    sync: (key) => jobs.sync(key),
  };
}

class Jobs {
  readonly #context: ControllerContext;
  readonly #recorder: EventRecorder;
  readonly #backOff = new JobBackOff();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#recorder = context.recorder('job-controller');
  }

  sync(key: string): number | undefined {
    const job = byKey(this.#context.store, 'jobs', key);
    this.#releaseOrphans(key, job);
    if (!job || (job.spec?.managedBy !== undefined && job.spec.managedBy !== 'kubernetes.io/job-controller'))
      return undefined;
    const pods = job.spec?.selector
      ? claim(this.#context, 'pods', job, job.spec.selector)
      : this.#context.index.controlledBy('pods', job.metadata.uid);
    if (isJobFinished(job) || job.metadata.deletionTimestamp !== undefined) {
      this.#backOff.forget(job);
      for (const pod of pods) this.#untrack(pod);
      return undefined;
    }
    return this.#syncRunning(job, pods);
  }

  #syncRunning(job: Job, owned: Pod[]): number | undefined {
    const now = this.#context.clock.nowMs();
    const tracked = new Set(owned.filter(isTracked).map((pod) => pod.metadata.uid));
    const counters = settle(countersOf(job), tracked);
    const counted = new Set([...counters.uncountedSucceeded, ...counters.uncountedFailed]);
    const pods = sortPods(job, owned, counted);
    this.#backOff.note(job, pods, now);
    const next = withNewEnds(counters, pods);
    const totals = {
      succeeded: next.succeeded + next.uncountedSucceeded.length,
      failed: next.failed + next.uncountedFailed.length,
    };
    const verdict = judgeJob(job, pods, totals, now);
    const current = this.#writeStatus(job, pods, next, verdict);
    this.#untrackCounted(owned, next, pods.ignored);
    if (verdict) {
      for (const pod of pods.active) deletePod(this.#context, this.#recorder, job, pod);
      return undefined;
    }
    return earliest(this.#scale(current, pods, totals.succeeded), untilDeadlineMs(current, now));
  }

  /** Makes or deletes pods until the right number is active; answers how long to wait for more. */
  #scale(job: Job, pods: JobPods, succeeded: number): number | undefined {
    const active = pods.active.length;
    const wanted = isSuspended(job) ? 0 : wantedActive(job, active, succeeded);
    if (active > wanted) return this.#removeSurplus(job, pods.active, active - wanted);
    const leaving = replacesOnlyEnded(job) ? pods.terminating : 0;
    const missing = Math.min(wanted - active - leaving, BURST_REPLICAS);
    if (missing <= 0) return undefined;
    const wait = this.#backOff.remainingMs(job, this.#context.clock.nowMs());
    if (wait > 0) return wait;
    try {
      for (let made = 0; made < missing; made += 1) {
        createPod(this.#context, this.#recorder, job, podFromTemplate(job, job.spec?.template ?? {}, [TRACKING]));
      }
    } catch (error) {
      if (!isNamespaceLeaving(error)) throw error;
    }
    return undefined;
  }

  /** Pods that are merely too many are let go first, so that their end does not count as a failure. */
  #removeSurplus(job: Job, active: Pod[], surplus: number): undefined {
    const victims = inVictimOrder(active, active, this.#context.clock.nowMs()).slice(0, surplus);
    for (const pod of victims) {
      this.#untrack(pod);
      deletePod(this.#context, this.#recorder, job, pod);
    }
  }

  #writeStatus(job: Job, pods: JobPods, counters: Counters, verdict: Verdict | undefined): Job {
    const { store, clock } = this.#context;
    const now = clock.nowMs();
    const status = jobStatus(job, pods, counters, now);
    const conditions = this.#conditions(job, pods, counters, verdict);
    if (conditions.length > 0) status.conditions = conditions;
    if (conditions.some(({ type, status: value }) => type === 'Complete' && value === 'True')) {
      status.completionTime = timestamp(now);
    }
    if (isDeepStrictEqual(status, job.status)) return job;
    const written = store.updateStatus('jobs', { ...job, status });
    this.#announce(job, written);
    return written;
  }

  #conditions(job: Job, pods: JobPods, counters: Counters, verdict: Verdict | undefined): Condition[] {
    const now = this.#context.clock.nowMs();
    let conditions = conditionsOf(job);
    if (verdict) {
      const { type, reason, message } = verdict;
      conditions = withJobCondition(conditions, type, 'True', reason, message, now);
      const uncounted = counters.uncountedSucceeded.length + counters.uncountedFailed.length;
      if (pods.active.length + pods.terminating + uncounted > 0) return conditions;
      const end = type === 'FailureTarget' ? 'Failed' : 'Complete';
      return withJobCondition(conditions, end, 'True', reason, message, now);
    }
    if (isSuspended(job))
      return withJobCondition(conditions, 'Suspended', 'True', 'JobSuspended', 'Job suspended', now);
    if (!isTrue(job, 'Suspended')) return conditions;
    return withJobCondition(conditions, 'Suspended', 'False', 'JobResumed', 'Job resumed', now);
  }

  /** The Events that go with a change of conditions. */
  #announce(before: Job, after: Job): void {
    const became = (type: string): boolean => isTrue(after, type) && !isTrue(before, type);
    if (became('Complete')) this.#recorder.record(after, 'Normal', 'Completed', 'Job completed');
    if (became('Suspended')) this.#recorder.record(after, 'Normal', 'Suspended', 'Job suspended');
    if (isTrue(before, 'Suspended') && !isTrue(after, 'Suspended')) {
      this.#recorder.record(after, 'Normal', 'Resumed', 'Job resumed');
    }
    const failed = became('Failed') && conditionsOf(after).find(({ type }) => type === 'Failed');
    if (failed) this.#recorder.record(after, 'Warning', failed.reason ?? 'Failed', failed.message ?? '');
  }

  #untrackCounted(owned: Pod[], counters: Counters, ignored: Pod[]): void {
    const uids = new Set([...counters.uncountedSucceeded, ...counters.uncountedFailed]);
    for (const pod of ignored) uids.add(pod.metadata.uid);
    for (const pod of owned) if (uids.has(pod.metadata.uid)) this.#untrack(pod);
  }

  /** Pods that name this key's Job as their owner, but an earlier one of the same name. */
  #releaseOrphans(key: string, job: Job | undefined): void {
    const slash = key.indexOf('/');
    for (const pod of [...this.#context.index.inNamespace('pods', key.slice(0, slash))]) {
      if (!isTracked(pod)) continue;
      const owner = controllerOf(pod);
      if (owner?.kind !== 'Job' || owner.name !== key.slice(slash + 1) || owner.uid === job?.metadata.uid) continue;
      this.#untrack(pod);
    }
  }

  #untrack(pod: Pod): void {
    const { store } = this.#context;
    const current = store.get('pods', pod.metadata.namespace, pod.metadata.name);
    if (!current || current.metadata.uid !== pod.metadata.uid || !isTracked(current)) return;
    store.update('pods', withoutFinalizer(current, TRACKING));
  }
}

function withNewEnds(counters: Counters, { newlySucceeded, newlyFailed }: JobPods): Counters {
  return {
    ...counters,
    uncountedSucceeded: [...counters.uncountedSucceeded, ...newlySucceeded.map((pod) => pod.metadata.uid)],
    uncountedFailed: [...counters.uncountedFailed, ...newlyFailed.map((pod) => pod.metadata.uid)],
  };
}

/** Without completions a Job is a group that shares its work: one success means that nothing new needs to start. */
function wantedActive(job: Job, active: number, succeeded: number): number {
  const parallelism = job.spec?.parallelism ?? 1;
  const completions = job.spec?.completions;
  if (completions === undefined) return succeeded > 0 ? Math.min(active, parallelism) : parallelism;
  return Math.min(parallelism, Math.max(0, completions - succeeded));
}

function earliest(...times: (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
