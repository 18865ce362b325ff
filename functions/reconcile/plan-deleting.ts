/** Pure: is the cluster really gone. As long as it is there, it may hold results, and nobody knows who else asks. */
import { type RecordWithCluster, withEnding } from '../job/known-record.ts';
import type { Observation } from '../job/observation.ts';
import { planDraining } from './plan-draining.ts';
import { finish, planGoneCluster } from './plan-gone-cluster.ts';
import { removeCluster } from './remove-cluster.ts';
import { noteDecision, secondsSince, stay, type Step, noteWaiting } from './step.ts';

const DELETE_ALARM_SECONDS = 20 * 60;

/** The rule of phase deleting: until the cloud says that the cluster and all that belongs to it are gone. */
export function planDeleting(record: RecordWithCluster, seen: Observation): Step {
  const { cluster: view, nowMs } = seen;
  if (view === null) return planGoneCluster(record, seen);
  if (view === 'unknown') {
    const text = 'the state of the cluster cannot be read';
    return stay(noteDecision(record, nowMs, 'wait', 'cluster-unknown', text));
  }
  if (!view.ours) return finish({ ...record, cluster: null }, nowMs);
  const age = secondsSince(record.cluster.deleteRequestedAt ?? record.phaseSince, nowMs);
  const state = `${view.state} for ${Math.round(age)} s${age > DELETE_ALARM_SECONDS ? ', unusually long' : ''}`;
  const waitingFor = `cluster ${view.name} to be gone (${state})`;
  if (view.state === 'stopping') return stay(noteWaiting(record, nowMs, 'deletion', waitingFor));
  const step = askAgain(record, seen);
  const isAsked = step.actions.some((action) => action.do === 'delete-cluster');
  return isAsked ? { ...step, record: noteWaiting(step.record, nowMs, 'deletion', waitingFor) } : step;
}

/**
 * The pass that decided to delete may have died before it stopped the script or saved what its cluster had, and results
 * may have come since. What holds while the attempt drains holds until the cloud has accepted the request. An attempt
 * without an ending gives a cluster back that nothing ran in.
 */
function askAgain(record: RecordWithCluster, seen: Observation): Step {
  if (record.ending === null) return removeCluster(record, seen.nowMs, 'asking again');
  return planDraining(withEnding(record), seen);
}
