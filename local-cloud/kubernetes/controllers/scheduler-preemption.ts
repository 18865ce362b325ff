/**
 * Which pods have to go so that one of a higher priority has a place. They are found in the real scheduler's way,
 * without disruption budgets, which bind it only where it has a choice. Pure.
 */
import type { Pod } from '../objects.ts';
import type { NodeState, PlacedPod } from './node-state.ts';
import type { Resources } from './pod-state.ts';
import { refusal, type PodToPlace } from './scheduler-filters.ts';

export interface Preemption {
  node: string;
  victims: Pod[];
}

/** A pod without a class has priority 0. */
export function priorityOf({ spec }: Pod): number {
  return Number(spec?.priority ?? 0);
}

/** The node whose victims matter least; undefined where nobody's going helps. */
export function findPreemption(target: PodToPlace, nodes: Iterable<NodeState>): Preemption | undefined {
  if (target.pod.spec?.preemptionPolicy === 'Never') return undefined;
  const found = [...nodes].flatMap((node) => {
    if (refusal(target, node)?.resolvable !== true) return [];
    const victims = victimsOn(target, node);
    return victims === undefined ? [] : [{ node: node.name, victims }];
  });
  const worst = ({ victims }: Preemption): number => Math.max(...victims.map(priorityOf));
  return found.toSorted((a, b) => worst(a) - worst(b) || a.victims.length - b.victims.length)[0];
}

/** All of lower priority would go; as many as still fit beside the newcomer stay, the most important first. */
function victimsOn(target: PodToPlace, node: NodeState): Pod[] | undefined {
  const lower = [...node.pods.values()].filter(({ pod }) => priorityOf(pod) < priorityOf(target.pod));
  let left = without(node, lower);
  if (lower.length === 0 || refusal(target, left) !== undefined) return undefined;
  const victims: Pod[] = [];
  for (const placed of lower.toSorted((a, b) => priorityOf(b.pod) - priorityOf(a.pod))) {
    const kept = withPod(left, placed);
    if (refusal(target, kept) === undefined) left = kept;
    else victims.push(placed.pod);
  }
  return victims;
}

function without(node: NodeState, gone: readonly PlacedPod[]): NodeState {
  const uids = new Set(gone.map(({ pod }) => pod.metadata.uid));
  const pods = new Map([...node.pods].filter(([uid]) => !uids.has(uid)));
  const requested = gone.reduce((sum, { requests }) => added(sum, requests, -1), node.requested);
  return { ...node, pods, requested };
}

function withPod(node: NodeState, placed: PlacedPod): NodeState {
  const pods = new Map(node.pods).set(placed.pod.metadata.uid, placed);
  return { ...node, pods, requested: added(node.requested, placed.requests, 1) };
}

/** Sums of resources. */
export function added(sum: Resources, more: Resources, times = 1): Resources {
  const total = { ...sum };
  for (const name in more) total[name] = (total[name] ?? 0) + times * (more[name] ?? 0);
  return total;
}
