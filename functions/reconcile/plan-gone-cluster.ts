/** Pure: the cluster is gone. Once nothing of it is left that costs money, the attempt ends, or goes on elsewhere. */
import type { FleetChoice } from '../job/decision.ts';
import type { JobRecord } from '../job/job-record.ts';
import type { RecordWithCluster } from '../job/known-record.ts';
import type { Observation } from '../job/observation.ts';
import { type EndingReason, iso, move, noteDecision, stay, type Step } from './step.ts';

const WITHOUT_REASON: EndingReason = {
  outcome: 'failed',
  code: 'FF-UNKNOWN',
  message: 'ended without a reason',
  remedy: null,
};

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

/** The attempt ends as was fixed before. */
export function finish(record: JobRecord, nowMs: number): Step {
  const ending = record.ending ?? { ...WITHOUT_REASON, since: iso(nowMs) };
  const spending = { ...record.spending, usdPerHour: 0 };
  const text = `${ending.outcome}: ${ending.message}; no cluster, machine or disk is left`;
  return stay(move({ ...record, ending, spending }, ending.outcome, nowMs, text));
}
