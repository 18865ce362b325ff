/** Moves pods from a Deployment's old ReplicaSets to the new one, and spreads a change of scale over all of them. */
import type { Deployment, ReplicaSet } from '../objects.ts';
import type { ControllerContext } from './controller.ts';
import { activeSets } from './deployment-revisions.ts';
import {
  allSets,
  byCreation,
  DESIRED_REPLICAS,
  isRollingUpdate,
  MAX_REPLICAS,
  maxSurge,
  maxUnavailable,
  newSetReplicas,
  sumStatus,
  sumWanted,
  wantedReplicas,
  type DeploymentState,
} from './deployment-state.ts';
import type { EventRecorder } from './event-recorder.ts';

export class Rollout {
  readonly #context: ControllerContext;
  readonly #recorder: EventRecorder;

  constructor(context: ControllerContext, recorder: EventRecorder) {
    this.#context = context;
    this.#recorder = recorder;
  }

  /** One step of a rolling update; true when a set was scaled, so that its pods have to be waited for. */
  rollingStep(state: DeploymentState): boolean {
    return this.#growNew(state) || this.#shrinkOld(state);
  }

  /** Scales every old set to nothing; true when there was one to scale. */
  stopOld({ deployment, oldSets }: DeploymentState): boolean {
    const scaled = oldSets.map((set) => this.#scale(deployment, set, 0));
    return scaled.includes(true);
  }

  /** Scales the new set to all that is wanted. */
  startNew({ deployment, newSet }: DeploymentState): boolean {
    return newSet !== undefined && this.#scale(deployment, newSet, wantedReplicas(deployment));
  }

  /** Takes a new number of replicas to the sets, in proportion where a rollout is under way. */
  spreadScale(state: DeploymentState): void {
    const { deployment } = state;
    const wanted = wantedReplicas(deployment);
    const active = activeSets(state);
    if (active.length <= 1) {
      const only = active[0] ?? state.newSet ?? [...state.oldSets].sort(byCreation).at(-1);
      if (only) this.#scale(deployment, only, wanted);
    } else if (isSaturated(state)) {
      this.stopOld(state);
    } else if (isRollingUpdate(deployment)) {
      for (const [set, replicas] of proportionally(deployment, active)) this.#scale(deployment, set, replicas);
    }
  }

  #growNew(state: DeploymentState): boolean {
    const { deployment, newSet } = state;
    if (!newSet || wantedReplicas(newSet) === wantedReplicas(deployment)) return false;
    const tooMany = wantedReplicas(newSet) > wantedReplicas(deployment);
    return this.#scale(
      deployment,
      newSet,
      tooMany ? wantedReplicas(deployment) : newSetReplicas(state, wantedReplicas(newSet)),
    );
  }

  #shrinkOld(state: DeploymentState): boolean {
    const { deployment, newSet } = state;
    const oldSets = state.oldSets.filter((set) => wantedReplicas(set) > 0).sort(byCreation);
    if (oldSets.length === 0) return false;
    const sets = allSets(state);
    const leastAvailable = wantedReplicas(deployment) - maxUnavailable(deployment);
    const newUnavailable = newSet ? wantedReplicas(newSet) - sumStatus([newSet], 'availableReplicas') : 0;
    const most = sumWanted(sets) - leastAvailable - newUnavailable;
    if (most <= 0) return false;
    const targets = new Map(oldSets.map((set) => [set, wantedReplicas(set)]));
    takeUnhealthy(targets, most);
    takeHealthy(targets, sumStatus(sets, 'availableReplicas') - leastAvailable);
    const scaled = [...targets].map(([set, replicas]) => this.#scale(deployment, set, replicas));
    return scaled.includes(true);
  }

  #scale(deployment: Deployment, set: ReplicaSet, replicas: number): boolean {
    const before = wantedReplicas(set);
    const wanted = wantedReplicas(deployment);
    const annotations = {
      ...set.metadata.annotations,
      [DESIRED_REPLICAS]: String(wanted),
      [MAX_REPLICAS]: String(wanted + maxSurge(deployment)),
    };
    const { [DESIRED_REPLICAS]: desired, [MAX_REPLICAS]: most } = set.metadata.annotations ?? {};
    const noted = desired === annotations[DESIRED_REPLICAS] && most === annotations[MAX_REPLICAS];
    if (before === replicas && noted) return false;
    this.#context.store.update('replicasets', {
      ...set,
      metadata: { ...set.metadata, annotations },
      spec: { ...set.spec, replicas },
    });
    if (before === replicas) return false;
    const direction = replicas > before ? 'up' : 'down';
    const message = `Scaled ${direction} replica set ${set.metadata.name} from ${before} to ${replicas}`;
    this.#recorder.record(deployment, 'Normal', 'ScalingReplicaSet', message);
    return true;
  }
}

