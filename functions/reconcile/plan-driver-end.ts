/**
 * Pure: the driver has ended: what that makes of the job, and which machines need not wait for the cluster's deletion.
 */
import type { Action } from '../job/action.ts';
import type { EndingCode } from '../job/ending.ts';
import type { JobRecord } from '../job/job-record.ts';
import type { RecordWithCluster } from '../job/known-record.ts';
import type { Progress } from '../job/progress.ts';
import type { WorkloadView } from '../ports/workloads.ts';
import { beginEnding, type EndingReason, noteDecision, stay, type Step } from './step.ts';

type Failure = { code: EndingCode; remedy: string };

const CORRECT = 'correct the script or its data, upload it again and resume: what is done is kept';
const SCRIPT_FAILED: Failure = { code: 'FF-SCRIPT-FAILED', remedy: CORRECT };
const TOO_MANY_ERRORS: Failure = {
  code: 'FF-TOO-MANY-ERRORS',
  remedy:
    `${CORRECT}. If so many errors are to be expected, raise tasks.errors in the job file, ` +
    'or switch it off with errors: null',
};
/** What the driver gives as its reason. A map: an object would know 'constructor', and the word comes from Redis. */
const FAILURES: ReadonlyMap<string, Failure> = new Map([['error-limit', TOO_MANY_ERRORS]]);

/** Undefined: it has not ended. `progress` is null when Redis cannot be read. */
export function planDriverEnd(
  record: RecordWithCluster,
  workload: WorkloadView,
  progress: Progress | null,
  nowMs: number,
): Step | undefined {
  const reason = reasonOfEnd(workload, progress);
  return reason && releaseWorkers(beginEnding(record, reason, nowMs), workload, nowMs);
}

function reasonOfEnd(workload: WorkloadView, progress: Progress | null): EndingReason | undefined {
  const state = progress?.driver.state;
  // A driver that was stopped ends without an error, too, and is not done.
  if (workload.driver === 'succeeded' && state !== 'stopped' && state !== 'failed')
    return { outcome: 'succeeded', code: 'done', message: 'the script ended without an error', remedy: null };
  if (workload.driver !== 'failed') return undefined;
  const message = progress?.driver.message || workload.driverMessage || 'the driver failed';
  const { code, remedy } = FAILURES.get(progress?.driver.reason ?? '') ?? SCRIPT_FAILED;
  return { outcome: 'failed', code, message, remedy };
}

/** No more work will come: idle machines need not wait for the cluster's own deletion, which takes minutes. */
function releaseWorkers(record: JobRecord, workload: WorkloadView, nowMs: number): Step {
  const replicas = record.ending?.outcome === 'failed' && (record.spec?.debugHoldSeconds ?? 0) > 0 ? 1 : 0;
  if (workload.workersWanted <= replicas) return stay(record, [{ do: 'back-up' }]);
  const text = `${workload.workersWanted} -> ${replicas} workers: the script has ended`;
  const pods = workload.pods.filter((pod) => pod.role === 'worker').map((pod) => pod.name);
  const actions: Action[] = [
    { do: 'back-up' },
    {
      do: 'scale-workers',
      from: workload.workersWanted,
      replicas,
      idlePods: replicas === 0 ? [] : pods.slice(replicas),
      evenBusy: true,
    },
  ];
  return stay(noteDecision(record, nowMs, 'shrink', 'no-work', text), actions);
}
