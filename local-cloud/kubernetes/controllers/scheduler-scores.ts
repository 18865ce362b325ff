/**
 * Which of the nodes that fit is best: the real scheduler's default criteria and weights, without
 * affinity between pods and image locality. Pure.
 */
import type { Node, Pod } from '../objects.ts';
import { nodePreference } from './node-affinity.ts';
import type { NodeState } from './node-state.ts';
import { controllerOf } from './owners.ts';
import type { Resources } from './pod-state.ts';
import type { PodToPlace } from './scheduler-filters.ts';
import { taintsOf, tolerates, tolerationsOf } from './taints.ts';

const FULL = 100;
const TAINT_WEIGHT = 3;
const NODE_AFFINITY_WEIGHT = 2;
const SPREAD_WEIGHT = 2;
/** A pod without requests counts as this much. */
const ASSUMED: Resources = { cpu: 0.1, memory: 200 * 2 ** 20 };

/** The best of `nodes`. Equal ones take turns: `turn` says where to begin. */
export function bestNode(target: PodToPlace, nodes: readonly NodeState[], turn: number): NodeState | undefined {
  if (nodes.length <= 1) return nodes[0];
  const owner = controllerOf(target.pod)?.uid;
  const taints = lowIsGood(nodes.map(({ node }) => untoleratedPreferences(target.pod, node)));
  const labels = highIsGood(nodes.map(({ node }) => nodePreference(target.pod, node)));
  const spread = lowIsGood(nodes.map((node) => (owner ? (node.perOwner.get(owner) ?? 0) : 0)));
  let best: NodeState | undefined;
  let bestScore = -Infinity;
  for (let step = 0; step < nodes.length; step += 1) {
    const index = (turn + step) % nodes.length;
    const node = nodes[index];
    if (!node) continue;
    const score =
      TAINT_WEIGHT * (taints[index] ?? 0) +
      NODE_AFFINITY_WEIGHT * (labels[index] ?? 0) +
      SPREAD_WEIGHT * (spread[index] ?? 0) +
      freeShare(target.requests, node);
    if (score > bestScore) {
      best = node;
      bestScore = score;
    }
  }
  return best;
}

/** Least-allocated share and balance of cpu and memory after the pod were placed, each 0..100. */
function freeShare(requests: Resources, node: NodeState): number {
  const used = Object.keys(ASSUMED).map((name) => {
    const allocatable = node.allocatable[name] ?? 0;
    if (allocatable === 0) return 1;
    return Math.min(1, ((node.requested[name] ?? 0) + (requests[name] ?? ASSUMED[name] ?? 0)) / allocatable);
  });
  const mean = used.reduce((sum, each) => sum + each, 0) / used.length;
  const deviation = Math.sqrt(used.reduce((sum, each) => sum + (each - mean) ** 2, 0) / used.length);
  return FULL * (1 - mean) + FULL * (1 - deviation);
}

function untoleratedPreferences(pod: Pod, node: Node): number {
  const taints = taintsOf(node);
  if (taints.length === 0) return 0;
  const tolerations = tolerationsOf(pod);
  return taints.filter((taint) => taint.effect === 'PreferNoSchedule' && !tolerates(tolerations, taint)).length;
}

function highIsGood(values: number[]): number[] {
  const least = Math.min(...values);
  const range = Math.max(...values) - least;
  return values.map((value) => (range === 0 ? 0 : (FULL * (value - least)) / range));
}

function lowIsGood(values: number[]): number[] {
  return highIsGood(values.map((value) => -value));
}
