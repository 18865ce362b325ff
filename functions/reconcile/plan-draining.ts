/** Pure: are the results safe, and may the cluster go. */
import type { Action } from '../job/action.ts';
import type { EndingRecord } from '../job/known-record.ts';
import type { Observation } from '../job/observation.ts';
import type { Progress } from '../job/progress.ts';
import { workerNodes } from '../job/worker-nodes.ts';
import type { ClusterState } from '../ports/clusters.ts';
import type { WorkloadView } from '../ports/workloads.ts';
import { planGoneCluster } from './plan-deleting.ts';
import { removeCluster } from './remove-cluster.ts';
import { noteDecision, secondsSince, stay, type Step } from './step.ts';

/** How long running tasks may take to finish when the attempt is being ended early; at most this, else twice the mean. */
const DRAIN_MAX_SECONDS = 600;
const DRAIN_LEAST_SECONDS = 30;
/** Journalled results whose Redis cannot be read: how long to go on trying before the machines are given up. */
const UNSAFE_LIMIT_SECONDS = 30 * 60;

const NOTHING_TO_SAVE: readonly ClusterState[] = ['provisioning', 'stopping', 'error'];

export function planDraining(record: EndingRecord, seen: Observation): Step {
  const { nowMs, cluster, workload, progress } = seen;
  if (cluster === null) return planGoneCluster(record, seen);
  if (cluster === 'unknown') {
    const text = 'the state of the cluster cannot be read';
    return stay(noteDecision(record, nowMs, 'wait', 'cluster-unknown', text));
  }
  if (workload === null || NOTHING_TO_SAVE.includes(cluster.state))
    return removeCluster(record, nowMs, `it is ${cluster.state} and holds nothing that could be saved`);
  if (workload === 'unknown' || progress === 'unknown' || progress === null) return drainUnread(record, seen);
  return planSaving(record, seen, workload, progress);
}

/** Running work first, then the bucket, then (after a failure) a look around for the user, then deletion. */
function planSaving(record: EndingRecord, seen: Observation, workload: WorkloadView, progress: Progress): Step {
  const ageSeconds = secondsSince(record.ending.since, seen.nowMs);
  const driverEnded = workload.driver === 'succeeded' || workload.driver === 'failed';
  const actions = drainActions(record, driverEnded);
  const waitingFor = driverEnded ? null : runningWork(record, progress, ageSeconds);
  if (waitingFor !== null) return stay({ ...record, waitingFor }, actions);
  if (progress.notBackedUp > 0) {
    const unsaved = `${progress.notBackedUp} results and reports to be written to the bucket`;
    return stay({ ...record, waitingFor: unsaved }, actions);
  }
  const holdSeconds = record.ending.outcome === 'failed' ? record.spec.debugHoldSeconds - ageSeconds : 0;
  if (holdSeconds > 0) return holdForDebugging(record, seen, workload, holdSeconds, actions);
  return removeCluster(record, seen.nowMs, 'everything journalled is in the bucket', actions);
}

function drainActions({ ending }: EndingRecord, driverEnded: boolean): Action[] {
  const actions: Action[] = [{ do: 'renew-lease' }, { do: 'back-up' }];
  if (!driverEnded && ending.outcome !== 'succeeded') actions.push({ do: 'stop-driver', reason: ending.code });
  return actions;
}

/** What is still worth waiting for while the driver winds down; null when nothing is, or it has taken too long. A cancel waits for nothing. */
function runningWork({ ending }: EndingRecord, progress: Progress, ageSeconds: number): string | null {
  if (ending.outcome === 'cancelled') return null;
  const patience = Math.min(DRAIN_MAX_SECONDS, DRAIN_LEAST_SECONDS + 2 * (progress.meanSeconds ?? 0));
  if (progress.running > 0 && ageSeconds < patience)
    return `${progress.running} running iterations to finish (${Math.round(patience - ageSeconds)} s at most)`;
  return ageSeconds < DRAIN_LEAST_SECONDS ? 'the driver to save its files' : null;
}

/** Redis or Kubernetes cannot be read: results may be in there, so try for a while; not for ever, because the machines cost money. */
function drainUnread(record: EndingRecord, { workload, nowMs }: Observation): Step {
  const { ending } = record;
  const hasNeverRun = record.progress === null && record.ledger.results === 0 && workload !== 'unknown';
  if (hasNeverRun) return removeCluster(record, nowMs, 'no task ever ran');
  if (secondsSince(ending.since, nowMs) < UNSAFE_LIMIT_SECONDS) {
    const text = 'Redis cannot be read: results may still be in it, so the cluster stays for now';
    const waiting = { ...record, waitingFor: 'Redis to be readable again' };
    return stay(noteDecision(waiting, nowMs, 'wait', 'queue-unknown', text), [{ do: 'back-up' }]);
  }
  const message =
    `${ending.message}; Redis could not be read for ${UNSAFE_LIMIT_SECONDS / 60} minutes, ` +
    'results not yet in the bucket are lost and will be computed again on resume';
  const unsafe = { ...ending, outcome: 'failed', code: 'FF-RESULTS-UNREAD', message } as const;
  return removeCluster({ ...record, ending: unsafe }, nowMs, 'gave up reading Redis');
}

/** debugHold: one worker machine stays, so that the user can look around; the limits go on counting. */
function holdForDebugging(
  record: EndingRecord,
  seen: Observation,
  workload: WorkloadView,
  seconds: number,
  actions: Action[],
): Step {
  const held: Action[] = [...actions];
  if (workload.workersWanted > 1) held.push({ do: 'scale-workers', replicas: 1, idlePods: [] });
  if (workerNodes(seen.cluster) > 1) held.push({ do: 'resize-workers-pool', nodes: 1 });
  const fleet = { workers: 1, nodes: 1, code: 'debug-hold', text: 'held for debugging' } as const;
  return stay({ ...record, fleet, waitingFor: `debugHold: ${Math.round(seconds)} s more` }, held);
}
