/**
 * Pure: machines and workers of the canary, which every job begins with. It runs on the system machine. A worker that
 * finds no room there gets one machine of its own: never more than two until the canary has passed.
 */
import { workerMachineTypes, workersOnSystem, workersPerMachine } from '../job/machines.ts';
import { waitCodeOfTrouble } from '../job/waiting.ts';
import type { WorkloadView } from '../ports/workloads.ts';
import type { JobSpec } from '../job-file/job-spec.ts';

/** Workers that fill the system machine, or else one machine of the first type. */
export function workersOfCanary({ worker, machines, ...spec }: JobSpec): number {
  const [machineType = ''] = workerMachineTypes({ worker, machines, ...spec });
  const onOne = workersPerMachine({ machineType, diskGb: machines.diskGb }, worker);
  return Math.min(worker.max, workersOnSystem(worker) || Math.max(1, onOne));
}

/** Machines of workers that the canary needs now: none where one of its workers has a place, or may still get one. */
export function workerNodesOfCanary({ pods }: WorkloadView): number {
  const workers = pods.filter(({ role, ended }) => role === 'worker' && !ended);
  if (workers.some(({ node }) => node !== null)) return 0;
  return workers.some(({ trouble }) => waitCodeOfTrouble(trouble) === 'pods-pending') ? 1 : 0;
}
