/** Pure: is the cluster there, is it ours, and what to do when it cannot be made here. */
import type { JobRecord } from '../job/job-record.ts';
import type { RecordWithCluster } from '../job/known-record.ts';
import type { PassSettings } from '../job/settings.ts';
import type { Observation } from '../job/observation.ts';
import type { ClusterView } from '../ports/clusters.ts';
import { createCluster, requestCluster } from './create-cluster.ts';
import { workersOfCanary } from './size-canary.ts';
import {
  beginEnding,
  type EndingReason,
  iso,
  move,
  noteDecision,
  secondsSince,
  stay,
  type Step,
  noteWaiting,
} from './step.ts';

/**
 * GKE gives up on its own after about this long. Creation takes 3 to 9 minutes
 * (local-cloud/compute/README.md, "Delays").
 */
const CREATE_ALARM_SECONDS = 30 * 60;

/** The rule of phase creating: until the cluster runs, or another location is tried. */
export function planCreating(record: RecordWithCluster, seen: Observation, settings: PassSettings): Step {
  const { cluster: view, nowMs } = seen;
  if (record.cluster.goneAt !== null) return createCluster(record, nowMs, settings);
  if (view === 'unknown') {
    const text = 'the state of the cluster cannot be read; nothing is concluded from that';
    return stay(noteDecision(record, nowMs, 'wait', 'cluster-unknown', text));
  }
  if (view === null && isRefused(record)) return createCluster(record, nowMs, settings);
  if (view === null) {
    const text = 'the cluster is not there (yet): asking again';
    return stay(noteDecision(record, nowMs, 'create-cluster', 'cluster-absent', text), [requestCluster(record)]);
  }
  return planSeenCluster(record, view, nowMs);
}

/** The request itself was refused, so no cluster is to come. */
export function isRefused({ cluster }: JobRecord): boolean {
  return cluster !== null && cluster.exhausted.includes(cluster.location);
}

function planSeenCluster(record: RecordWithCluster, view: ClusterView, nowMs: number): Step {
  if (!view.ours) return stay(beginEnding({ ...record, cluster: null }, foreign(view), nowMs));
  if (view.state === 'error' || view.stockout) return giveClusterBack(record, view, nowMs);
  if (view.state === 'running' || view.state === 'reconciling') {
    const cluster = { ...record.cluster, runningAt: record.cluster.runningAt ?? iso(nowMs) };
    const text = `cluster ${view.name} runs; starting Redis, driver and workers`;
    const running = move({ ...record, cluster }, 'starting', nowMs, text);
    return stay(running, [{ do: 'apply-workload', workers: workersOfCanary(record.spec) }]);
  }
  const seconds = secondsSince(record.cluster.createRequestedAt, nowMs);
  const state = `${view.state} for ${Math.round(seconds)} s${seconds > CREATE_ALARM_SECONDS ? ', unusually long' : ''}`;
  return stay(noteWaiting(record, nowMs, 'cluster', `cluster ${view.name} in ${view.location} (${state})`));
}

/**
 * A cluster that could not be made costs something nevertheless: it is deleted, and the next location is tried once it
 * is gone; the same one where the reason passes.
 */
function giveClusterBack(record: RecordWithCluster, view: ClusterView, nowMs: number): Step {
  const { name, location, message } = view;
  const exhausted = view.mayBeMadeAgain ? record.cluster.exhausted : [...record.cluster.exhausted, location];
  const cluster = { ...record.cluster, exhausted, deleteRequestedAt: iso(nowMs) };
  const then = view.mayBeMadeAgain ? 'again' : 'elsewhere';
  const text = `cluster ${name} could not be made in ${location}: ${message}; deleting it and trying ${then}`;
  return stay(move({ ...record, cluster }, 'deleting', nowMs, text), [{ do: 'delete-cluster', name, location }]);
}

function foreign(view: ClusterView): EndingReason {
  return {
    outcome: 'failed',
    code: 'FF-CLUSTER-FOREIGN',
    message:
      `a cluster named ${view.name} exists in ${view.location} ` +
      `but does not carry this installation's labels; it was not touched`,
    remedy: 'rename the job, or remove that cluster if it is yours',
  };
}