/** Pods that are not available serve nobody: they go first, up to `most` of them. */
function takeUnhealthy(targets: Map<ReplicaSet, number>, most: number): void {
  let left = most;
  for (const [set, replicas] of targets) {
    const taken = Math.min(left, replicas - sumStatus([set], 'availableReplicas'));
    if (taken <= 0) continue;
    targets.set(set, replicas - taken);
    left -= taken;
  }
}

/** Then available ones, as many as can be spared. */
function takeHealthy(targets: Map<ReplicaSet, number>, spare: number): void {
  let left = spare;
  for (const [set, replicas] of targets) {
    const taken = Math.min(left, replicas);
    if (taken <= 0) continue;
    targets.set(set, replicas - taken);
    left -= taken;
  }
}

/** Whether the new set alone is at full size and available. */
function isSaturated({ deployment, newSet }: DeploymentState): boolean {
  if (!newSet) return false;
  const wanted = wantedReplicas(deployment);
  return (
    wantedReplicas(newSet) === wanted &&
    Number(newSet.metadata.annotations?.[DESIRED_REPLICAS]) === wanted &&
    sumStatus([newSet], 'availableReplicas') === wanted
  );
}

/**
 * The sets' sizes after a change of scale in the middle of a rollout: each gets its
 * share, the largest what rounding leaves over.
 */
function proportionally(deployment: Deployment, sets: readonly ReplicaSet[]): Map<ReplicaSet, number> {
  const wanted = wantedReplicas(deployment);
  const allowed = wanted > 0 ? wanted + maxSurge(deployment) : 0;
  const toAdd = allowed - sumWanted(sets);
  const ordered = [...sets].sort(
    (a, b) => wantedReplicas(b) - wantedReplicas(a) || (toAdd > 0 ? byCreation(b, a) : byCreation(a, b)),
  );
  let added = 0;
  const sizes = new Map<ReplicaSet, number>();
  for (const set of ordered) {
    const share = toAdd === 0 ? 0 : shareOf(deployment, set, toAdd, added);
    sizes.set(set, wantedReplicas(set) + share);
    added += share;
  }
  const largest = ordered[0];
  if (largest && toAdd !== 0) sizes.set(largest, Math.max(0, (sizes.get(largest) ?? 0) + toAdd - added));
  return sizes;
}

function shareOf(deployment: Deployment, set: ReplicaSet, toAdd: number, added: number): number {
  const replicas = wantedReplicas(set);
  if (replicas === 0 || toAdd === added) return 0;
  const wanted = wantedReplicas(deployment);
  const before = Number(set.metadata.annotations?.[MAX_REPLICAS] ?? 0) || (deployment.status?.replicas ?? 0);
  let fraction = -replicas;
  if (wanted > 0) {
    fraction = before === 0 ? 0 : Math.round((replicas * (wanted + maxSurge(deployment))) / before) - replicas;
  }
  return toAdd > 0 ? Math.min(fraction, toAdd - added) : Math.max(fraction, toAdd - added);
}
