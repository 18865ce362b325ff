/**
 * What a rule answers: the record as it should be written, and what to do once it
 * has been. Values only; nothing here acts.
 */
import type { Action } from '../job/action.ts';
import type { Decided, DecisionCode } from '../job/decision.ts';
import type { Problem } from '../job-file/problem.ts';
import type { EndingCode } from '../job/ending.ts';
import { type Ending, type JobRecord, withDecision } from '../job/job-record.ts';
import type { WaitCode } from '../job/waiting.ts';
import { isTerminal, mayMove, type Outcome, type Phase } from '../job/phase.ts';

export interface Step {
  record: JobRecord;
  actions: Action[];
}

/** Why an attempt ends, as a rule says it. */
export interface EndingReason {
  outcome: Outcome;
  code: EndingCode;
  message: string;
  remedy: string | null;
}

/** The step that keeps its phase. */
export function stay(record: JobRecord, actions: Action[] = []): Step {
  return { record, actions };
}

/** Adds a reason to the record's history, at `nowMs`. What is known of the record stays known. */
export function noteDecision<R extends JobRecord>(
  record: R,
  nowMs: number,
  what: Decided,
  code: DecisionCode,
  text: string,
): R {
  return { ...record, decisions: withDecision(record, { at: iso(nowMs), what, code, text }).decisions };
}

/** Says what the job waits for, in words and as a code; it waits since it first waited for that. */
export function noteWaiting<R extends JobRecord>(record: R, nowMs: number, code: WaitCode, text: string): R {
  const since = record.waiting?.code === code ? record.waiting.since : iso(nowMs);
  return { ...record, waitingFor: text, waiting: { code, since } };
}

/** The record of a job that waits for nothing. */
export function noteNoWaiting<R extends JobRecord>(record: R): R {
  return { ...record, waitingFor: null, waiting: null };
}

/** Moves to another phase; a move that the state machine does not know is a bug and throws. */
export function move<R extends JobRecord>(record: R, to: Phase, nowMs: number, text: string): R {
  if (record.phase === to) return record;
  if (!mayMove(record.phase, to)) throw new Error(`no move from ${record.phase} to ${to} (job ${record.job})`);
  const at = iso(nowMs);
  const moved: R = {
    ...record,
    phase: to,
    phaseSince: at,
    waitingFor: null,
    waiting: null,
    endedAt: isTerminal(to) ? at : null,
    notices: [...record.notices, { id: `${record.job}-${record.attempt}-${to}-${nowMs}`, event: to, at, text }],
  };
  return noteDecision(moved, nowMs, `phase ${to}`, to, text);
}

/**
 * Begins to end the attempt: drains when there is something to save, else deletes, else ends at once. The
 * first ending stands, but a cancel beats all.
 */
export function beginEnding(record: JobRecord, reason: EndingReason, nowMs: number): JobRecord {
  return end(record, { ...reason, since: iso(nowMs) }, nowMs);
}

/**
 * Ends a job that nothing was made for yet, by what its user has to correct. The ending has the code of the problem.
 */
export function endWithProblem(record: JobRecord, problem: Problem, nowMs: number): JobRecord {
  const message = `${problem.path === '' ? '' : `${problem.path}: `}${problem.message}`;
  const { code, remedy } = problem;
  return end(record, { outcome: 'failed', code, message, remedy, since: iso(nowMs) }, nowMs);
}

function end(record: JobRecord, ending: Ending, nowMs: number): JobRecord {
  if (record.ending && ending.outcome !== 'cancelled') return record;
  const { outcome, message } = ending;
  const ended: JobRecord = { ...record, ending };
  if (record.cluster === null) return move(ended, outcome, nowMs, message);
  if (record.phase === 'creating') return move(ended, 'deleting', nowMs, message);
  if (record.phase !== 'draining' && record.phase !== 'deleting') return move(ended, 'draining', nowMs, message);
  const decision = { at: iso(nowMs), what: `ending ${outcome}`, code: ending.code, text: message };
  return withDecision(ended, decision);
}

/** Milliseconds since 1970 as ISO 8601 in UTC. */
export function iso(nowMs: number): string {
  return new Date(nowMs).toISOString();
}

/** Seconds from an ISO 8601 time to `nowMs`; negative for one to come. */
export function secondsSince(isoTime: string, nowMs: number): number {
  return (nowMs - Date.parse(isoTime)) / 1000;
}
