/** Pure: the step that has the job's cluster deleted. */
import type { Action } from '../job/action.ts';
import type { RecordWithCluster } from '../job/known-record.ts';
import { iso, move, stay, type Step } from './step.ts';

/**
 * The step that deletes the cluster, after the actions of `before`. `why` goes into the decisions. Results that come
 * at the last moment hold the deletion back, unless they are given up.
 */
export function removeCluster(
  record: RecordWithCluster,
  nowMs: number,
  why: string,
  before: Action[] = [],
  unsaved?: 'even-unsaved',
): Step {
  const { name, location, deleteRequestedAt } = record.cluster;
  const cluster = { ...record.cluster, deleteRequestedAt: deleteRequestedAt ?? iso(nowMs) };
  const deleting = move({ ...record, cluster }, 'deleting', nowMs, `deleting cluster ${name}: ${why}`);
  const deletion: Action = { do: 'delete-cluster', name, location };
  return stay(deleting, [...before, unsaved === undefined ? deletion : { ...deletion, evenUnsaved: true }]);
}
