/** Pure: machines and workers of the canary, which every job begins with. */
import { workerPool, workersPerMachine } from '../job/machines.ts';
import type { JobSpec } from '../job-file/job-spec.ts';

/** Of the canary's machines one carries Redis and the driver. */
export function workerNodesOfCanary(spec: JobSpec): number {
  return Math.max(1, spec.canary.machines - 1);
}

/** Workers that fill the canary's machines. */
export function workersOfCanary(spec: JobSpec): number {
  const perMachine = Math.max(1, workersPerMachine(workerPool(spec), spec.worker));
  return Math.min(spec.worker.max, perMachine * workerNodesOfCanary(spec));
}
