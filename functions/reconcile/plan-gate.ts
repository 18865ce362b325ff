/**
 * Pure: how many tasks may begin. Compared with what Redis has in every pass, so that a pass which
 * died leaves no gate as it should not be.
 */
import type { Action } from '../job/action.ts';
import type { Gate, Progress } from '../job/progress.ts';

/**
 * May begin: the canary's tasks, and as many more as were begun without ever ending. A task that died with its R, or
 * went back to the queue, has used its ticket, and the canary must not wait for a task that may not begin. One that
 * waits for more memory has been tried.
 */
export function closedGate(gate: Gate | null, progress: Progress, tasks: number, largeWaiting = 0): Action[] {
  if (gate === null) return [];
  const missing = Math.max(0, tasks - progress.done - progress.failed - progress.running - largeWaiting);
  const allowed = gate.begun + missing;
  const isAsWanted = typeof gate.tasks === 'number' && gate.tasks >= allowed && gate.tasks <= Math.max(allowed, tasks);
  return isAsWanted ? [] : [{ do: 'set-gate', tasks: allowed }];
}

/** A Redis without a gate lets workers begin what they like, which is what is wanted. */
export function openGate(gate: Gate | null): Action[] {
  return typeof gate?.tasks === 'number' ? [{ do: 'set-gate', tasks: 'open' }] : [];
}
