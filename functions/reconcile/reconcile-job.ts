/**
 * One pass over one job: load -> observe -> plan -> save intent -> act -> save outcome. Everything that can happen to a job happens here.
 * The intent is written only if the record is still the one that was read, so of several passes at once one acts and the others leave.
 */
import { randomUUID } from 'node:crypto';
import type { Action } from '../job/action.ts';
import type { Observation } from '../job/observation.ts';
import { newRecord, type JobRecord } from '../job/job-record.ts';
import type { PassSettings } from '../job/settings.ts';
import { log } from '../log.ts';
import { messageOf, PreconditionError } from '../ports/port-error.ts';
import type { Ports } from '../ports/ports.ts';
import { statusView } from '../job/job-status.ts';
import { act } from './act.ts';
import { type Connections, observe } from './observe.ts';
import { plan } from './plan.ts';
import { loadRecord, saveRecord, saveStatus } from './record-store.ts';
import { iso, noteDecision, type Step } from './step.ts';

export type PassResult =
  | { did: 'acted' | 'nothing'; phase: JobRecord['phase']; again: boolean }
  /** Another pass acts on this job now, or has just done so. */
  | { did: 'left-to-another' | 'covered' | 'no-job' };

/** A pass that takes longer than this is taken for dead, and another may act: the longest back-up and some calls. */
const PASS_LIMIT_MS = 120_000;

/**
 * @param eventMs when the event that asks for this pass happened: a pass that began to look later has covered it.
 * @throws PortError when the state or upload bucket cannot be read or written (retry).
 */
export async function reconcileJob(
  ports: Ports,
  settings: PassSettings,
  job: string,
  eventMs?: number,
): Promise<PassResult> {
  const loaded = await loadRecord(ports.buckets.state, job);
  const startedMs = ports.clock.nowMs();
  if (loaded && eventMs !== undefined && loaded.record.observedMs > eventMs) return { did: 'covered' };
  if (loaded?.record.pass && loaded.record.pass.untilMs > startedMs) return { did: 'left-to-another' };
  const record = loaded?.record ?? newRecord(job, iso(startedMs));
  const { seen, connections } = await observe(ports, record, settings);
  try {
    if (!loaded && seen.upload.jobFile === null) return { did: 'no-job' };
    const step = plan(record, seen, settings);
    return await carryOut(ports, settings, { loaded, seen, connections, step, startedMs });
  } finally {
    connections.queue?.close();
  }
}

interface Pass {
  loaded: { record: JobRecord; generation: string } | null;
  seen: Observation;
  connections: Connections;
  step: Step;
  startedMs: number;
}

async function carryOut(ports: Ports, settings: PassSettings, pass: Pass): Promise<PassResult> {
  const { loaded, seen, connections, step, startedMs } = pass;
  if (loaded && step.actions.length === 0 && isSame(loaded.record, step.record))
    return { did: 'nothing', phase: step.record.phase, again: false };
  const nonce = randomUUID();
  const intent: JobRecord = { ...step.record, nonce, pass: { nonce, startedMs, untilMs: startedMs + PASS_LIMIT_MS } };
  const generation = await saveIntent(ports, intent, loaded?.generation ?? '0');
  if (generation === null) return { did: 'left-to-another' };
  const acted = await act(step.actions, { ports, seen, connections, record: intent, settings });
  const told = await publishNotices(ports, acted.record);
  const reason = acted.error;
  const outcome: JobRecord = { ...told, nonce: randomUUID(), pass: null, observedMs: startedMs };
  const noted = reason
    ? noteDecision(outcome, ports.clock.nowMs(), 'could not act', reason.code, reason.message)
    : outcome;
  await saveRecord(ports.buckets.state, noted, generation);
  await saveStatus(ports.buckets.uploads, statusView(noted, ports.clock.nowMs()));
  log('INFO', `pass: ${noted.phase}${noted.waitingFor ? `, waiting for ${noted.waitingFor}` : ''}`, {
    job: noted.job,
    attempt: noted.attempt,
    pass: nonce,
    actions: step.actions.map(describe),
    ms: ports.clock.nowMs() - startedMs,
  });
  return { did: 'acted', phase: noted.phase, again: reason !== null || changesSoon(step, noted) };
}

/** Null when another pass was first. */
async function saveIntent(ports: Ports, intent: JobRecord, ifGeneration: string): Promise<string | null> {
  try {
    return await saveRecord(ports.buckets.state, intent, ifGeneration);
  } catch (error) {
    if (error instanceof PreconditionError) return null;
    throw error;
  }
}

/** At least once: a notice leaves the record only after it was published. */
async function publishNotices(ports: Ports, record: JobRecord): Promise<JobRecord> {
  const left: JobRecord['notices'] = [];
  for (const notice of record.notices) {
    try {
      await ports.notices.publish({ ...notice, job: record.job, attempt: record.attempt }, record.spec?.notify ?? []);
    } catch (error) {
      log('WARNING', `publishing notice ${notice.id}: ${messageOf(error)}`, { job: record.job });
      left.push(notice);
    }
  }
  return { ...record, notices: left.slice(-20) };
}

/** Whether the next move needs no event from outside: then another pass follows at once instead of at the next tick. */
function changesSoon(step: Step, record: JobRecord): boolean {
  const startsAnew =
    record.phase === 'waiting' && record.spec === null && record.problems.length === 0 && record.attempt > 1;
  const isSaving = record.phase === 'draining' && step.actions.some((action) => action.do === 'back-up');
  return startsAnew || isSaving;
}

function isSame(before: JobRecord, after: JobRecord): boolean {
  const comparable = (record: JobRecord): string => JSON.stringify({ ...record, spending: null, stalledSince: null });
  return comparable(before) === comparable(after);
}

function describe(action: Action): string {
  switch (action.do) {
    case 'scale-workers':
      return `scale-workers ${action.replicas}`;
    case 'resize-workers-pool':
      return `resize-workers-pool ${action.nodes}`;
    case 'delete-nodes':
      return `delete-nodes ${action.nodes.join(' ')}`;
    default:
      return action.do;
  }
}
