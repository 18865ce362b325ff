/**
 * Everything a pass can do to the world. Each action is idempotent: doing it twice, or
 * after it was already done, changes nothing.
 */
import type { ExplainedDeath } from './death.ts';
import type { Flavour } from './flavours.ts';
import type { PoolChoice } from './machines.ts';

export type ControlKind = 'cancel' | 'pause' | 'resume' | 'approve';

export type Action =
  /** Nothing happens when all are taken. `beside`: jobs that were seen to have a cluster. */
  | { do: 'take-place'; maximum: number; beside: string[] }
  | {
      do: 'create-cluster';
      name: string;
      location: string;
      system: PoolChoice;
      /** When the limits have ended it at the latest. */
      endsByMs: number;
      /** At once, the system's own included, at any time of the job. */
      mostMachines: number;
    }
  /** A pool of workers that is there already stays as it is. */
  | { do: 'create-pool'; name: string; flavour: Flavour; diskGb: number; nodes: number }
  | { do: 'resize-pool'; name: string; flavour: Flavour; nodes: number }
  | { do: 'delete-nodes'; nodes: string[] }
  /** All machines of workers go at once but this one. */
  | { do: 'release-nodes'; except: string | null }
  /** Not while its Redis holds results that are nowhere else; with `evenUnsaved` nobody looks. */
  | { do: 'delete-cluster'; name: string; location: string; evenUnsaved?: true }
  | { do: 'delete-leftovers'; cluster: string }
  /** Namespace, Redis, driver and workers as the manifests say; inputs are signed anew. */
  | { do: 'apply-workload'; workers: number }
  /**
   * Of `from`, which is what the plan has seen: another number by now refutes the plan. `idlePods` are the ones that
   * go, unless one of them has begun something since; with `evenBusy` nobody is asked. `large`: those with more memory.
   */
  | { do: 'scale-workers'; from: number; replicas: number; idlePods: string[]; evenBusy?: true; large?: true }
  | { do: 'set-gate'; tasks: number | 'open' }
  | { do: 'stop-driver'; reason: string }
  | { do: 'renew-lease' }
  | { do: 'back-up' }
  /**
   * Answers pods that requested URLs of objects of this attempt, or (`ledger`) of all that the bucket holds of the job.
   */
  | { do: 'sign-urls'; objects: string[] }
  /** Causes in Redis that are still what was seen are replaced by what Kubernetes says. */
  | { do: 'explain-deaths'; deaths: ExplainedDeath[] }
  /** Answered requests are removed, so that the same file can be uploaded again. */
  | { do: 'remove-control'; kind: ControlKind; generation: string };

/** What an action can be called; the compiler compares. */
export const ACTIONS = [
  'take-place',
  'create-cluster',
  'create-pool',
  'resize-pool',
  'delete-nodes',
  'release-nodes',
  'delete-cluster',
  'delete-leftovers',
  'apply-workload',
  'scale-workers',
  'set-gate',
  'stop-driver',
  'renew-lease',
  'back-up',
  'sign-urls',
  'explain-deaths',
  'remove-control',
] as const satisfies readonly Action['do'][];
