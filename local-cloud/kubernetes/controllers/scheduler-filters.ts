/** Which nodes can take a pod, and in the scheduler's own words why the others cannot. Pure. */
import type { Node, Pod, Taint } from '../objects.ts';
import { matchesNode } from './node-affinity.ts';
import { readyStatus, type NodeState } from './node-state.ts';
import type { Resources } from './pod-state.ts';
import { NOT_READY, taintsOf, tolerates, tolerationsOf, UNREACHABLE, UNSCHEDULABLE } from './taints.ts';

export interface Refusal {
  reasons: string[];
  /** Whether evicting pods from the node could help. */
  resolvable: boolean;
}

/** Everything about one pod that is the same for every node. */
export interface PodToPlace {
  pod: Pod;
  requests: Resources;
  /** What a node keeps for pods of at least its priority that wait there for others to go. */
  heldOn: (node: string) => Resources;
}

/**
 * The first rule that rules the node out, in the order of the real scheduler's plug-ins; undefined when the pod fits.
 */
export function refusal(target: PodToPlace, node: NodeState): Refusal | undefined {
  return (
    refusedByNodeName(target.pod, node) ??
    refusedByTaint(target.pod, node.node) ??
    refusedByLabels(target.pod, node.node) ??
    refusedByPorts(target.pod, node) ??
    refusedByResources(target, node)
  );
}

function refusedByNodeName({ spec }: Pod, { name, node }: NodeState): Refusal | undefined {
  if (node.metadata.deletionTimestamp !== undefined) return final('node(s) were unschedulable');
  if (spec?.nodeName && spec.nodeName !== name) return final("node(s) didn't match the requested node name");
  return undefined;
}

function refusedByTaint(pod: Pod, node: Node): Refusal | undefined {
  const tolerations = tolerationsOf(pod);
  const cordon: Taint = { key: UNSCHEDULABLE, effect: 'NoSchedule' };
  if (node.spec?.unschedulable === true && !tolerates(tolerations, cordon)) return final('node(s) were unschedulable');
  for (const taint of effectiveTaints(node)) {
    if (taint.effect === 'PreferNoSchedule' || tolerates(tolerations, taint)) continue;
    return final(`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`);
  }
  return undefined;
}

/** A node that is not ready counts as tainted from the start, before the node controller has got to it. */
function effectiveTaints(node: Node): Taint[] {
  const taints = taintsOf(node);
  const status = readyStatus(node);
  if (status === 'True' || taints.some(({ key }) => key === NOT_READY || key === UNREACHABLE)) return taints;
  return [{ key: status === 'Unknown' ? UNREACHABLE : NOT_READY, effect: 'NoSchedule' }, ...taints];
}

function refusedByLabels(pod: Pod, node: Node): Refusal | undefined {
  return matchesNode(pod, node) ? undefined : final("node(s) didn't match Pod's node affinity/selector");
}

function refusedByPorts(pod: Pod, node: NodeState): Refusal | undefined {
  const wanted = hostPorts(pod);
  if (wanted.size === 0) return undefined;
  for (const placed of node.pods.values()) {
    for (const port of hostPorts(placed.pod)) {
      if (wanted.has(port)) return open(["node(s) didn't have free ports for the requested pod ports"]);
    }
  }
  return undefined;
}

function hostPorts({ spec }: Pod): Set<string> {
  const ports = new Set<string>();
  for (const container of spec?.containers ?? []) {
    for (const { hostPort, protocol } of container.ports ?? [])
      if (hostPort) ports.add(`${protocol ?? 'TCP'}/${hostPort}`);
  }
  return ports;
}

function refusedByResources({ requests, heldOn }: PodToPlace, node: NodeState): Refusal | undefined {
  const reasons: string[] = [];
  const held = heldOn(node.name);
  let resolvable = true;
  if (node.allocatable.pods !== undefined && node.pods.size + 1 > node.allocatable.pods) reasons.push('Too many pods');
  for (const name in requests) {
    const request = requests[name] ?? 0;
    const allocatable = node.allocatable[name] ?? 0;
    if (request === 0 || request <= allocatable - (node.requested[name] ?? 0) - (held[name] ?? 0) + ROUNDING) continue;
    reasons.push(`Insufficient ${name}`);
    if (request > allocatable + ROUNDING) resolvable = false;
  }
  return reasons.length === 0 ? undefined : { reasons, resolvable };
}

/** Sums of fractions of cores differ from exact ones by less than this. */
const ROUNDING = 1e-6;

function final(reason: string): Refusal {
  return { reasons: [reason], resolvable: false };
}

function open(reasons: string[]): Refusal {
  return { reasons, resolvable: true };
}

/** The message of the PodScheduled condition and the FailedScheduling event. */
export function whyUnschedulable(refusals: readonly Refusal[], pod: Pod): string {
  const total = refusals.length;
  if (total === 0) return 'no nodes available to schedule pods';
  const reasons = refusals.flatMap((each) => each.reasons);
  const helpless = refusals.filter((each) => !each.resolvable).length;
  const preemption = [
    ...Array<string>(total - helpless).fill('No preemption victims found for incoming pod'),
    ...Array<string>(helpless).fill('Preemption is not helpful for scheduling'),
  ];
  const prefix = `0/${total} nodes are available:`;
  const after =
    pod.spec?.preemptionPolicy === 'Never'
      ? 'preemption: not eligible due to preemptionPolicy=Never.'
      : `preemption: ${prefix} ${histogram(preemption)}.`;
  return `${prefix} ${histogram(reasons)}. ${after}`;
}

function histogram(reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(', ');
}
