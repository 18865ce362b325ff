/** Pure: are Redis, the driver and the workers there, and what stands in their way. */
import type { JobRecord } from '../job/job-record.ts';
import type { RecordWithCluster } from '../job/known-record.ts';
import type { Observation } from '../job/observation.ts';
import type { PodView, WorkloadView } from '../ports/workloads.ts';
import { planLostCluster } from './plan-lost-cluster.ts';
import { workersOfCanary } from './size-canary.ts';
import {
  beginEnding,
  type EndingReason,
  move,
  noteDecision,
  secondsSince,
  stay,
  type Step,
  noteWaiting,
} from './step.ts';

/** From "cluster runs" to "driver runs the script": image pulls and downloads of large data included. */
const START_LIMIT_SECONDS = 20 * 60;

/** The rule of phase starting: until Redis, driver and a worker are there, twenty minutes at most. */
export function planStarting(record: RecordWithCluster, seen: Observation): Step {
  const lost = planLostCluster(record, seen);
  if (lost) return lost;
  const { workload, progress, nowMs } = seen;
  const isLate = secondsSince(record.phaseSince, nowMs) > START_LIMIT_SECONDS;
  if (isLate && !(isSeen(workload) && hasStarted(workload, progress)))
    return stay(beginEnding(record, startFailed(record, workload), nowMs));
  if (!isSeen(workload)) {
    const text = 'the Kubernetes API cannot be read; nothing is concluded from that';
    return stay(noteDecision(record, nowMs, 'wait', 'workload-unknown', text));
  }
  if (!workload.applied) return stay(record, [{ do: 'apply-workload', workers: workersOfCanary(record.spec) }]);
  const fleet = { ...record.fleet, workers: workload.workersWanted };
  if (hasStarted(workload, progress))
    return stay(move({ ...record, fleet }, 'canary', nowMs, 'the driver runs the script'), [{ do: 'renew-lease' }]);
  return stay(noteWaiting({ ...record, fleet }, nowMs, 'start', startingText(workload)));
}

function isSeen(workload: Observation['workload']): workload is WorkloadView {
  return workload !== null && workload !== 'unknown';
}

function hasStarted(workload: WorkloadView, progress: Observation['progress']): boolean {
  if (workload.driver === 'failed' || workload.driver === 'succeeded') return true;
  const state = progress === null || progress === 'unknown' ? null : progress.driver.state;
  return state !== null && state !== 'starting';
}

/** Redis first: the others wait for it. */
const ROLES: readonly PodView['role'][] = ['redis', 'driver', 'worker'];

function startingText(workload: WorkloadView): string {
  const [troubled] = ROLES.flatMap((role) => workload.pods.filter((pod) => pod.role === role && pod.trouble !== null));
  if (troubled) return `${troubled.role} pod ${troubled.name}: ${troubled.trouble}`;
  const isPending = (role: PodView['role']): boolean => !workload.pods.some((pod) => pod.role === role && pod.ready);
  if (isPending('redis')) return 'Redis to be ready';
  return isPending('driver') ? 'the driver pod to start' : 'the driver to read the script and its data';
}

function startFailed({ trouble }: JobRecord, workload: Observation['workload']): EndingReason {
  const state = isSeen(workload) ? startingText(workload) : 'the Kubernetes API cannot be read';
  const why = trouble === null ? state : `${state}; ${trouble.action}: ${trouble.text}`;
  return {
    outcome: 'failed',
    code: 'FF-START-TIMEOUT',
    message: `the driver did not start within ${START_LIMIT_SECONDS / 60} minutes: ${why}`,
    remedy: 'see the pod message; a wrong image or too much data are the usual causes',
  };
}
