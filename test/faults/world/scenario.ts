/** What a schedule of faults is run against: a job, what happens to it, and how it must end. */
import type { JobRecord } from '../../../functions/job/job-record.ts';
import type { FaultWorld } from './fault-world.ts';
import type { ScriptPlan } from './simulated-cluster.ts';
import type { Shortages } from './simulated-pools.ts';

export interface Scenario extends Shortages {
  name: string;
  jobFile: string;
  script: ScriptPlan;
  /** What the user or the cloud does, and when (seconds since the upload, or once the job is in a phase). */
  events: { when: number | JobRecord['phase']; afterSeconds?: number; act: (world: FaultWorld) => void }[];
  /** How the job must end, whatever happens on the way. */
  outcomes: JobRecord['phase'][];
  capUsd: number;
}
