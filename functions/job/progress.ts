/**
 * What the driver and the workers report through Redis, as the control plane
 * understands it. Unknown is null, never zero.
 */

export type DriverState = 'starting' | 'running' | 'saving' | 'finished' | 'failed' | 'stopped';

export interface LoopProgress {
  loop: number;
  label: string;
  /** Null while the iterator has not ended. */
  total: number | null;
  done: number;
  failed: number;
  reused: number;
  /** Sum over executed iterations. */
  seconds: number;
  maxSeconds: number;
  waiting: number;
  ended: boolean;
  /** What of earlier runs counts, what not, and why; absent when there was nothing to reuse. */
  reuse?: string;
  /** Files that a task wrote, which stay on its worker and are lost; absent when there was none. */
  strays?: string;
}

/** How many tasks may begin, in all, and how many have: the canary's tasks until the job has shown that it works. */
export interface Gate {
  /** 'open': any number. Null: Redis has no gate (workers take that for an open one). */
  tasks: number | 'open' | null;
  begun: number;
}

export interface WorkerProgress {
  pod: string;
  state: 'starting' | 'idle' | 'busy' | 'draining';
  loop: number | null;
  /** Of the task that it has. */
  iterations: number;
  sinceSeconds: number;
  beatSeconds: number;
}

export interface Progress {
  driver: {
    state: DriverState | null;
    message: string;
    /** Why it failed, in one word, where the control plane has its own remedy for that: 'error-limit'. */
    reason?: string | null;
    startedSeconds: number | null;
    beatSeconds: number | null;
  };
  loops: LoopProgress[];
  /** Tasks waiting in the queue, in iterations. */
  waiting: number;
  running: number;
  done: number;
  failed: number;
  reused: number;
  /** Known iterations in all, or null while a loop's length is unknown or no loop has begun. */
  total: number | null;
  workersBusy: number;
  workersIdle: number;
  /** Results, error reports and descriptions of loops that are not yet in the bucket. */
  notBackedUp: number;
  /** Mean seconds of an executed iteration of the open loop (or of all), null before the first. */
  meanSeconds: number | null;
}

/** Sums the parts up. `workers` are those whose heartbeat is fresh. */
export function summarize(
  driver: Progress['driver'],
  loops: LoopProgress[],
  workers: WorkerProgress[],
  notBackedUp: number,
): Progress {
  const sum = (pick: (loop: LoopProgress) => number): number => loops.reduce((total, loop) => total + pick(loop), 0);
  const busy = workers.filter((worker) => worker.state === 'busy' || worker.state === 'draining');
  const open = loops.filter((loop) => !loop.ended);
  return {
    driver,
    loops,
    waiting: sum((loop) => loop.waiting),
    running: busy.reduce((total, worker) => total + worker.iterations, 0),
    done: sum((loop) => loop.done),
    failed: sum((loop) => loop.failed),
    reused: sum((loop) => loop.reused),
    total: loops.length === 0 || loops.some((loop) => loop.total === null) ? null : sum((loop) => loop.total ?? 0),
    workersBusy: busy.length,
    workersIdle: workers.length - busy.length,
    notBackedUp,
    meanSeconds: meanSeconds(open) ?? meanSeconds(loops),
  };
}

function meanSeconds(loops: LoopProgress[]): number | null {
  const executed = loops.reduce((total, loop) => total + Math.max(0, loop.done - loop.reused), 0);
  return executed === 0 ? null : loops.reduce((total, loop) => total + loop.seconds, 0) / executed;
}

/** Seconds of work left in known loops, a running iteration counted half; null while no iteration has been measured. */
export function secondsOfWorkLeft(progress: Progress): number | null {
  if (progress.meanSeconds === null) return null;
  return (progress.waiting + progress.running / 2) * progress.meanSeconds;
}
