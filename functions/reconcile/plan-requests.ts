/** Pure: what the user has asked for by files below control/, and what a changed folder means. */
import type { Action, ControlKind } from '../job/action.ts';
import { emptyLedger, newRecord, type JobRecord } from '../job/job-record.ts';
import type { Observation } from '../job/observation.ts';
import { isTerminal } from '../job/phase.ts';
import { beginEnding, decide, iso, move, type Step } from './step.ts';

export function planRequests(record: JobRecord, seen: Observation): Step {
  let now: JobRecord = record;
  const actions: Action[] = [];
  for (const kind of ['cancel', 'pause', 'approve', 'resume'] as const) {
    const request = seen.upload.controls[kind];
    if (request === undefined) continue;
    const answered = kind === 'resume' ? answerResume(now, seen) : answer(now, seen, kind);
    if (answered === 'later') continue;
    now = answered;
    actions.push({ do: 'remove-control', kind, generation: request.generation });
  }
  if (seen.upload.controls.resume === undefined && isCorrected(now, seen))
    now = nextAttempt(now, seen.nowMs, 'the folder was corrected');
  if (now.phase === 'waiting' && record.phase !== 'waiting') actions.push({ do: 'mark-live' });
  return { record: now, actions };
}

/** Who cancels or pauses after asking to resume does not want it any more; generations grow with time. */
function answerResume(record: JobRecord, seen: Observation): JobRecord | 'later' {
  const { resume: asked, cancel, pause } = seen.upload.controls;
  const isWithdrawn = [cancel, pause].some((later) => later && BigInt(later.generation) > BigInt(asked!.generation));
  if (isWithdrawn)
    return decide(record, seen.nowMs, 'resume', 'withdrawn', 'the wish to resume was withdrawn by a later request');
  return answer(record, seen, 'resume');
}

function answer(record: JobRecord, seen: Observation, kind: ControlKind): JobRecord | 'later' {
  switch (kind) {
    case 'cancel':
    case 'pause':
      return end(record, seen.nowMs, kind);
    case 'approve':
      return decide(
        { ...record, approved: true },
        seen.nowMs,
        'approve',
        'approved',
        'growth was approved by the user',
      );
    case 'resume':
      return resume(record, seen);
  }
}

function end(record: JobRecord, nowMs: number, kind: 'cancel' | 'pause'): JobRecord {
  if (isTerminal(record.phase))
    return decide(record, nowMs, kind, 'nothing-to-do', `the job had already ended (${record.phase})`);
  const outcome = kind === 'cancel' ? 'cancelled' : 'paused';
  return beginEnding(
    record,
    {
      outcome,
      code: `FF-USER-${kind.toUpperCase()}`,
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
    return decide(record, seen.nowMs, 'resume', 'nothing-to-do', 'the job is running already');
  if (record.phase === 'succeeded' && !hasChanged(record, seen))
    return decide(
      record,
      seen.nowMs,
      'resume',
      'nothing-to-do',
      'the job has succeeded and its folder has not changed',
    );
  return nextAttempt(record, seen.nowMs, 'resumed by the user');
}

/** A job that failed before anything was made for it starts anew when its folder is corrected: the user need not say "resume". */
function isCorrected(record: JobRecord, seen: Observation): boolean {
  return (
    record.phase === 'failed' && record.clustersMade === 0 && seen.upload.jobFile !== null && hasChanged(record, seen)
  );
}

function hasChanged(record: JobRecord, seen: Observation): boolean {
  if (seen.upload.jobFile?.md5 !== record.jobFile?.md5) return true;
  const before = new Map(record.files.map((file) => [file.name, file.md5]));
  return (
    seen.upload.files.length !== before.size || seen.upload.files.some((file) => before.get(file.name) !== file.md5)
  );
}

function nextAttempt(record: JobRecord, nowMs: number, why: string): JobRecord {
  const attempt = record.attempt + 1;
  const now = iso(nowMs);
  const moved = move(record, 'waiting', nowMs, `attempt ${attempt}: ${why}`);
  return {
    ...newRecord(record.job, now),
    attempt,
    createdAt: record.createdAt,
    nonce: record.nonce,
    phase: 'waiting',
    ledger: emptyLedger(),
    decisions: moved.decisions,
    notices: moved.notices,
    observedMs: record.observedMs,
    pass: record.pass,
  };
}
