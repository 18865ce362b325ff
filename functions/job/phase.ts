/**
 * The life of a job and its legal moves.
 *
 *   waiting ──> creating ──> starting ──> canary ──> [approval] ──> running
 *      │           │            │           │            │            │
 *      │           └────────────┴───────────┴────────────┴────────────┤ end of work, cancel, pause,
 *      │                                                              v   money or time limit, failure
 *      │                                                          draining   finish what runs, back up everything
 *      │                                                              v
 *      └──(nothing billable exists yet)──────────────┐            deleting   until the cloud says NotFound,
 *                                                    v                v       then leftovers
 *                              succeeded | failed | cancelled | stopped | paused      (resume: waiting, next attempt)
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

const TERMINAL: readonly Outcome[] = ['succeeded', 'failed', 'cancelled', 'stopped', 'paused'];

const MOVES: Record<Phase, readonly Phase[]> = {
  waiting: ['creating', ...TERMINAL],
  creating: ['starting', 'draining', 'deleting', ...TERMINAL],
  starting: ['canary', 'creating', 'draining', 'deleting'],
  canary: ['approval', 'running', 'creating', 'draining', 'deleting'],
  approval: ['running', 'creating', 'draining', 'deleting'],
  running: ['creating', 'draining', 'deleting'],
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
  return (TERMINAL as readonly Phase[]).includes(phase);
}

/** Whether the state machine allows the move; staying is always allowed. */
export function mayMove(from: Phase, to: Phase): boolean {
  return from === to || MOVES[from].includes(to);
}
