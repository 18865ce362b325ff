/**
 * Nodes as the scheduler sees them: what is allocatable, and what the pods on each request. Kept current from changes,
 * so that placing a pod costs no walk over all pods.
 */
import { isDeepStrictEqual } from 'node:util';
import { isOf } from '../is-of.ts';
import type { StoreEvent } from '../object-store.ts';
import { conditionsOf, findCondition } from './conditions.ts';
import { controllerOf } from './owners.ts';
import { isFinished, resourceRequests, type Resources } from './pod-state.ts';
import { parseQuantity } from '../../quantity.ts';
import type { Node, Pod } from '../objects.ts';

export interface NodeState {
  name: string;
  node: Node;
  allocatable: Resources;
  requested: Resources;
  pods: Map<string, PlacedPod>;
  /** Pods per managing owner, for spreading. */
  perOwner: Map<string, number>;
}

export interface PlacedPod {
  pod: Pod;
  node: string;
  requests: Resources;
  owner: string | undefined;
}

export class ClusterState {
  readonly nodes = new Map<string, NodeState>();
  /** Counts changes after which a pod that fitted nowhere may fit. */
  generation = 0;
  readonly #placed = new Map<string, PlacedPod>();
  /** Pods bound to nodes that are not known (yet). */
  readonly #waiting = new Map<string, Map<string, PlacedPod>>();

  /** Takes in a change; true when it may make room for a waiting pod. */
  apply(event: StoreEvent): boolean {
    let helps = false;
    if (isOf(event, 'nodes')) helps = this.#applyNode(event);
    else if (isOf(event, 'pods')) helps = this.#applyPod(event);
    if (helps) this.generation += 1;
    return helps;
  }

  #applyNode({ type, object }: StoreEvent<'nodes'>): boolean {
    const { name } = object.metadata;
    const known = this.nodes.get(name);
    if (type === 'DELETED') {
      if (known) this.#waiting.set(name, known.pods);
      this.nodes.delete(name);
      return true;
    }
    if (known) {
      const before = known.node;
      known.node = object;
      known.allocatable = allocatableOf(object);
      return mattersForScheduling(before, object);
    }
    const state: NodeState = {
      name,
      node: object,
      allocatable: allocatableOf(object),
      requested: {},
      pods: new Map(),
      perOwner: new Map(),
    };
    this.nodes.set(name, state);
    for (const placed of this.#waiting.get(name)?.values() ?? []) place(state, placed);
    this.#waiting.delete(name);
    return true;
  }

  #applyPod({ type, object }: StoreEvent<'pods'>): boolean {
    const { uid } = object.metadata;
    const known = this.#placed.get(uid);
    const node = object.spec?.nodeName ?? '';
    const counts = type !== 'DELETED' && node !== '' && !isFinished(object);
    if (counts && known) {
      const relabelled = !isDeepStrictEqual(known.pod.metadata.labels, object.metadata.labels);
      known.pod = object;
      return relabelled;
    }
    if (counts) this.#place(object, node);
    else if (known) this.#remove(known);
    return known !== undefined && !counts;
  }

  #place(pod: Pod, node: string): void {
    const placed: PlacedPod = {
      pod,
      node,
      requests: resourceRequests(pod),
      owner: controllerOf(pod)?.uid,
    };
    this.#placed.set(pod.metadata.uid, placed);
    const state = this.nodes.get(placed.node);
    if (state) return place(state, placed);
    const waiting = this.#waiting.get(placed.node) ?? new Map<string, PlacedPod>();
    this.#waiting.set(placed.node, waiting.set(pod.metadata.uid, placed));
  }

  #remove(placed: PlacedPod): void {
    const { uid } = placed.pod.metadata;
    this.#placed.delete(uid);
    const waiting = this.#waiting.get(placed.node);
    waiting?.delete(uid);
    if (waiting?.size === 0) this.#waiting.delete(placed.node);
    const state = this.nodes.get(placed.node);
    if (!state?.pods.delete(uid)) return;
    for (const name in placed.requests)
      state.requested[name] = (state.requested[name] ?? 0) - (placed.requests[name] ?? 0);
    if (placed.owner) state.perOwner.set(placed.owner, (state.perOwner.get(placed.owner) ?? 1) - 1);
  }
}

function place(state: NodeState, placed: PlacedPod): void {
  state.pods.set(placed.pod.metadata.uid, placed);
  for (const name in placed.requests)
    state.requested[name] = (state.requested[name] ?? 0) + (placed.requests[name] ?? 0);
  if (placed.owner) state.perOwner.set(placed.owner, (state.perOwner.get(placed.owner) ?? 0) + 1);
}

function allocatableOf(node: Node): Resources {
  const quantities = node.status?.allocatable ?? node.status?.capacity ?? {};
  return Object.fromEntries(Object.entries(quantities).map(([name, quantity]) => [name, parseQuantity(quantity) ?? 0]));
}

/** Heartbeats change a node without changing what fits on it. */
function mattersForScheduling(before: Node, after: Node): boolean {
  return (
    !isDeepStrictEqual(before.spec, after.spec) ||
    !isDeepStrictEqual(before.metadata.labels, after.metadata.labels) ||
    !isDeepStrictEqual(before.status?.allocatable, after.status?.allocatable) ||
    readyStatus(before) !== readyStatus(after)
  );
}

/** Status of a node's Ready condition; a node that has not reported yet is not ready. */
export function readyStatus(node: Node): string {
  return findCondition(conditionsOf(node), 'Ready')?.status ?? 'False';
}
