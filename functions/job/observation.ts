/** What one pass sees, as values. `'unknown'` means that it could not be read: an alarm, never empty. */
import type { ClusterView, Leftover } from '../ports/clusters.ts';
import type { ControlKind } from './action.ts';
import type { ContainerDeath, PodEnd } from './death.ts';
import type { FolderFile } from './job-record.ts';
import type { JobSpec } from '../job-file/job-spec.ts';
import type { Problem } from '../job-file/problem.ts';

import type { Gate, Progress, WorkerProgress } from './progress.ts';
import type { WorkloadView } from '../ports/workloads.ts';

export interface Observation {
  nowMs: number;
  upload: UploadView;
  /** Null: it does not exist. Only read when the record names a cluster. */
  cluster: ClusterView | null | 'unknown';
  /** Billable things with the cluster's label that outlived it; read only after it is gone. */
  leftovers: Leftover[] | 'unknown';
  workload: WorkloadView | null | 'unknown';
  progress: Progress | null | 'unknown';
  workers: WorkerProgress[];
  /** Null: Redis was not read. */
  gate: Gate | null;
  /** Objects of this attempt that pods have requested a signed URL of. */
  urlRequests: string[];
  /** Iterations that wait for a worker with more memory. */
  largeWaiting: number;
  /** Of iterations with their worker's container, not yet explained; and how the containers of those pods ended. */
  deaths: ContainerDeath[];
  podEnds: Record<string, PodEnd>;
  /** vCPUs that the project may still start here; null when not asked or not known. */
  freeVcpus: number | null;
  /** What this attempt has in the results bucket, whoever put it there; null when not asked or not known. */
  storedBytes: number | null;
  /** Places for clusters; null when not asked. */
  places: PlacesView | 'unknown' | null;
}

export interface PlacesView {
  /** Whether this attempt has one. */
  held: boolean;
  /** How many other jobs have. */
  taken: number;
  maximum: number;
  /** Jobs that have a cluster. */
  beside: string[];
}

export interface UploadView {
  jobFile: { name: string; generation: string; md5: string } | null;
  files: FolderFile[];
  /** Of the files that were listed. */
  filesDigest: string;
  controls: Partial<Record<ControlKind, { generation: string }>>;
  /** The parsed job file; null when there is none or it was not read in this pass. */
  parsed: { spec: JobSpec | null; problems: readonly Problem[] } | null;
  /** What is wrong with the script itself (empty, not UTF-8); null when it is fine or was not read. */
  scriptProblem: Problem | null;
  /** Addresses of data in other buckets that is not there; read while the job waits. */
  missingObjects: string[] | 'unknown';
  newestMs: number;
}
