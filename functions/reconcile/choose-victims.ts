/**
 * Pure: which workers and which machines may go. Only workers that have been idle for
 * long, and only machines that carry no worker.
 */
import { isLargeWorker } from '../job/large-workers.ts';
import type { WorkloadView } from '../ports/workloads.ts';
import type { SeenWorking } from './tend-workload.ts';

export interface Victims {
  /** Pods, the first to go first. */
  pods: string[];
  nodes: string[];
}

export interface Surplus {
  /** How many at most. */
  pods: number;
  nodes: number;
  /** A worker that has been idle for less stays. */
  patienceSeconds: number;
}

/** Names of pods and machines that may go: at most the surplus, and none that is busy. */
export function chooseVictims(seen: Pick<SeenWorking, 'workers' | 'workload' | 'nowMs'>, surplus: Surplus): Victims {
  const idle = seen.workers
    .filter(({ state, sinceSeconds }) => state === 'idle' && seen.nowMs / 1000 - sinceSeconds > surplus.patienceSeconds)
    .map((worker) => worker.pod)
    .filter((pod) => !isLargeWorker(pod)); // of another Deployment
  return {
    pods: wholeMachinesFirst(idle, seen.workload).slice(0, Math.max(0, surplus.pods)),
    nodes: emptyNodes(seen.workload).slice(0, Math.max(0, surplus.nodes)),
  };
}

/** Worker machines that carry no worker pod and are not about to: a pending pod may be on its way to any of them. */
function emptyNodes(workload: WorkloadView): string[] {
  const pods = workload.pods.filter((pod) => pod.role === 'worker' && !pod.ended);
  if (pods.some((pod) => pod.node === null)) return [];
  const used = new Set(pods.map((pod) => pod.node));
  return workload.nodes.filter((node) => node.ready && !used.has(node.name)).map((node) => node.name);
}

/**
 * Idle pods, those first whose machine has the fewest other workers: so that whole machines become empty. Those on the
 * system machine go last, because it stays anyway.
 */
function wholeMachinesFirst(idle: string[], workload: WorkloadView): string[] {
  const isIdle = new Set(idle);
  const nodeOf = new Map(workload.pods.map((pod) => [pod.name, pod.node ?? '']));
  const stayingOn = new Map<string, number>();
  for (const pod of workload.pods)
    if (pod.role === 'worker' && !isIdle.has(pod.name))
      stayingOn.set(pod.node ?? '', (stayingOn.get(pod.node ?? '') ?? 0) + 1);
  const goes = new Set(workload.nodes.map(({ name }) => name));
  const ranked = idle.map((pod) => {
    const node = nodeOf.get(pod) ?? '';
    return { pod, node, others: goes.has(node) ? (stayingOn.get(node) ?? 0) : Infinity };
  });
  return ranked
    .toSorted(
      (a, b) =>
        Number(a.others > b.others) - Number(a.others < b.others) || (a.node < b.node ? -1 : a.node > b.node ? 1 : 0),
    )
    .map(({ pod }) => pod);
}
