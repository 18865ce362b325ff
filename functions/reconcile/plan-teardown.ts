/** Pure: are the results safe, what may be deleted, and is it really gone. */
import type { Action } from '../job/action.ts';
import type { JobRecord } from '../job/job-record.ts';
import type { Observation } from '../job/observation.ts';
import type { Progress } from '../job/progress.ts';
import type { ClusterState } from '../ports/clusters.ts';
import type { WorkloadView } from '../ports/workloads.ts';
import { beginEnding, decide, iso, move, secondsSince, stay, type Step } from './step.ts';

/** How long running tasks may take to finish when the attempt is being ended early; at most this, else twice the mean. */
const DRAIN_MAX_SECONDS = 600;
const DRAIN_LEAST_SECONDS = 30;
/** Journalled results whose Redis cannot be read: how long to go on trying before the machines are given up. */
const UNSAFE_LIMIT_SECONDS = 30 * 60;
const DELETE_ALARM_SECONDS = 20 * 60;

const NOTHING_TO_SAVE: readonly ClusterState[] = ['provisioning', 'stopping', 'error'];

export function planDraining(record: JobRecord, seen: Observation): Step {
  const { nowMs, cluster, workload, progress } = seen;
  if (cluster === null) return clusterGone(record, seen);
  if (cluster === 'unknown')
    return stay(decide(record, nowMs, 'wait', 'cluster-unknown', 'the state of the cluster cannot be read'));
  if (workload === null || NOTHING_TO_SAVE.includes(cluster.state))
    return removeCluster(record, nowMs, `it is ${cluster.state} and holds nothing that could be saved`);
  const age = secondsSince(record.ending!.since, nowMs);
  if (workload === 'unknown' || progress === 'unknown' || progress === null) return drainUnread(record, seen, age);
  return planSaving(record, seen, workload, progress, age);
}

/** Running work first, then the bucket, then (after a failure) a look around for the user, then deletion. */
function planSaving(
  record: JobRecord,
  seen: Observation,
  workload: WorkloadView,
  progress: Progress,
  age: number,
): Step {
  const driverEnded = workload.driver === 'succeeded' || workload.driver === 'failed';
  const actions = drainActions(record, driverEnded);
  const waitingFor = driverEnded ? null : runningWork(record, progress, age);
  if (waitingFor !== null) return stay({ ...record, waitingFor }, actions);
  if (progress.notBackedUp > 0)
    return stay(
      { ...record, waitingFor: `${progress.notBackedUp} results and reports to be written to the bucket` },
      actions,
    );
  const hold = holdSeconds(record, age);
  if (hold > 0) return holdForDebugging(record, seen, hold, actions);
  return removeCluster(record, seen.nowMs, 'everything journalled is in the bucket', actions);
}

function drainActions(record: JobRecord, driverEnded: boolean): Action[] {
  const actions: Action[] = [{ do: 'renew-lease' }, { do: 'back-up' }];
  if (!driverEnded && record.ending!.outcome !== 'succeeded')
    actions.push({ do: 'stop-driver', reason: record.ending!.code });
  return actions;
}

/** What is still worth waiting for while the driver winds down; null when nothing is, or it has taken too long. A cancel waits for nothing. */
function runningWork(record: JobRecord, progress: Progress, ageSeconds: number): string | null {
  if (record.ending!.outcome === 'cancelled') return null;
  const patience = Math.min(DRAIN_MAX_SECONDS, DRAIN_LEAST_SECONDS + 2 * (progress.meanSeconds ?? 0));
  if (progress.running > 0 && ageSeconds < patience)
    return `${progress.running} running iterations to finish (${Math.round(patience - ageSeconds)} s at most)`;
  return ageSeconds < DRAIN_LEAST_SECONDS ? 'the driver to save its files' : null;
}

/** Redis or Kubernetes cannot be read: results may be in there, so try for a while; not for ever, because the machines cost money. */
function drainUnread(record: JobRecord, seen: Observation, ageSeconds: number): Step {
  const never = record.progress === null && record.ledger.results === 0 && seen.workload !== 'unknown';
  if (never) return removeCluster(record, seen.nowMs, 'no task ever ran');
  if (ageSeconds < UNSAFE_LIMIT_SECONDS) {
    const text = 'Redis cannot be read: results may still be in it, so the cluster stays for now';
    return stay(
      decide({ ...record, waitingFor: 'Redis to be readable again' }, seen.nowMs, 'wait', 'queue-unknown', text),
      [{ do: 'back-up' }],
    );
  }
  const unsafe = {
    ...record.ending!,
    outcome: 'failed' as const,
    code: 'FF-RESULTS-UNREAD',
    message: `${record.ending!.message}; Redis could not be read for ${UNSAFE_LIMIT_SECONDS / 60} minutes, results not yet in the bucket are lost and will be computed again on resume`,
  };
  return removeCluster({ ...record, ending: unsafe }, seen.nowMs, 'gave up reading Redis');
}

