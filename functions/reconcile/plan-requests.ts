/** Pure: what the user has asked for by files below control/, and what a changed folder means. */
import type { Action, ControlKind } from '../job/action.ts';
import { emptyLedger, newRecord, type JobRecord } from '../job/job-record.ts';
import type { EndingCode } from '../job/ending.ts';
import type { Observation } from '../job/observation.ts';
import { isTerminal } from '../job/phase.ts';
import { beginEnding, iso, move, noteDecision, type Step } from './step.ts';

/** Answers what the user asks for by control files, and takes up a folder that was corrected. */
export function planRequests(record: JobRecord, seen: Observation): Step {
  let answered: JobRecord = record;
  const actions: Action[] = [];
  for (const kind of ['cancel', 'pause', 'approve', 'resume'] as const) {
    const request = seen.upload.controls[kind];
    if (request === undefined) continue;
    const answer = answerRequest(answered, seen, kind, request.generation);
    if (answer === 'later') continue;
    answered = answer;
    actions.push({ do: 'remove-control', kind, generation: request.generation });
  }
  if (seen.upload.controls.resume === undefined && isCorrected(answered, seen))
    answered = nextAttempt(answered, seen.nowMs, 'the folder was corrected');
  return { record: answered, actions };
}

/** 'later': the request stays, and a later pass answers it. */
function answerRequest(
  record: JobRecord,
  seen: Observation,
  kind: ControlKind,
  generation: string,
): JobRecord | 'later' {
  switch (kind) {
    case 'cancel':
    case 'pause':
      return end(record, seen.nowMs, kind);
    case 'approve':
      return noteDecision(
        { ...record, approved: true },
        seen.nowMs,
        'approve',
        'approved',
        'growth was approved by the user',
      );
    case 'resume':
      if (isWithdrawn(seen, generation)) {
        const text = 'the request to resume was withdrawn by a later request';
        return noteDecision(record, seen.nowMs, 'resume', 'withdrawn', text);
      }
      return resume(record, seen);
  }
}

/** Who cancels or pauses after a request to resume has changed their mind. Generations grow with time. */
function isWithdrawn({ upload: { controls } }: Observation, resumeGeneration: string): boolean {
  return [controls.cancel, controls.pause].some(
    (later) => later !== undefined && BigInt(later.generation) > BigInt(resumeGeneration),
  );
}

function end(record: JobRecord, nowMs: number, kind: 'cancel' | 'pause'): JobRecord {
  if (isTerminal(record.phase))
    return noteDecision(record, nowMs, kind, 'nothing-to-do', `the job had already ended (${record.phase})`);
  const outcome = kind === 'cancel' ? 'cancelled' : 'paused';
  return beginEnding(
    record,
    {
      outcome,
      code: kind === 'cancel' ? 'FF-USER-CANCEL' : 'FF-USER-PAUSE',
      message: `${outcome} by the user`,
      remedy: 'resume runs only what is missing',
    },
    nowMs,
  );
}

/** A request to resume waits while the attempt before is still being wound down. */
function resume(record: JobRecord, seen: Observation): JobRecord | 'later' {
  if (record.ending !== null && !isTerminal(record.phase)) return 'later';
  if (!isTerminal(record.phase))
    return noteDecision(record, seen.nowMs, 'resume', 'nothing-to-do', 'the job is running already');
  if (record.phase === 'succeeded' && !hasChanged(record, seen))
    return noteDecision(
      record,
      seen.nowMs,
      'resume',
      'nothing-to-do',
      'the job has succeeded and its folder has not changed',
    );
  const limit = LIMIT_PATHS.get(record.ending?.code ?? '');
  if (limit !== undefined && seen.upload.jobFile?.md5 === record.jobFile?.md5)
    return askForHigherLimit(record, seen.nowMs, limit);
  return nextAttempt(record, seen.nowMs, 'resumed by the user');
}

const LIMIT_PATHS: ReadonlyMap<string, string> = new Map([
  ['FF-LIMIT-USD', 'limits.usd'],
  ['FF-LIMIT-TIME', 'limits.time'],
] satisfies [EndingCode, string][]);

/** Limits are the job's, over all attempts: one that was reached stays reached. */
function askForHigherLimit(record: JobRecord, nowMs: number, path: string): JobRecord {
  const problem = {
    code: 'FF-LIMIT-TOO-LOW',
    path,
    message: `the job has reached ${path}, which counts all of its attempts`,
    remedy: `raise ${path} in the job file, upload it and resume: what is done is kept`,
  };
  const noted = noteDecision(record, nowMs, 'resume', 'nothing-to-do', `${problem.message}; ${problem.remedy}`);
  return { ...noted, problems: [problem] };
}

/**
 * A job that failed before anything was made for it starts anew when its folder is
 * corrected: the user need not say "resume".
 */
function isCorrected(record: JobRecord, seen: Observation): boolean {
  return (
    record.phase === 'failed' && record.clustersMade === 0 && seen.upload.jobFile !== null && hasChanged(record, seen)
  );
}

function hasChanged(record: JobRecord, seen: Observation): boolean {
  return seen.upload.jobFile?.md5 !== record.jobFile?.md5 || seen.upload.filesDigest !== record.filesDigest;
}

function nextAttempt(record: JobRecord, nowMs: number, why: string): JobRecord {
  const attempt = record.attempt + 1;
  const moved = move(record, 'waiting', nowMs, `attempt ${attempt}: ${why}`);
  return {
    ...newRecord(record.job, iso(nowMs)),
    attempt,
    createdAt: record.createdAt,
    nonce: record.nonce,
    phase: 'waiting',
    ledger: emptyLedger(),
    // Limits are the job's: what earlier attempts have spent counts.
    spending: { ...record.spending, usdPerHour: 0, asOf: iso(nowMs) },
    decisions: moved.decisions,
    notices: moved.notices,
    observedMs: record.observedMs,
    acting: record.acting,
  };
}
