/** The durable record of a job: one JSON object in the state bucket, written only under a generation precondition. */
import type { JobSpec } from '../job-file/job-spec.ts';
import type { Problem } from '../job-file/problem.ts';
import type { Decided } from './decision.ts';
import type { Outcome, Phase } from './phase.ts';
import type { Refusal } from './shortage.ts';
import type { Trouble } from './trouble.ts';
import type { Waiting } from './waiting.ts';

import { RECORD_BOUNDS } from './record-bounds.ts';
import type { Progress } from './progress.ts';

/** An error of a task, shortened for the status; the whole report is in the results bucket. */
export interface ErrorSummary {
  loop: number;
  iteration: number;
  message: string;
  worker: string;
  final: boolean;
}

/** One decision, also the decision to do nothing, with its reason. `reason.code` is stable; the text is for people. */
export interface Decision {
  /** ISO time of the latest pass that decided so. */
  at: string;
  /** Of the first one, and how many did, where there were several. */
  firstAt?: string;
  count?: number;
  what: string;
  code: string;
  text: string;
}

export interface FolderFile {
  /** Below the job's folder. */
  name: string;
  generation: string;
  bytes: number;
  md5: string;
}

export interface ClusterRecord {
  name: string;
  location: string;
  /** Locations that had no room, in the order tried. */
  exhausted: string[];
  createRequestedAt: string;
  runningAt: string | null;
  deleteRequestedAt: string | null;
  goneAt: string | null;
}

export interface Ending {
  outcome: Outcome;
  code: string;
  message: string;
  remedy: string | null;
  since: string;
}

/**
 * Of the job, over all of its attempts. Always an over-estimate: the dearer of what was seen at
 * both ends of the time between two passes.
 */
export interface Spending {
  usd: number;
  machineSeconds: number;
  /** While a cluster existed; absent in records of before this was counted. */
  clusterSeconds?: number;
  usdPerHour: number;
  asOf: string;
}

export interface LedgerCounts {
  segments: number;
  results: number;
  bytes: number;
  errorSegments: number;
  errors: number;
  /** Given by iterations whose results are saved; absent: none. */
  warnings?: number;
  /** The most of one of these iterations; absent: none was measured. */
  peakBytes?: number;
  cpuSeconds?: number;
}

/** A file that the script has written, in the results bucket. */
export interface OutputFile {
  name: string;
  bytes: number;
  sha256: string;
}

/**
 * Checked whenever it is read or written: record-schema.ts is the same in zod, and bound-record.ts says how long
 * texts and lists may be.
 */
export interface JobRecord {
  schema: 6;
  job: string;
  attempt: number;
  phase: Phase;
  phaseSince: string;
  /** Of the write that made this version: tells a lost answer from a lost race. */
  nonce: string;
  createdAt: string;
  attemptStartedAt: string;
  endedAt: string | null;
  jobFile: { name: string; generation: string; md5: string } | null;
  /** The folder as it was when the attempt started; what is uploaded later belongs to the next one. */
  files: FolderFile[];
  /** Of the same folder, whole: also where `files` is empty because the folder was refused for its size. */
  filesDigest: string;
  spec: JobSpec | null;
  problems: readonly Problem[];
  /** One line: what the job waits for, or null. */
  waitingFor: string | null;
  /** The same as a code; null: it does not wait. */
  waiting: Waiting | null;
  cluster: ClusterRecord | null;
  fleet: { workers: number; nodes: number; code: string; text: string };
  progress: Progress | null;
  /** ISO time since when no task has ended although there is work; null while there is progress. */
  stalledSince: string | null;
  approved: boolean;
  ending: Ending | null;
  ledger: LedgerCounts;
  /** The newest few. */
  recentErrors: ErrorSummary[];
  /** Some of them when there are very many. */
  outputs: OutputFile[];
  outputsLeftOut: number;
  /** Clusters made in this attempt: a limit against creating for ever. */
  clustersMade: number;
  /** Kinds of machine that the cloud has not had. */
  refusals: Refusal[];
  spending: Spending;
  /** A pass is acting, or has died while it did: others keep away for a while after the storage wrote this. */
  acting: boolean;
  /** When the newest finished pass began to look: events older than that are already covered. */
  observedMs: number;
  decisions: Decision[];
  /** What cannot be done at the moment, and when it is tried again; null: everything could be done. */
  trouble: Trouble | null;
  /** Notices not yet published (outbox). */
  notices: { id: string; event: string; at: string; text: string }[];
}

/** A job as it begins: attempt 1, waiting, nothing made, nothing spent. `nowIso` is ISO 8601. */
export function newRecord(job: string, nowIso: string): JobRecord {
  return {
    schema: 6,
    job,
    attempt: 1,
    phase: 'waiting',
    phaseSince: nowIso,
    nonce: '',
    createdAt: nowIso,
    attemptStartedAt: nowIso,
    endedAt: null,
    jobFile: null,
    files: [],
    filesDigest: '',
    spec: null,
    problems: [],
    waitingFor: null,
    waiting: null,
    cluster: null,
    fleet: { workers: 0, nodes: 0, code: 'none', text: 'no worker yet' },
    progress: null,
    stalledSince: null,
    approved: false,
    ending: null,
    ledger: emptyLedger(),
    recentErrors: [],
    outputs: [],
    outputsLeftOut: 0,
    clustersMade: 0,
    refusals: [],
    spending: { usd: 0, machineSeconds: 0, usdPerHour: 0, asOf: nowIso },
    acting: false,
    observedMs: 0,
    decisions: [],
    trouble: null,
    notices: [],
  };
}

/** The counts of a job of which nothing is in the bucket. */
export function emptyLedger(): LedgerCounts {
  return { segments: 0, results: 0, bytes: 0, errorSegments: 0, errors: 0 };
}

/**
 * Adds a decision; the same decision as last time only moves its time forward. What passes say again and again is
 * counted, wherever it was said since the last move: it must not push out what was decided once. The newest are kept;
 * older ones are in the functions' log.
 */
export function withDecision(record: JobRecord, decision: Decision): JobRecord {
  const { decisions } = record;
  const at = decisions.findLastIndex(({ what, code }) => code === decision.code && what === decision.what);
  const sinceMove = decisions.findLastIndex(({ what }) => what.startsWith('phase '));
  const isSame = at >= 0 && (at === decisions.length - 1 || (at > sinceMove && REPEATED.has(decision.what)));
  const before = isSame ? decisions[at] : undefined;
  const counted: Decision =
    before === undefined
      ? decision
      : { ...decision, firstAt: before.firstAt ?? before.at, count: (before.count ?? 1) + 1 };
  const kept = isSame ? decisions.toSpliced(at, 1) : decisions;
  return { ...record, decisions: [...kept, counted].slice(-RECORD_BOUNDS.decisions) };
}

const REPEATED: ReadonlySet<string> = new Set<Decided>([
  'could not act',
  'wait',
  'keep',
  'create-cluster',
  'no machines',
]);
