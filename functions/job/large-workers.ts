/** Workers with a machine's memory to themselves, for iterations for which memory has run out. */
import type { JobSpec } from '../job-file/job-spec.ts';
import { memoryBytesForPods, workerMachineTypes } from './machines.ts';

/** Their Deployment. */
export const LARGE_WORKERS = 'workers-large';

/** What other pods of the machine may take, and what the kubelet may say differently: else they fit on none. */
const SHARE_OF_MACHINE = 0.9;
/** Less than so much more is not worth a machine. */
const LEAST_GAIN = 1.2;

/** By the pod's name, which Kubernetes makes from the Deployment's; no hash of its own contains such a word. */
export function isLargeWorker(pod: string): boolean {
  return pod.startsWith(`${LARGE_WORKERS}-`);
}

/** Null: the job does not want them, or its machines have no more than a worker has anyway. */
export function largeWorkerBytes(spec: JobSpec): number | null {
  const mebibyte = 1024 ** 2;
  // They may come to a machine of any of the types.
  const bytes = Math.min(...workerMachineTypes(spec).map(memoryBytesForPods)) * SHARE_OF_MACHINE;
  if (!spec.tasks.moreMemory || bytes < LEAST_GAIN * spec.worker.memoryBytes) return null;
  return Math.floor(bytes / mebibyte) * mebibyte;
}
