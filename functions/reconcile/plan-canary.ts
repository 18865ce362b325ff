/** Pure: the canary's verdict. A few tasks on a few machines show whether the script works before it gets many. */
import type { Action } from '../job/action.ts';
import type { JobRecord } from '../job/job-record.ts';
import type { RecordWithCluster } from '../job/known-record.ts';
import type { Observation } from '../job/observation.ts';
import type { PassSettings } from '../job/settings.ts';
import { workerNodes } from '../job/worker-nodes.ts';
import { closedGate, openGate } from './plan-gate.ts';
import { planFleet } from './plan-fleet.ts';
import { endWithoutWorkers } from './plan-no-workers.ts';
import { addNodes, noteShortages, waitForMachines } from './plan-pools.ts';
import { workerNodesOfCanary } from './size-canary.ts';
import { beginEnding, type EndingReason, move, stay, type Step, noteWaiting } from './step.ts';
import { type SeenWorking, tendWorkload } from './tend-workload.ts';

/** The rule of phases canary and approval: so few tasks run until the job has shown that it works. */
export function planCanary(before: RecordWithCluster, observation: Observation, settings: PassSettings): Step {
  const tended = tendWorkload(before, observation);
  if (tended.is === 'settled') return tended.step;
  const { seen } = tended;
  const { progress, largeWaiting, nowMs } = seen;
  const { canary } = before.spec;
  const { record, actions: machines } = placeCanary(before, seen, settings);
  const actions = [...tended.actions, ...closedGate(seen.gate, progress, canary.tasks, largeWaiting), ...machines];
  const enough = Math.min(canary.tasks, progress.total ?? canary.tasks);
  // What waits for more memory has shown what there was to show; it gets it once the canary has passed.
  const tried = progress.done + progress.failed + largeWaiting;
  if (tried < enough || tried === 0) {
    const where = record.fleet.nodes === 0 ? 'the system machine' : `${record.fleet.nodes + 1} machines`;
    const waiting = noteWaiting(record, nowMs, 'canary', `the canary: ${tried} of ${enough} tasks on ${where}`);
    const lacking = workerNodes(seen.cluster) < record.fleet.nodes;
    return stay(endWithoutWorkers(lacking ? waitForMachines(waiting, settings, nowMs) : waiting, seen), actions);
  }
  if (progress.done === 0) return stay(beginEnding(record, canaryFailed(seen, record), nowMs), actions);
  if (canary.approval === 'manual' && !record.approved) {
    const text = `the canary passed (${progress.done} tasks); waiting for approval to grow`;
    const waitingFor = 'approval (foreach-fleet approve, or upload control/approve.json)';
    return stay(noteWaiting(move(record, 'approval', nowMs, text), nowMs, 'approval', waitingFor), actions);
  }
  const mean = (progress.meanSeconds ?? 0).toFixed(2);
  const text = `the canary passed: ${progress.done} done, ${progress.failed} failed, ${mean} s each`;
  const grown = planFleet(move(before, 'running', nowMs, text), seen, settings);
  return stay(grown.record, [...tended.actions, ...openGate(seen.gate), ...grown.actions]);
}

/** Where none of the canary's workers finds a place, one machine of their own. */
function placeCanary(
  record: RecordWithCluster,
  seen: SeenWorking,
  settings: PassSettings,
): { record: RecordWithCluster; actions: Action[] } {
  const noted = noteShortages(record, seen);
  const there = Math.max(workerNodes(seen.cluster), seen.workload.nodes.length);
  const nodes = Math.max(there, Math.min(workerNodesOfCanary(seen.workload), record.spec.canary.machines - 1));
  if (nodes === 0) return noted;
  const fleet = { ...record.fleet, nodes, text: 'two machines: the canary has no room beside Redis and driver' };
  const more = addNodes(noted.record, seen, settings, nodes - there);
  return { record: { ...noted.record, fleet }, actions: [...noted.actions, ...more] };
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
