/** Pure: is the cluster really gone, and nothing of it left that costs money. */
import type { FleetChoice } from '../job/decision.ts';
import type { RecordWithCluster } from '../job/known-record.ts';
import type { JobRecord } from '../job/job-record.ts';
import type { Observation } from '../job/observation.ts';
import { isSpent } from './plan-budget.ts';
import { removeCluster } from './remove-cluster.ts';
import { type EndingReason, iso, move, noteDecision, secondsSince, stay, type Step, waitFor } from './step.ts';
import { withoutResults } from './without-results.ts';

const DELETE_ALARM_SECONDS = 20 * 60;
const WITHOUT_REASON: EndingReason = {
  outcome: 'failed',
  code: 'FF-UNKNOWN',
  message: 'ended without a reason',
  remedy: null,
};

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
  const waiting = waitFor(record, nowMs, 'deletion', `cluster ${view.name} to be gone (${state})`);
  return view.state === 'stopping' ? stay(waiting) : deleteAgain(waiting, seen);
}

/**
 * The pass that decided to delete may have died before it saved what its cluster had, and results may have come since.
 * A bucket that refuses them is waited for as long as money and time last.
 */
function deleteAgain(record: RecordWithCluster, { progress, nowMs }: Observation): Step {
  if (progress === null || progress === 'unknown') return removeCluster(record, nowMs, 'asking again');
  const unsaved = progress.notBackedUp;
  if (unsaved === 0 || !isSpent(record) || record.trouble?.action !== 'back-up')
    return removeCluster(record, nowMs, 'asking again', [{ do: 'back-up' }]);
  const lost = record.ending === null ? record : withoutResults({ ...record, ending: record.ending }, unsaved);
  return removeCluster(lost, nowMs, 'the limits are used up');
}

/** The cloud says NotFound: now nothing with its label may be left either. */
export function planGoneCluster(record: RecordWithCluster, { leftovers, nowMs }: Observation): Step {
  const cluster = { ...record.cluster, goneAt: record.cluster.goneAt ?? iso(nowMs) };
  const fleet: FleetChoice = { workers: 0, nodes: 0, code: 'gone', text: 'the cluster is gone' };
  const deleting = move({ ...record, cluster, fleet }, 'deleting', nowMs, 'the cluster is gone');
  if (leftovers === 'unknown') {
    const text = 'disks and addresses cannot be listed yet';
    return stay(noteDecision(deleting, nowMs, 'wait', 'leftovers-unknown', text));
  }
  if (leftovers.length > 0) {
    const names = leftovers.map((leftover) => `${leftover.kind} ${leftover.name}`).join(', ');
    const noted = noteDecision(deleting, nowMs, 'delete leftovers', 'leftovers', names);
    return stay(noted, [{ do: 'delete-leftovers', cluster: cluster.name }]);
  }
  if (deleting.ending !== null) return finish(deleting, nowMs);
  return stay(move(deleting, 'creating', nowMs, 'nothing is left of the cluster; trying the next location'));
}

function finish(record: JobRecord, nowMs: number): Step {
  const ending = record.ending ?? { ...WITHOUT_REASON, since: iso(nowMs) };
  const spending = { ...record.spending, usdPerHour: 0 };
  const text = `${ending.outcome}: ${ending.message}; no cluster, machine or disk is left`;
  return stay(move({ ...record, ending, spending }, ending.outcome, nowMs, text));
}
