/**
 * One pass over one job: load -> observe -> plan -> save intent -> act -> save outcome. Everything that can happen
 * to a job happens here. The intent is written only if the record is still the one that was read, so of several
 * passes at once one acts and the others leave.
 */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Action } from '../job/action.ts';
import { boundRecord } from '../job/bound-record.ts';
import type { Observation } from '../job/observation.ts';
import { newRecord, type JobRecord } from '../job/job-record.ts';
import { JOB_FILES, paths } from '../job/names.ts';
import { isTerminal } from '../job/phase.ts';
import type { PassSettings } from '../job/settings.ts';
import type { Bucket } from '../ports/bucket.ts';
import { log } from '../log.ts';
import { PreconditionError } from '../ports/port-error.ts';
import type { Ports } from '../ports/ports.ts';
import { dueActions, troubleAfter } from '../job/trouble.ts';
import { act, type Acted } from './act.ts';
import { readMarker, removeMarker, setMarker } from './live-marker.ts';
import { type Connections, observe } from './observe.ts';
import { isRefused } from './plan-creating.ts';
import { releasePlace } from './place-list.ts';
import { hasLeftTraces, rebuildRecord } from './lost-record.ts';
import { plan } from './plan.ts';
import {
  keepRecord,
  type LoadedRecord,
  loadRecord,
  NO_RECORD,
  saveRecord,
  setAside,
  UnreadableRecordError,
} from './record-store.ts';
import { storageClock } from './storage-clock.ts';
import { publishNotices, show } from './tell.ts';
import { tryAgain } from './try-again.ts';
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
  const { state } = ports.buckets;
  const [loaded, marker] = await Promise.all([loadOrRebuild(ports, job), readMarker(state, job)]);
  if (loaded === null && !(await hasJobFile(ports.buckets.uploads, job))) return forgetJob(state, job, marker);
  const clock = await storageClock(ports.clock, state, loaded?.updatedMs ?? null);
  const timed: Ports = { ...ports, clock };
  const startedMs = clock.nowMs();
  const doneByOthers = loaded && findOtherPass(loaded, startedMs, eventMs);
  if (doneByOthers) return doneByOthers;
  const record = loaded === null ? newRecord(job, iso(startedMs)) : await mended(state, loaded, startedMs);
  const { seen, connections } = await observe(timed, record, settings);
  try {
    const planned = plan(record, seen, settings);
    const actions = dueActions(planned.actions, record.trouble, seen.nowMs);
    const step = { actions, record: boundRecord(withTrouble(planned)) };
    return await carryOut(timed, settings, { loaded, marker, seen, connections, step, startedMs });
  } finally {
    connections.queue?.close();
  }
}

/** Of a job whose record and copy cannot be read, or are gone, a record is made that ends it. */
async function loadOrRebuild(ports: Ports, job: string): Promise<LoadedRecord | null> {
  const { state } = ports.buckets;
  try {
    const loaded = await loadRecord(state, job);
    if (loaded !== null || !(await hasLeftTraces(ports, job))) return loaded;
    const record = await rebuildRecord(ports, job, ports.clock.nowMs());
    return { record, generation: NO_RECORD, updatedMs: null, damage: 'neither it nor its copy is there: the job ends' };
  } catch (error) {
    if (!(error instanceof UnreadableRecordError) || error.object.isNewer) throw error;
    const { generation, updatedMs } = error.object;
    const clock = await storageClock(ports.clock, state, updatedMs);
    const record = await rebuildRecord(ports, job, clock.nowMs());
    return { record, generation, updatedMs, damage: `${error.why}; nor can its copy: the job ends` };
  }
}

/** Of a record that cannot be read the last good version is used; what is there is kept for people. */
async function mended(state: Bucket, { record, generation, damage }: LoadedRecord, nowMs: number): Promise<JobRecord> {
  if (damage === null) return record;
  const { job } = record;
  log('ERROR', `the record cannot be read (${damage})`, { job, generation });
  await setAside(state, job, generation);
  const text = `the record could not be read (${damage}); it was set aside, and what is known otherwise is used`;
  return noteDecision(record, nowMs, 'mend', 'record-set-aside', text);
}