function holdSeconds(record: JobRecord, ageSeconds: number): number {
  return record.ending?.outcome === 'failed' ? Math.max(0, (record.spec?.debugHoldSeconds ?? 0) - ageSeconds) : 0;
}

/** debugHold: one worker machine stays, so that the user can look around; the limits go on counting. */
function holdForDebugging(record: JobRecord, seen: Observation, seconds: number, actions: Action[]): Step {
  const workload = seen.workload;
  if (typeof workload === 'object' && workload !== null && workload.workersWanted > 1)
    actions.push({ do: 'scale-workers', replicas: 1, idlePods: [] });
  const held: JobRecord = {
    ...record,
    fleet: { workers: 1, nodes: 1, code: 'debug-hold', text: 'held for debugging' },
    waitingFor: `debugHold: ${Math.round(seconds)} s more`,
  };
  const pool =
    typeof seen.cluster === 'object'
      ? seen.cluster?.pools.find((candidate) => candidate.name === 'workers')
      : undefined;
  if (pool !== undefined && pool.nodes > 1) actions.push({ do: 'resize-workers-pool', nodes: 1 });
  return stay(held, actions);
}

function removeCluster(record: JobRecord, nowMs: number, why: string, before: Action[] = []): Step {
  const { name, location } = record.cluster!;
  const cluster = { ...record.cluster!, deleteRequestedAt: record.cluster!.deleteRequestedAt ?? iso(nowMs) };
  const text = `deleting cluster ${name}: ${why}`;
  const deleting =
    record.phase === 'deleting' ? { ...record, cluster } : move({ ...record, cluster }, 'deleting', nowMs, text);
  return stay(deleting, [...before, { do: 'delete-cluster', name, location }]);
}

export function planDeleting(record: JobRecord, seen: Observation): Step {
  const { cluster, nowMs } = seen;
  if (record.cluster === null) return stay(finish(record, nowMs), [{ do: 'unmark-live' }]);
  if (cluster === 'unknown')
    return stay(decide(record, nowMs, 'wait', 'cluster-unknown', 'the state of the cluster cannot be read'));
  if (cluster === null) return clusterGone(record, seen);
  if (!cluster.ours) return stay(finish({ ...record, cluster: null }, nowMs), [{ do: 'unmark-live' }]);
  const age = secondsSince(record.cluster.deleteRequestedAt ?? record.phaseSince, nowMs);
  const waitingFor = `cluster ${cluster.name} to be gone (${cluster.state} for ${Math.round(age)} s${age > DELETE_ALARM_SECONDS ? ', unusually long' : ''})`;
  if (cluster.state === 'stopping') return stay({ ...record, waitingFor });
  return removeCluster({ ...record, waitingFor }, nowMs, 'asking again');
}

/** The cloud says NotFound: now nothing with its label may be left either. */
function clusterGone(record: JobRecord, seen: Observation): Step {
  const gone: JobRecord = {
    ...record,
    cluster: { ...record.cluster!, goneAt: record.cluster!.goneAt ?? iso(seen.nowMs) },
    fleet: { workers: 0, nodes: 0, code: 'gone', text: 'the cluster is gone' },
  };
  const deleting = gone.phase === 'deleting' ? gone : move(gone, 'deleting', seen.nowMs, 'the cluster is gone');
  if (seen.leftovers === 'unknown')
    return stay(decide(deleting, seen.nowMs, 'wait', 'leftovers-unknown', 'disks and addresses cannot be listed yet'));
  if (seen.leftovers.length > 0) {
    const names = seen.leftovers.map((leftover) => `${leftover.kind} ${leftover.name}`).join(', ');
    return stay(decide(deleting, seen.nowMs, 'delete leftovers', 'leftovers', names), [
      { do: 'delete-leftovers', cluster: record.cluster!.name },
    ]);
  }
  if (deleting.ending === null)
    return stay(move(deleting, 'creating', seen.nowMs, 'nothing is left of the cluster; trying the next location'));
  return stay(finish(deleting, seen.nowMs), [{ do: 'unmark-live' }]);
}

function finish(record: JobRecord, nowMs: number): JobRecord {
  const ending =
    record.ending ??
    beginEnding(
      { ...record, cluster: null },
      { outcome: 'failed', code: 'FF-UNKNOWN', message: 'ended without a reason', remedy: null },
      nowMs,
    ).ending!;
  const spending = { ...record.spending, usdPerHour: 0 };
  return move(
    { ...record, ending, spending },
    ending.outcome,
    nowMs,
    `${ending.outcome}: ${ending.message}; no cluster, machine or disk is left`,
  );
}
