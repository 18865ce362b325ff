/**
 * The ReplicaSets of a Deployment as its history: finding or making the one of the present
 * template, numbering revisions, dropping old ones.
 */
import { isDeepStrictEqual } from 'node:util';
import { ApiError } from '../api-error.ts';
import type { Draft } from '../object.ts';
import type { Deployment, ReplicaSet } from '../objects.ts';
import { byKey, keyOf, type ControllerContext } from './controller.ts';
import {
  allSets,
  byCreation,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  maxSurge,
  newSetReplicas,
  REVISION,
  REVISION_HISTORY,
  revisionOf,
  wantedReplicas,
  type DeploymentState,
} from './deployment-state.ts';
import { setProgress } from './deployment-status.ts';
import type { EventRecorder } from './event-recorder.ts';
import { controllerOf, controllerReference } from './owners.ts';
import { podTemplateHash, sameTemplate } from './pod-template-hash.ts';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
/** Annotations of the Deployment that its ReplicaSets do not take over. */
const OWN_ANNOTATIONS = new Set([LAST_APPLIED, REVISION, REVISION_HISTORY, DESIRED_REPLICAS, MAX_REPLICAS]);
const HISTORY_LIMIT_DEFAULT = 10;

/** Sorts a Deployment's ReplicaSets into the one of the present template and the others. */
export function stateOf(deployment: Deployment, sets: readonly ReplicaSet[]): DeploymentState {
  const ordered = [...sets].sort(byCreation);
  const newSet = ordered.find((set) => sameTemplate(set.spec?.template, deployment.spec?.template));
  return { deployment, newSet, oldSets: ordered.filter((set) => set !== newSet) };
}

/**
 * Brings revision numbers and annotations up to date, and makes the ReplicaSet of the present
 * template if there is none and `create` says so.
 */
export function syncRevision(
  context: ControllerContext,
  recorder: EventRecorder,
  state: DeploymentState,
  create: boolean,
): DeploymentState {
  const revision = Math.max(0, ...state.oldSets.map(revisionOf)) + 1;
  if (!state.newSet) return create ? createNewSet(context, recorder, state, revision) : state;
  const newSet = updateNewSet(context, state, state.newSet, revision);
  const own = newSet.metadata.annotations?.[REVISION];
  const annotated = own === undefined ? state.deployment : withRevision(context, state.deployment, own);
  const deployment = setProgress(context, annotated, {
    onlyIfMissing: true,
    status: 'True',
    reason: 'FoundNewReplicaSet',
    message: `Found new replica set "${newSet.metadata.name}"`,
  });
  return { ...state, deployment, newSet };
}

function updateNewSet(
  { store }: ControllerContext,
  { deployment }: DeploymentState,
  set: ReplicaSet,
  revision: number,
): ReplicaSet {
  const annotations = newSetAnnotations(deployment, set.metadata.annotations ?? {}, revision);
  const minReadySeconds = deployment.spec?.minReadySeconds ?? 0;
  const sameSpec = (set.spec?.minReadySeconds ?? 0) === minReadySeconds;
  if (sameSpec && isDeepStrictEqual(annotations, set.metadata.annotations ?? {})) return set;
  return store.update('replicasets', {
    ...set,
    metadata: { ...set.metadata, annotations },
    spec: sameSpec ? set.spec : { ...set.spec, minReadySeconds },
  });
}

/** The Deployment's annotations and a revision that never goes back; numbers given up are kept as history. */
function newSetAnnotations(deployment: Deployment, current: Record<string, string>, revision: number) {
  const annotations = { ...current };
  for (const [key, value] of Object.entries(deployment.metadata.annotations ?? {})) {
    if (!OWN_ANNOTATIONS.has(key)) annotations[key] = value;
  }
  const before = current[REVISION];
  if (before === undefined || Number(before) < revision) {
    annotations[REVISION] = String(revision);
    if (before !== undefined) {
      annotations[REVISION_HISTORY] = [current[REVISION_HISTORY], before].filter(Boolean).join(',');
    }
  }
  return annotations;
}

function withRevision({ store }: ControllerContext, deployment: Deployment, revision: string): Deployment {
  const { metadata } = deployment;
  if (metadata.annotations?.[REVISION] === revision) return deployment;
  const annotations = { ...metadata.annotations, [REVISION]: revision };
  return store.update('deployments', { ...deployment, metadata: { ...metadata, annotations } });
}

