/**
 * Pure: the script runs: keep it running, give it the fleet that its work deserves, and notice when no worker comes.
 */
import type { RecordWithCluster } from '../job/known-record.ts';
import type { Observation } from '../job/observation.ts';
import type { PassSettings } from '../job/settings.ts';
import { planFleet } from './plan-fleet.ts';
import { openGate } from './plan-gate.ts';
import { endWithoutWorkers } from './plan-no-workers.ts';
import { stay, type Step } from './step.ts';
import { tendWorkload } from './tend-workload.ts';

/** The rule of phase running: keeps what runs as it should be, and the fleet at its size. */
export function planRunning(record: RecordWithCluster, observation: Observation, settings: PassSettings): Step {
  const tended = tendWorkload(record, observation);
  if (tended.is === 'settled') return tended.step;
  const sized = planFleet(record, tended.seen, settings);
  return stay(endWithoutWorkers(sized.record, tended.seen), [
    ...tended.actions,
    ...openGate(tended.seen.gate),
    ...sized.actions,
  ]);
}
