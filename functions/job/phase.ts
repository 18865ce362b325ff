/**
 * The life of a job and its legal moves. A test walks every one of them, and every other one throws.
 *
 *   waiting ──> creating ──> starting ──> canary ──> [approval] ──> running
 *      │          │   │         │           │            │            │
 *      │          │   │         └───────────┴────────────┴────────────┤ end of work, cancel, pause, limit, failure
 *      │          │   │                                               v
 *      │          │   │ nothing was started in it                 draining   finish what runs, back up everything
 *      │          │   │                                               v
 *      │          │   └─────────────────────────────────────────> deleting   until it is gone, then leftovers
 *      │          │ no place has machines                             │
 *      v          v                                                   v
 *   failed | cancelled | paused                      succeeded | failed | cancelled | stopped | paused
 *
 * Back to creating: from every phase with a started cluster when that is lost, and from deleting when the cluster could
 * not be made where it was asked for. A resume leads from each end to waiting, in the next attempt.
 */
export const PHASES = [
  'waiting',
  'creating',
  'starting',
  'canary',
  'approval',
  'running',
  'draining',
  'deleting',
  'succeeded',
  'failed',
  'cancelled',
  'stopped',
  'paused',
] as const;

export type Phase = (typeof PHASES)[number];

/** How an attempt ended; also the terminal phases. All but `succeeded` can be resumed. */
export type Outcome = 'succeeded' | 'failed' | 'cancelled' | 'stopped' | 'paused';

export const TERMINAL = ['succeeded', 'failed', 'cancelled', 'stopped', 'paused'] as const satisfies readonly Outcome[];

const MOVES: Record<Phase, readonly Phase[]> = {
  waiting: ['creating', 'failed', 'cancelled', 'paused'],
  creating: ['starting', 'deleting', 'failed'],
  starting: ['canary', 'creating', 'draining'],
  canary: ['approval', 'running', 'creating', 'draining'],
  approval: ['running', 'creating', 'draining'],
  running: ['creating', 'draining'],
  draining: ['deleting'],
  deleting: ['creating', ...TERMINAL],
  succeeded: ['waiting'],
  failed: ['waiting'],
  cancelled: ['waiting'],
  stopped: ['waiting'],
  paused: ['waiting'],
};

/** Whether nothing billable is left and nothing more will happen without the user. */
export function isTerminal(phase: Phase): phase is Outcome {
  return TERMINAL.some((each) => each === phase);
}

/** Whether the state machine allows the move; staying is always allowed. */
export function mayMove(from: Phase, to: Phase): boolean {
  return from === to || MOVES[from].includes(to);
}
