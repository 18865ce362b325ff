/**
 * Pure: a cluster that is gone or ending in mid-job, by someone else's hand. What is in the bucket is
 * kept, and a new cluster goes on from there.
 */
import type { RecordWithCluster } from '../job/known-record.ts';
import type { Observation } from '../job/observation.ts';
import { iso, move, noteDecision, stay, type Step } from './step.ts';

/** Undefined: nothing says that it is lost. */
export function planLostCluster(record: RecordWithCluster, seen: Observation): Step | undefined {
  const { cluster: view, nowMs } = seen;
  if (view === 'unknown') return undefined;
  if (view !== null) {
    if (view.state !== 'stopping') return undefined;
    const text = 'the cluster is being deleted, not by us; waiting until it is gone';
    return stay(noteDecision(record, nowMs, 'wait', 'cluster-stopping', text));
  }
  const cluster = { ...record.cluster, goneAt: iso(nowMs) };
  const text = 'the cluster is gone, not by our doing; results so far are safe and a new one continues';
  return stay(move({ ...record, cluster }, 'creating', nowMs, text));
}
