/** Pure: the step that has the job's cluster deleted. */
import type { Action } from '../job/action.ts';
import type { RecordWithCluster } from '../job/known-record.ts';
import { iso, move, stay, type Step } from './step.ts';

/** The step that deletes the cluster, after the actions of `before`. `why` goes into the decisions. */
export function removeCluster(record: RecordWithCluster, nowMs: number, why: string, before: Action[] = []): Step {
  const { name, location, deleteRequestedAt } = record.cluster;
  const cluster = { ...record.cluster, deleteRequestedAt: deleteRequestedAt ?? iso(nowMs) };
  const deleting = move({ ...record, cluster }, 'deleting', nowMs, `deleting cluster ${name}: ${why}`);
  return stay(deleting, [...before, { do: 'delete-cluster', name, location }]);
}
