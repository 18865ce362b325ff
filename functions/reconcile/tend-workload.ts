/**
 * Pure: what every phase with a running driver does first: notice a lost cluster and the driver's end, save results,
 * renew the lease, explain deaths, sign URLs. It says nothing about the number of workers. Its actions follow from what
 * is seen, so a pass that died before it did them changes nothing.
 */
import type { Action } from '../job/action.ts';
import type { RecordWithCluster } from '../job/known-record.ts';
import type { Observation } from '../job/observation.ts';
import type { Progress } from '../job/progress.ts';
import type { WorkloadView } from '../ports/workloads.ts';
import { explainDeaths } from './plan-deaths.ts';
import { planDriverEnd } from './plan-driver-end.ts';
import { planLostCluster } from './plan-lost-cluster.ts';
import { noteDecision, stay, type Step } from './step.ts';

/** Signed URLs are good for 12 hours (`SIGNED_SECONDS`); a new worker always finds some that last for six more. */
const INPUTS_MAX_AGE_SECONDS = 6 * 3600;

/** What is seen while Kubernetes and Redis can both be read. */
export interface SeenWorking extends Observation {
  workload: WorkloadView;
  progress: Progress;
}

export type TendedWorkload =
  /** The step is all that this pass does: the phase has ended, or nothing may be concluded. */
  | { is: 'settled'; step: Step }
  /** The script runs, and these actions keep it running; the phase's own rule goes on from here. */
  | { is: 'working'; seen: SeenWorking; actions: Action[] };

/**
 * What every phase with pods begins with: either settled by its own step, or Kubernetes and Redis as they were read.
 */
export function tendWorkload(record: RecordWithCluster, seen: Observation): TendedWorkload {
  const lost = planLostCluster(record, seen);
  if (lost) return { is: 'settled', step: lost };
  const { workload, progress, nowMs } = seen;
  if (workload === null || workload === 'unknown') {
    const text = 'the Kubernetes API cannot be read; nothing is concluded from that';
    return settled(noteDecision(record, nowMs, 'wait', 'workload-unknown', text));
  }
  const ended = planDriverEnd(record, workload, progress === 'unknown' ? null : progress, nowMs);
  if (ended) return { is: 'settled', step: ended };
  if (!workload.applied) return settled(record, [{ do: 'apply-workload', workers: Math.max(1, record.fleet.workers) }]);
  if (progress === null || progress === 'unknown') {
    const text = 'Redis cannot be read: that is an alarm, not an empty queue; nothing is scaled';
    return settled(noteDecision(record, nowMs, 'wait', 'queue-unknown', text));
  }
  const working: SeenWorking = { ...seen, workload, progress };
  return {
    is: 'working',
    seen: working,
    actions: [
      { do: 'renew-lease' },
      ...explainDeaths(working),
      { do: 'back-up' },
      ...signUrls(working),
      ...renewInputs(working),
    ],
  };
}

function settled(record: RecordWithCluster, actions: Action[] = []): TendedWorkload {
  return { is: 'settled', step: stay(record, actions) };
}

/** Pods have requested URLs of objects. */
function signUrls({ urlRequests }: SeenWorking): Action[] {
  return urlRequests.length > 0 ? [{ do: 'sign-urls', objects: urlRequests }] : [];
}

/** The signed URLs that the pods began with, made anew in time. */
function renewInputs({ workload, nowMs }: SeenWorking): Action[] {
  const signedMs = workload.inputsSignedMs;
  if (signedMs !== null && nowMs - signedMs < INPUTS_MAX_AGE_SECONDS * 1000) return [];
  return [{ do: 'apply-workload', workers: workload.workersWanted }];
}
