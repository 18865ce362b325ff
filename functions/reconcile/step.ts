/** What a rule answers: the record as it should be written, and what to do once it has been. Values only; nothing here acts. */
import type { Action } from '../job/action.ts';
import { type Ending, type JobRecord, withDecision } from '../job/job-record.ts';
import { isTerminal, mayMove, type Phase } from '../job/phase.ts';

export interface Step {
  record: JobRecord;
  actions: Action[];
}

export function stay(record: JobRecord, actions: Action[] = []): Step {
  return { record, actions };
}

/** Adds a reason to the record's history, at `nowMs`. */
export function decide(record: JobRecord, nowMs: number, what: string, code: string, text: string): JobRecord {
  return withDecision(record, { at: iso(nowMs), what, code, text });
}

/** Moves to another phase; a move that the state machine does not know is a bug and throws. */
export function move(record: JobRecord, to: Phase, nowMs: number, text: string): JobRecord {
  if (record.phase === to) return record;
  if (!mayMove(record.phase, to)) throw new Error(`no move from ${record.phase} to ${to} (job ${record.job})`);
  const at = iso(nowMs);
  const moved: JobRecord = {
    ...record,
    phase: to,
    phaseSince: at,
    waitingFor: null,
    endedAt: isTerminal(to) ? at : null,
    notices: [...record.notices, { id: `${record.job}-${record.attempt}-${to}-${nowMs}`, event: to, at, text }],
  };
  return decide(moved, nowMs, `phase ${to}`, to, text);
}

/** Begins to end the attempt: drains when there is something to save, else deletes, else ends at once. The first ending stands, but a cancel beats all. */
export function beginEnding(record: JobRecord, ending: Omit<Ending, 'since'>, nowMs: number): JobRecord {
  if (record.ending && ending.outcome !== 'cancelled') return record;
  const ended: JobRecord = { ...record, ending: { ...ending, since: iso(nowMs) } };
  if (record.cluster === null) return move(ended, ending.outcome, nowMs, ending.message);
  if (record.phase === 'creating') return move(ended, 'deleting', nowMs, ending.message);
  if (record.phase === 'draining' || record.phase === 'deleting')
    return decide(ended, nowMs, `ending ${ending.outcome}`, ending.code, ending.message);
  return move(ended, 'draining', nowMs, ending.message);
}

export function iso(nowMs: number): string {
  return new Date(nowMs).toISOString();
}

export function secondsSince(isoTime: string, nowMs: number): number {
  return (nowMs - Date.parse(isoTime)) / 1000;
}