function createNewSet(
  context: ControllerContext,
  recorder: EventRecorder,
  state: DeploymentState,
  revision: number,
): DeploymentState {
  const { deployment } = state;
  const draft = newSetFrom(deployment, revision);
  const replicas = newSetReplicas(state, 0);
  const newSet = createOrAdopt(context, deployment, { ...draft, spec: { ...draft.spec, replicas } });
  if (replicas > 0) {
    const message = `Scaled up replica set ${newSet.metadata.name} from 0 to ${replicas}`;
    recorder.record(deployment, 'Normal', 'ScalingReplicaSet', message);
  }
  const progressed = setProgress(context, deployment, {
    status: 'True',
    reason: 'NewReplicaSetCreated',
    message: `Created new replica set "${newSet.metadata.name}"`,
  });
  return { ...state, deployment: withRevision(context, progressed, String(revision)), newSet };
}

function newSetFrom(deployment: Deployment, revision: number): Draft<ReplicaSet> {
  const hash = podTemplateHash(deployment.spec?.template, deployment.status?.collisionCount);
  const template = structuredClone(deployment.spec?.template ?? {});
  const labels = { ...template.metadata?.labels, 'pod-template-hash': hash };
  template.metadata = { ...template.metadata, labels };
  const selector = structuredClone(deployment.spec?.selector ?? {});
  selector.matchLabels = { ...selector.matchLabels, 'pod-template-hash': hash };
  const wanted = wantedReplicas(deployment);
  return {
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace ?? 'default',
      labels,
      annotations: {
        ...newSetAnnotations(deployment, {}, revision),
        [DESIRED_REPLICAS]: String(wanted),
        [MAX_REPLICAS]: String(wanted + maxSurge(deployment)),
      },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      selector,
      template,
      ...(deployment.spec?.minReadySeconds ? { minReadySeconds: deployment.spec?.minReadySeconds } : {}),
    },
  };
}

/**
 * A name already taken is this Deployment's own set made a moment ago, or another template with
 * the same hash: then the hash is moved on.
 */
function createOrAdopt(context: ControllerContext, deployment: Deployment, set: Draft<ReplicaSet>): ReplicaSet {
  const { store } = context;
  try {
    return store.create('replicasets', set);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const existing = store.get('replicasets', set.metadata.namespace, set.metadata.name ?? '');
    if (error.reason === 'AlreadyExists' && existing) {
      if (isMadeBefore(existing, deployment, set)) return existing;
      const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
      store.updateStatus('deployments', { ...deployment, status: { ...deployment.status, collisionCount } });
    } else {
      const message = `Failed to create new replica set "${set.metadata.name}": ${error.message}`;
      setProgress(context, deployment, { status: 'False', reason: 'ReplicaSetCreateError', message });
    }
    throw error;
  }
}

function isMadeBefore(existing: ReplicaSet, { metadata }: Deployment, { spec }: Draft<ReplicaSet>): boolean {
  return controllerOf(existing)?.uid === metadata.uid && sameTemplate(existing.spec?.template, spec?.template);
}

/** Deletes the oldest ReplicaSets that hold no pods, beyond the history limit. */
export function dropOldRevisions({ store }: ControllerContext, { deployment, oldSets }: DeploymentState): void {
  const limit = deployment.spec?.revisionHistoryLimit ?? HISTORY_LIMIT_DEFAULT;
  const alive = oldSets.filter((set) => set.metadata.deletionTimestamp === undefined);
  const surplus = alive.length - limit;
  if (surplus <= 0) return;
  const ordered = alive.sort((a, b) => revisionOf(a) - revisionOf(b) || byCreation(a, b));
  for (const set of ordered.slice(0, surplus)) {
    const current = byKey(store, 'replicasets', keyOf(set));
    if (!current || !isEmpty(current)) continue;
    store.delete('replicasets', set.metadata.namespace, set.metadata.name, { propagationPolicy: 'Background' });
  }
}

function isEmpty(set: ReplicaSet): boolean {
  const observed = set.status?.observedGeneration ?? 0;
  return wantedReplicas(set) === 0 && (set.status?.replicas ?? 0) === 0 && (set.metadata.generation ?? 0) <= observed;
}

/** Sets that ask for pods. */
export function activeSets(state: DeploymentState): ReplicaSet[] {
  return allSets(state).filter((set) => wantedReplicas(set) > 0);
}
