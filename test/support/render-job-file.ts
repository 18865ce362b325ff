// A JobSpec back to the form that users write, for round-trip tests. Not part of what is deployed.
import type { JobSpec } from '../../functions/job-file/job-spec.ts';

/** Plain values with the keys of the job file; parsing them again must give the same spec. */
export function renderJobFile(spec: JobSpec): Record<string, unknown> {
  const { memoryBytes, ...worker } = spec.worker;
  const { maxTimeSeconds, ...tasks } = spec.tasks;
  const { debugHoldSeconds, ...rest } = spec;
  return {
    ...rest,
    worker: { ...worker, memory: `${memoryBytes / 1e6}M` },
    tasks: { ...tasks, maxTime: `${maxTimeSeconds}s` },
    limits: { usd: spec.limits.usd, time: `${spec.limits.timeSeconds}s` },
    debugHold: `${debugHoldSeconds}s`,
  };
}
