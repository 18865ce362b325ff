/**
 * Iterations whose worker died as a whole container, and what Kubernetes says of that container's end. The supervisor
 * that begins in the container anew knows only that it was killed; only the pod's status tells for want of what.
 */

/** R ended, ran too long, had no memory, or ended together with its container. */
export const DEATH_CAUSES = ['killed', 'time', 'memory', 'container'] as const;

/** A word for R, and a text for people (docs/redis-protocol.md). */
export type DeathCause = `${(typeof DEATH_CAUSES)[number]} ${string}`;

export interface ContainerDeath {
  /** `<loop>:<iteration>` */
  id: string;
  /** The cause as Redis has it: it is replaced only while it is still this one. */
  cause: string;
  pod: string;
  /** When the iteration began, and when its death was counted: both by the clock of the pod's machine. */
  beganSeconds: number;
  countedSeconds: number;
}

/** The last end of a pod's container. */
export interface ContainerEnd {
  /** Kubernetes' word: OOMKilled, Error, … */
  reason: string;
  exitCode: number;
  /** By the clock of the pod's machine, without fractions. */
  finishedSeconds: number;
  /** As the pod has it, such as 2Gi; null: it has none. */
  memoryLimit: string | null;
}

/** 'gone': there is no such pod. Null: its container has not ended, as far as is known. */
export type PodEnd = ContainerEnd | 'gone' | null;

/** A death, and the cause that takes the place of "the container ended". */
export interface ExplainedDeath {
  id: string;
  was: string;
  cause: DeathCause;
}