/** A pass that has covered the event already, or one that acts at this moment. */
function findOtherPass(loaded: LoadedRecord, startedMs: number, eventMs: number | undefined): PassResult | null {
  const { record, updatedMs } = loaded;
  if (eventMs !== undefined && record.observedMs > eventMs) return { did: 'covered' };
  return record.acting && startedMs - (updatedMs ?? 0) < PASS_LIMIT_MS ? { did: 'left-to-another' } : null;
}

async function hasJobFile(uploads: Bucket, job: string): Promise<boolean> {
  const found = await Promise.all(JOB_FILES.map((name) => uploads.info(paths.folder(job) + name)));
  return found.some((object) => object !== null);
}

/** A folder without a job file: it is still being copied, or was removed before its job began. */
async function forgetJob(state: Bucket, job: string, marker: string | null): Promise<PassResult> {
  if (marker !== null) await removeMarker(state, job, marker);
  return { did: 'no-job' };
}

interface Pass {
  loaded: LoadedRecord | null;
  /** Generation of the job's place on the list of live ones; null: it has none. */
  marker: string | null;
  seen: Observation;
  connections: Connections;
  step: Step;
  startedMs: number;
}

async function carryOut(ports: Ports, settings: PassSettings, pass: Pass): Promise<PassResult> {
  const { loaded, seen, connections, step, startedMs } = pass;
  if (!hasWork(pass)) return { did: 'nothing', phase: step.record.phase, again: false };
  if (loaded !== null && isOnlyListedWrongly(pass)) return leave(ports, pass, loaded);
  const { state } = ports.buckets;
  const marker = await listAsLive(ports, settings, pass);
  const nonce = randomUUID();
  const intent: JobRecord = { ...step.record, nonce, acting: true };
  const intentGeneration = await saveIntent(ports, intent, loaded);
  if (intentGeneration === null) return { did: 'left-to-another' };
  const acted = await act(step.actions, { ports, seen, connections, record: intent, settings, intentGeneration });
  const outcome: JobRecord = { ...acted.record, nonce: randomUUID(), acting: false, observedMs: startedMs };
  const noted = noteFailures(withGains(outcome, step), step, acted.failures, ports.clock.nowMs());
  const told = boundRecord(await publishNotices(ports, noted));
  const generation = await saveUnlessOvertaken(ports, told, intentGeneration);
  if (generation === null) return { did: 'left-to-another' };
  await show(ports, told, generation);
  await unlist(state, told, marker);
  log('INFO', `pass: ${told.phase}${told.waitingFor ? `, waiting for ${told.waitingFor}` : ''}`, {
    job: told.job,
    attempt: told.attempt,
    pass: nonce,
    actions: step.actions.map(describe),
    ms: ports.clock.nowMs() - startedMs,
  });
  return {
    did: 'acted',
    phase: told.phase,
    again: acted.failures.length > 0 ? told.trouble?.count === 1 : changesSoon(step, told),
  };
}

/**
 * Whether anything differs from what is wanted: the record, the world, or what an earlier pass had still to do when it
 * died. That is its mark in the record, notices, and the place on the list of live jobs. An ended job that is still on
 * the list may not have been told of.
 */
function hasWork({ loaded, marker, step }: Pass): boolean {
  if (loaded === null || loaded.damage !== null || step.actions.length > 0 || !isSame(loaded.record, step.record))
    return true;
  const isListedWrongly = isTerminal(step.record.phase) === (marker !== null);
  return loaded.record.acting || loaded.record.notices.length > 0 || isListedWrongly;
}

/** What an earlier pass of the end had still to do, its record being as it must be. */
function isOnlyListedWrongly({ loaded, marker, step }: Pass): boolean {
  if (loaded === null || loaded.damage !== null || loaded.record.acting || marker === null) return false;
  return step.actions.length === 0 && isSettled(step.record) && isSame(loaded.record, step.record);
}

/**
 * What is left to be told first, and then one write of the record instead of two. It cannot be left out: the job may
 * have begun anew since the record was read, and its marker may be that of the new attempt.
 */
async function leave(ports: Ports, { marker }: Pass, loaded: LoadedRecord): Promise<PassResult> {
  const { state } = ports.buckets;
  const record = { ...loaded.record, nonce: randomUUID() };
  await show(ports, loaded.record, loaded.generation);
  await releasePlace(state, record.job, record.attempt);
  const generation = await saveUnlessOvertaken(ports, record, loaded.generation);
  if (generation === null) return { did: 'left-to-another' };
  await unlist(state, record, marker);
  return { did: 'acted', phase: record.phase, again: false };
}

