/**
 * Pure: workers with a machine's memory to themselves, while iterations wait that need one. Each needs a machine, which
 * plan-fleet.ts adds to the others; those of them that idle go. There is no work for them at most times, and no pod.
 */
import type { Action } from '../job/action.ts';
import { isLargeWorker } from '../job/large-workers.ts';
import type { SeenWorking } from './tend-workload.ts';

export interface LargeBounds {
  bootSeconds: number;
  /** A worker that has been idle for less stays. */
  patienceSeconds: number;
  /** Machines that quota, money and the job file allow for them. */
  mostNodes: number;
}

export interface LargeFleet {
  /** As many machines belong to them. */
  workers: number;
  actions: Action[];
}

type Seen = Pick<SeenWorking, 'workers' | 'workload' | 'progress' | 'largeWaiting' | 'nowMs'>;

/** How many workers with a machine's memory there should be now, and the actions that lead there. */
export function planLarge(seen: Seen, bounds: LargeBounds): LargeFleet {
  const from = seen.workload.largeWanted;
  const deserved = deservedWorkers(seen, bounds);
  if (deserved > from) return { workers: deserved, actions: [scale(from, deserved, [])] };
  const victims = goingPods(seen, bounds.patienceSeconds).slice(0, from - deserved);
  const workers = from - victims.length;
  return { workers, actions: victims.length > 0 ? [scale(from, workers, victims)] : [] };
}

function scale(from: number, replicas: number, idlePods: string[]): Action {
  return { do: 'scale-workers', from, replicas, idlePods, large: true };
}

/** As of other workers: each has at least twice its boot time of work before it. */
function deservedWorkers(seen: Seen, { bootSeconds, mostNodes }: LargeBounds): number {
  const work = seen.largeWaiting + busyLarge(seen);
  const byTime = Math.ceil((work * (seen.progress.meanSeconds ?? 0)) / (2 * bootSeconds));
  return Math.max(0, Math.min(work, Math.max(1, byTime), mostNodes));
}

/** Iterations that workers with more memory are at. */
export function busyLarge({ workers }: Pick<SeenWorking, 'workers'>): number {
  return workers.filter(({ pod, state }) => isLargeWorker(pod) && state === 'busy').length;
}

/** Pods without anything to do: idle for long, or never begun while there is nothing (any more) that they wait for. */
function goingPods({ workers, workload, largeWaiting, nowMs }: Seen, patienceSeconds: number): string[] {
  const entries = new Map(workers.map((worker) => [worker.pod, worker]));
  const mayGo = (pod: string): boolean => {
    const entry = entries.get(pod);
    if (entry === undefined) return largeWaiting === 0;
    return entry.state === 'idle' && nowMs / 1000 - entry.sinceSeconds > patienceSeconds;
  };
  return workload.pods.map(({ name }) => name).filter((name) => isLargeWorker(name) && mayGo(name));
}
