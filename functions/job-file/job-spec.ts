// What a job asks for, checked and canonical: every key present, units in the names, nothing that can still be invalid.
// Made only by parseJobFile; safe to store as JSON. The file's own form (with "2Gi" and defaults) is in job-schema.ts.
import type { JobFile } from './job-schema.ts';
import { splitBucketAddress } from './text-rules.ts';
import { bytesOf, secondsOf } from './units.ts';

export interface JobSpec {
  /** Path of the R script inside the job folder. */
  readonly script: string;
  /** What commandArgs(trailingOnly = TRUE) returns in the script. */
  readonly arguments: readonly string[];
  readonly data: readonly DataObject[];
  /** Digest-pinned container image; null stands for the installation's worker image. */
  readonly image: string | null;
  readonly packages: {
    readonly cran: readonly string[];
    readonly bioc: readonly string[];
    readonly github: readonly string[];
    readonly lockfile: string | null;
  };
  readonly env: Readonly<Record<string, string>>;
  readonly worker: { readonly cpu: number; readonly memoryBytes: number; readonly max: number };
  readonly machines: {
    /** Empty: the planner chooses. */
    readonly types: readonly string[];
    readonly zones: readonly string[];
    readonly spot: 'never' | 'prefer' | 'only';
    readonly diskGb: number;
    readonly externalIps: boolean;
  };
  readonly canary: { readonly machines: number; readonly tasks: number; readonly approval: 'automatic' | 'manual' };
  readonly tasks: {
    readonly maxTimeSeconds: number;
    readonly tries: number;
    readonly size: 'auto' | number;
    readonly onError: 'default' | 'stop';
    /** An iteration for which memory ran out is tried once more, on a worker with a machine's memory to itself. */
    readonly isolate: 'worker' | 'iteration';
    readonly moreMemory: boolean;
    /** When too many iterations have failed: all three reached. Null: never. */
    readonly errors: { readonly count: number; readonly rate: number; readonly sample: number } | null;
  };
  readonly limits: { readonly usd: number; readonly timeSeconds: number };
  readonly speed: 'cheapest' | 'balanced' | 'fastest';
  readonly seed: number | null;
  /** Loops to expect, when the user says so. */
  readonly stages: number | null;
  readonly notify: readonly string[];
  readonly debugHoldSeconds: number;
  readonly cluster: 'gke' | 'existing';
}

export interface DataObject {
  /** A path inside the job folder, or gs://bucket/name. */
  readonly object: string;
  /** load: load() into the global environment; file: only placed in the working directory. */
  readonly as: 'load' | 'file';
}

/** The name that a data object gets in the script's working directory. */
export function workingName(object: string): string {
  const address = splitBucketAddress(object);
  return address === undefined ? object : address[1].slice(address[1].lastIndexOf('/') + 1);
}

/**
 * Working names of what is load()ed into the global environment before the script, and before a worker's first task.
 */
export function loadedNames(spec: JobSpec): string[] {
  return spec.data.filter((data) => data.as === 'load').map((data) => workingName(data.object));
}

/** The canonical form of a file that the schema has accepted, frozen through and through. */
export function toJobSpec(file: JobFile): JobSpec {
  return freezeDeep<JobSpec>({
    script: file.script,
    arguments: file.arguments.map(String),
    data: file.data.map((entry) => ({ object: entry.object, as: entry.as ?? defaultUse(entry.object) })),
    image: file.image,
    packages: file.packages,
    env: Object.fromEntries(Object.entries(file.env).map(([name, value]) => [name, String(value)])),
    worker: { cpu: file.worker.cpu, memoryBytes: bytesOf(file.worker.memory), max: file.worker.max },
    machines: file.machines,
    canary: file.canary,
    tasks: {
      maxTimeSeconds: secondsOf(file.tasks.maxTime),
      tries: file.tasks.tries,
      size: file.tasks.size,
      onError: file.tasks.onError,
      isolate: file.tasks.isolate,
      moreMemory: file.tasks.moreMemory,
      errors: file.tasks.errors,
    },
    limits: { usd: file.limits.usd, timeSeconds: secondsOf(file.limits.time) },
    speed: file.speed,
    seed: file.seed,
    stages: file.stages,
    notify: file.notify,
    debugHoldSeconds: secondsOf(file.debugHold),
    cluster: file.cluster,
  });
}

function defaultUse(object: string): 'load' | 'file' {
  return /\.(rdata|rda)$/i.test(object) ? 'load' : 'file';
}

function freezeDeep<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) freezeDeep(part);
    Object.freeze(value);
  }
  return value;
}
