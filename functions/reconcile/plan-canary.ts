/** Pure: the canary's verdict. A few tasks on a few machines show whether the script works before it gets many. */
import type { JobRecord } from '../job/job-record.ts';
import type { RecordWithCluster } from '../job/known-record.ts';
import type { Observation } from '../job/observation.ts';
import { closedGate, openGate } from './plan-gate.ts';
import { planFleet } from './plan-fleet.ts';
import { endWithoutWorkers } from './plan-no-workers.ts';
import { beginEnding, type EndingReason, move, stay, type Step, waitFor } from './step.ts';
import { type SeenWorking, tendWorkload } from './tend-workload.ts';

/** The rule of phases canary and approval: so few tasks run until the job has shown that it works. */
export function planCanary(record: RecordWithCluster, observation: Observation): Step {
  const tended = tendWorkload(record, observation);
  if (tended.is === 'settled') return tended.step;
  const { seen } = tended;
  const { progress, largeWaiting, nowMs } = seen;
  const { canary } = record.spec;
  const actions = [...tended.actions, ...closedGate(seen.gate, progress, canary.tasks, largeWaiting)];
  const enough = Math.min(canary.tasks, progress.total ?? canary.tasks);
  // What waits for more memory has shown what there was to show; it gets it once the canary has passed.
  const tried = progress.done + progress.failed + largeWaiting;
  if (tried < enough || tried === 0) {
    const waitingFor = `the canary: ${tried} of ${enough} tasks on ${record.fleet.nodes + 1} machines`;
    return stay(endWithoutWorkers(waitFor(record, nowMs, 'canary', waitingFor), seen), actions);
  }
  if (progress.done === 0) return stay(beginEnding(record, canaryFailed(seen, record), nowMs), actions);
  if (canary.approval === 'manual' && !record.approved) {
    const text = `the canary passed (${progress.done} tasks); waiting for approval to grow`;
    const waitingFor = 'approval (foreach-fleet approve, or upload control/approve.json)';
    return stay(waitFor(move(record, 'approval', nowMs, text), nowMs, 'approval', waitingFor), actions);
  }
  const mean = (progress.meanSeconds ?? 0).toFixed(2);
  const text = `the canary passed: ${progress.done} done, ${progress.failed} failed, ${mean} s each`;
  const grown = planFleet(move(record, 'running', nowMs, text), seen);
  return stay(grown.record, [...tended.actions, ...openGate(seen.gate), ...grown.actions]);
}

function canaryFailed({ progress, largeWaiting }: SeenWorking, record: JobRecord): EndingReason {
  if (largeWaiting > 0)
    return {
      outcome: 'failed',
      code: 'FF-CANARY-FAILED',
      message: `none of ${progress.failed + largeWaiting} canary tasks ended well: ${largeWaiting} ran out of memory`,
      remedy: 'give each worker more memory (worker.memory in job.yaml); nothing was grown, so little was spent',
    };
  const example = record.recentErrors.at(-1)?.message ?? '';
  return {
    outcome: 'failed',
    code: 'FF-CANARY-FAILED',
    message: `all ${progress.failed} canary tasks failed${example === '' ? '' : `: ${example}`}`,
    remedy: 'see foreach-fleet errors; nothing was grown, so little was spent',
  };
}
