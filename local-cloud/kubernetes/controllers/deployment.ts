/** Deployments: rolls a template out through ReplicaSets, one per template, and reports how far it is. */
import { isOf } from '../is-of.ts';
import type { Deployment, Pod } from '../objects.ts';
import { claim, concernedOwners } from './claim.ts';
import { conditionsOf, findCondition } from './conditions.ts';
import { byKey, keyOf, keysOfAll, type Controller, type ControllerContext } from './controller.ts';
import { activeSets, dropOldRevisions, stateOf, syncRevision } from './deployment-revisions.ts';
import { Rollout } from './deployment-rollout.ts';
import {
  allSets,
  DESIRED_REPLICAS,
  isRollingUpdate,
  sumStatus,
  wantedReplicas,
  type DeploymentState,
} from './deployment-state.ts';
import { isComplete, setProgress, writeCounts, writeRolloutStatus } from './deployment-status.ts';
import type { EventRecorder } from './event-recorder.ts';
import { controllerOf } from './owners.ts';
import { isFinished } from './pod-state.ts';

export function deploymentController(context: ControllerContext): Controller {
  const { store, index } = context;
  const recorder = context.recorder('deployment-controller');
  const rollout = new Rollout(context, recorder);
  return {
    name: 'deployment',
    *keysFor(event) {
      if (event.resource === 'deployments') yield keyOf(event.object);
      if (event.resource === 'replicasets') yield* concernedOwners(context, event, owners);
      // A Recreate rollout waits for the last old pod to be gone.
      if (isOf(event, 'pods') && event.type === 'DELETED') yield* deploymentOfPod(context, event.object);
    },
    allKeys: () => keysOfAll(index, 'deployments'),
    sync(key) {
      const deployment = byKey(store, 'deployments', key);
      return deployment ? syncDeployment(context, recorder, rollout, deployment) : undefined;
    },
  };
}

const owners = { kind: 'Deployment', resource: 'deployments' } as const;

function* deploymentOfPod({ index }: ControllerContext, pod: Pod): Iterable<string> {
  const set = controllerOf(pod);
  const owner = set && index.find(set.uid);
  const manager = owner?.resource === 'replicasets' ? controllerOf(owner.object) : undefined;
  if (manager?.kind === 'Deployment') yield `${pod.metadata.namespace ?? ''}/${manager.name}`;
}

function syncDeployment(
  context: ControllerContext,
  recorder: EventRecorder,
  rollout: Rollout,
  deployment: Deployment,
): number | undefined {
  const sets = claim(context, 'replicasets', deployment, deployment.spec?.selector);
  if (deployment.metadata.deletionTimestamp !== undefined) {
    writeCounts(context, stateOf(deployment, sets));
    return undefined;
  }
  const noted = notePause(context, deployment);
  const state = stateOf(noted, sets);
  if (noted.spec?.paused === true || isScaling(state)) {
    const revised = syncRevision(context, recorder, state, false);
    rollout.spreadScale(revised);
    if (noted.spec?.paused === true) dropOldRevisions(context, revised);
    writeCounts(context, refreshed(context, revised));
    return undefined;
  }
  return isRollingUpdate(noted)
    ? rollingUpdate(context, recorder, rollout, state)
    : recreate(context, recorder, rollout, state);
}

function rollingUpdate(
  context: ControllerContext,
  recorder: EventRecorder,
  rollout: Rollout,
  before: DeploymentState,
): number | undefined {
  const state = syncRevision(context, recorder, before, true);
  if (!rollout.rollingStep(state) && isComplete(state.deployment)) dropOldRevisions(context, state);
  return writeRolloutStatus(context, refreshed(context, state));
}

function recreate(
  context: ControllerContext,
  recorder: EventRecorder,
  rollout: Rollout,
  before: DeploymentState,
): number | undefined {
  let state = syncRevision(context, recorder, before, false);
  if (!rollout.stopOld(state) && !oldPodsLeft(context, state)) {
    state = refreshed(context, syncRevision(context, recorder, state, true));
    rollout.startNew(state);
    if (isComplete(state.deployment)) dropOldRevisions(context, state);
  }
  return writeRolloutStatus(context, refreshed(context, state));
}

/** Whether pods of old sets are still there, those that are only shutting down included. */
function oldPodsLeft({ index }: ControllerContext, { oldSets }: DeploymentState): boolean {
  if (sumStatus(oldSets, 'replicas') > 0) return true;
  return oldSets.some((set) => index.controlledBy('pods', set.metadata.uid).some((pod) => !isFinished(pod)));
}

/** Whether the wanted number of replicas changed since the sets were last sized. */
function isScaling(state: DeploymentState): boolean {
  const wanted = wantedReplicas(state.deployment);
  return activeSets(state).some((set) => {
    const noted = set.metadata.annotations?.[DESIRED_REPLICAS];
    return noted !== undefined && Number(noted) !== wanted;
  });
}

/** The state with the objects as they are stored now. */
function refreshed({ store }: ControllerContext, state: DeploymentState): DeploymentState {
  const deployment = byKey(store, 'deployments', keyOf(state.deployment)) ?? state.deployment;
  const sets = allSets(state).map((set) => byKey(store, 'replicasets', keyOf(set)) ?? set);
  return stateOf(deployment, sets);
}

/**
 * Says in the Progressing condition that a rollout was paused or resumed, so that its deadline does not run meanwhile.
 */
function notePause(context: ControllerContext, deployment: Deployment): Deployment {
  const current = findCondition(conditionsOf(deployment), 'Progressing');
  if (current?.reason === 'ProgressDeadlineExceeded') return deployment;
  const pausedBefore = current?.reason === 'DeploymentPaused';
  const paused = deployment.spec?.paused === true;
  if (paused === pausedBefore) return deployment;
  return setProgress(context, deployment, {
    status: 'Unknown',
    reason: paused ? 'DeploymentPaused' : 'DeploymentResumed',
    message: paused ? 'Deployment is paused' : 'Deployment is resumed',
  });
}
