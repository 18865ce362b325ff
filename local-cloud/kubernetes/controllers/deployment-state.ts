/**
 * A Deployment with its ReplicaSets, and the arithmetic on them that rolling out, scaling and reporting share. Pure.
 */
import type { KubeObject } from '../object.ts';
import type { Deployment, ReplicaSet } from '../objects.ts';
import { scaledValue } from './scaled-value.ts';

export const REVISION = 'deployment.kubernetes.io/revision';
export const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';
export const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas';
export const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas';

export interface DeploymentState {
  deployment: Deployment;
  /** The ReplicaSet of the present template, once it exists. */
  newSet: ReplicaSet | undefined;
  /** All others. */
  oldSets: ReplicaSet[];
}

export function allSets(state: DeploymentState): ReplicaSet[] {
  return state.newSet ? [...state.oldSets, state.newSet] : state.oldSets;
}

export function wantedReplicas(object: Pick<Deployment | ReplicaSet, 'spec'>): number {
  return object.spec?.replicas ?? 1;
}

export function isRollingUpdate(deployment: Deployment): boolean {
  return (deployment.spec?.strategy?.type ?? 'RollingUpdate') === 'RollingUpdate';
}

/** Sum of the replicas that the specs of the sets ask for. */
export function sumWanted(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + wantedReplicas(set), 0);
}

/** Sum of one number of the sets' statuses. */
export function sumStatus(
  sets: readonly ReplicaSet[],
  field: 'replicas' | 'readyReplicas' | 'availableReplicas',
): number {
  return sets.reduce((sum, set) => sum + (set.status?.[field] ?? 0), 0);
}

/** How many pods may exist beyond the wanted number during a rollout. */
export function maxSurge(deployment: Deployment): number {
  return isRollingUpdate(deployment) ? fenceposts(deployment).surge : 0;
}

/** How many of the wanted pods may be missing during a rollout. */
export function maxUnavailable(deployment: Deployment): number {
  const wanted = wantedReplicas(deployment);
  if (!isRollingUpdate(deployment) || wanted === 0) return 0;
  return Math.min(fenceposts(deployment).unavailable, wanted);
}

function fenceposts(deployment: Deployment): { surge: number; unavailable: number } {
  const limits = deployment.spec?.strategy?.rollingUpdate ?? {};
  const wanted = wantedReplicas(deployment);
  const surge = scaledValue(limits.maxSurge ?? '25%', wanted, 'up');
  const unavailable = scaledValue(limits.maxUnavailable ?? '25%', wanted, 'down');
  // Both zero would be a standstill: one pod has to go first.
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable };
}

/** What the new ReplicaSet, which has `present` replicas, may grow to now. */
export function newSetReplicas(state: DeploymentState, present: number): number {
  const { deployment } = state;
  const wanted = wantedReplicas(deployment);
  if (!isRollingUpdate(deployment)) return wanted;
  const current = sumWanted(allSets(state));
  const most = wanted + maxSurge(deployment);
  if (current >= most) return present;
  return present + Math.min(most - current, wanted - present);
}

/** Oldest first; those of the same second by name. */
export function byCreation(a: KubeObject, b: KubeObject): number {
  const left = a.metadata.creationTimestamp;
  const right = b.metadata.creationTimestamp;
  if (left !== right) return left < right ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : 1;
}

export function revisionOf(object: KubeObject): number {
  return Number(object.metadata.annotations?.[REVISION] ?? 0);
}
