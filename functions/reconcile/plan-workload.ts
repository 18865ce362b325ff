/** Pure: are Redis, the driver and the workers there, and what stands in their way. */
import type { PodView, WorkloadView } from '../ports/workloads.ts';
import type { JobRecord } from '../job/job-record.ts';
import type { Observation } from '../job/observation.ts';
import { firstWorkers } from './plan-cluster.ts';
import { beginEnding, decide, move, secondsSince, stay, type Step } from './step.ts';

/** From "cluster runs" to "driver runs the script": image pulls and downloads of large data included. */
const START_LIMIT_SECONDS = 20 * 60;
/** Signed URLs live seven days at most; renewed well before. */
const INPUTS_MAX_AGE_SECONDS = 3 * 24 * 3600;

export function planStarting(record: JobRecord, seen: Observation): Step {
  const lost = whenClusterIsLost(record, seen);
  if (lost) return lost;
  const { workload, progress, nowMs } = seen;
  if (workload === 'unknown' || workload === null)
    return stay(
      decide(
        record,
        nowMs,
        'wait',
        'workload-unknown',
        'the Kubernetes API cannot be read; nothing is concluded from that',
      ),
    );
  if (!workload.applied) return stay(record, [{ do: 'apply-workload', workers: firstWorkers(record.spec!) }]);
  const fleet = { ...record.fleet, workers: workload.workersWanted };
  if (hasStarted(workload, progress))
    return stay(move({ ...record, fleet }, 'canary', nowMs, 'the driver runs the script'), [{ do: 'renew-lease' }]);
  if (secondsSince(record.phaseSince, nowMs) > START_LIMIT_SECONDS)
    return stay(beginEnding(record, startFailed(workload), nowMs));
  return stay({ ...record, fleet, waitingFor: startingText(workload) });
}

function hasStarted(workload: WorkloadView, progress: Observation['progress']): boolean {
  if (workload.driver === 'failed' || workload.driver === 'succeeded') return true;
  const state = typeof progress === 'object' ? (progress?.driver.state ?? null) : null;
  return state !== null && state !== 'starting';
}

/** A cluster that is gone or ending in mid-job, by someone else's hand: what is in the bucket is kept, and a new one goes on from there. */
export function whenClusterIsLost(record: JobRecord, seen: Observation): Step | undefined {
  if (seen.cluster === 'unknown' || record.cluster === null) return undefined;
  if (seen.cluster !== null && seen.cluster.state !== 'stopping') return undefined;
  if (seen.cluster !== null)
    return stay(
      decide(
        record,
        seen.nowMs,
        'wait',
        'cluster-stopping',
        'the cluster is being deleted, not by us; waiting until it is gone',
      ),
    );
  const cluster = { ...record.cluster, goneAt: new Date(seen.nowMs).toISOString() };
  return stay(
    move(
      { ...record, cluster },
      'creating',
      seen.nowMs,
      'the cluster is gone, not by our doing; results so far are safe and a new one continues',
    ),
  );
}

/** The inputs' signed URLs, made anew in time. */
export function renewInputs(workload: WorkloadView, nowMs: number): Step['actions'] {
  const signedMs = workload.inputsSignedMs;
  if (signedMs !== null && nowMs - signedMs < INPUTS_MAX_AGE_SECONDS * 1000) return [];
  return [{ do: 'apply-workload', workers: workload.workersWanted }];
}

function startingText(workload: WorkloadView): string {
  const troubled = workload.pods.find((pod) => pod.trouble !== null);
  if (troubled) return `${troubled.role} pod ${troubled.name}: ${troubled.trouble}`;
  const pending = (role: PodView['role']): boolean => !workload.pods.some((pod) => pod.role === role && pod.ready);
  if (pending('redis')) return 'Redis to be ready';
  return pending('driver') ? 'the driver pod to start' : 'the driver to read the script and its data';
}

function startFailed(workload: WorkloadView): Parameters<typeof beginEnding>[1] {
  return {
    outcome: 'failed',
    code: 'FF-START-TIMEOUT',
    message: `the driver did not start within ${START_LIMIT_SECONDS / 60} minutes: ${startingText(workload)}`,
    remedy: 'see the pod message; a wrong image or too much data are the usual causes',
  };
}