/** The last thing that is done for an attempt. */
async function unlist(state: Bucket, record: JobRecord, marker: string | null): Promise<void> {
  if (marker === null || !isSettled(record)) return;
  await releasePlace(state, record.job, record.attempt);
  await removeMarker(state, record.job, marker);
}

/** Nothing more will happen to the job without its user, and everybody has been told. */
function isSettled(record: JobRecord): boolean {
  return isTerminal(record.phase) && record.notices.length === 0;
}

/** Before the first thing that is done for the job; anew when an ended one begins again. */
async function listAsLive(
  { buckets: { state }, clock }: Ports,
  settings: PassSettings,
  { loaded, marker, step }: Pass,
): Promise<string | null> {
  const begins = loaded !== null && isTerminal(loaded.record.phase) && !isTerminal(step.record.phase);
  if (marker !== null && !begins) return marker;
  return tryAgain(clock, () => setMarker(state, step.record.job, settings.installation));
}

/** What is not wanted any more is no trouble any more. */
function withTrouble({ record, actions }: Step): JobRecord {
  const isWanted = actions.some((action) => action.do === record.trouble?.action);
  return isWanted ? record : { ...record, trouble: null };
}

function noteFailures(record: JobRecord, { actions }: Step, failures: Acted['failures'], nowMs: number): JobRecord {
  const trouble = troubleAfter(record.trouble, actions, failures, nowMs);
  return failures.reduce(
    (noted, { action, error }) =>
      noteDecision(noted, nowMs, 'could not act', error.code, `${action}: ${error.message}`),
    { ...record, trouble },
  );
}

/** What has saved some results and failed with others gets on: it is tried again as soon as after a first failure. */
function withGains(record: JobRecord, { record: { ledger } }: Step): JobRecord {
  const getsOn = record.trouble?.action === 'back-up' && record.ledger.results > ledger.results;
  return getsOn ? { ...record, trouble: null } : record;
}

/** As saveUnlessOvertaken. No record is without a copy: a new one's is there before it. */
async function saveIntent(ports: Ports, intent: JobRecord, loaded: LoadedRecord | null): Promise<string | null> {
  const { clock, buckets } = ports;
  const fresh = newRecord(intent.job, intent.createdAt);
  if (loaded === null) await tryAgain(clock, () => keepRecord(buckets.state, fresh, NO_RECORD));
  return saveUnlessOvertaken(ports, intent, loaded?.generation ?? NO_RECORD);
}

/** Answers the record's generation; null when another pass has written since. */
async function saveUnlessOvertaken(ports: Ports, record: JobRecord, ifGeneration: string): Promise<string | null> {
  try {
    return await tryAgain(ports.clock, () => saveRecord(ports.buckets.state, record, ifGeneration));
  } catch (error) {
    if (error instanceof PreconditionError) return null;
    throw error;
  }
}

/** Whether the next move needs no event from outside: then another pass follows at once instead of at the next tick. */
function changesSoon(step: Step, record: JobRecord): boolean {
  const startsAnew =
    record.phase === 'waiting' && record.spec === null && record.problems.length === 0 && record.attempt > 1;
  const does = (what: Action['do']): boolean => step.actions.some((action) => action.do === what);
  const ends = record.phase === 'draining' || record.phase === 'deleting';
  const isSaving = ends && does('back-up') && !does('delete-cluster');
  const triesElsewhere = record.phase === 'creating' && isRefused(record);
  const triesOthers = record.refusals.length > step.record.refusals.length;
  return startsAnew || isSaving || does('take-place') || triesElsewhere || triesOthers;
}

function isSame(before: JobRecord, after: JobRecord): boolean {
  const moving = { spending: null, stalledSince: null };
  return isDeepStrictEqual({ ...before, ...moving }, { ...after, ...moving });
}

function describe(action: Action): string {
  switch (action.do) {
    case 'scale-workers':
      return `scale-workers ${action.replicas}`;
    case 'create-pool':
    case 'resize-pool':
      return `${action.do} ${action.name} ${action.nodes}`;
    case 'delete-nodes':
      return `delete-nodes ${action.nodes.join(' ')}`;
    default:
      return action.do;
  }
}
