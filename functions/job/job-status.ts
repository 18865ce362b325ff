/** Pure: the record as users see it: status.json beside the upload, the command, the page. */
import type { Problem } from '../job-file/problem.ts';
import { forecastUsd, secondsLeft } from './forecast.ts';
import type { Decision, ErrorSummary, JobRecord, OutputFile } from './job-record.ts';
import { paths } from './names.ts';
import type { LoopProgress } from './progress.ts';
import { isTerminal, type Outcome, type Phase } from './phase.ts';
import { PRICES_AS_OF } from './prices.ts';
import { waitingView } from './waiting.ts';

export interface JobStatus {
  schema: 1;
  job: string;
  attempt: number;
  phase: Phase;
  ended: boolean;
  /** Null until it has ended (or begun to end). */
  outcome: Outcome | null;
  reason: { code: string; message: string; remedy: string | null } | null;
  /** One line: what it waits for; null when it does not wait. */
  waitingFor: string | null;
  /** The same with its code, what the cluster said, until when it may take, and what then happens. */
  waiting: ReturnType<typeof waitingView>;
  problems: readonly Problem[];
  submittedAt: string;
  attemptStartedAt: string;
  phaseSince: string;
  endedAt: string | null;
  updatedAt: string;
  /** Generation of the record that is shown: a larger one is newer. */
  revision: string;
  cluster: { name: string; location: string; gone: boolean } | null;
  machines: { wanted: number; reason: string };
  workers: { wanted: number; busy: number; idle: number };
  /**
   * Iterations of this attempt. Each that is known is in one place: total = done + failed + running + waiting. What has
   * ended runs nothing any more, so `waiting` is then what was never finished. While a loop's length is unknown, so is
   * the total.
   */
  tasks: {
    total: number | null;
    /** They have a value: computed, or `reused`. */
    done: number;
    running: number;
    waiting: number;
    /** They have an error instead of a value. Those that were tried again and succeeded do not count. */
    failed: number;
    /** Of those done: values of earlier attempts. */
    reused: number;
    /** Of those done: values that are in the bucket. */
    inBucket: number;
  };
  loops: {
    loop: number;
    label: string;
    total: number | null;
    done: number;
    failed: number;
    running: number;
    waiting: number;
    reused: number;
    meanSeconds: number | null;
    ended: boolean;
    reuse?: string;
    strays?: string;
  }[];
  secondsLeft: number | null;
  cost: {
    usd: number;
    forecastUsd: number | null;
    limitUsd: number | null;
    machineSeconds: number;
    pricesAsOf: string;
  };
  /** Reports of this attempt: several of an iteration that was tried again, and then it may not have failed. */
  errors: { count: number; recent: ErrorSummary[] };
  /** Of iterations that have succeeded and are saved, in this attempt. What they say is in the driver's log. */
  warnings: number;
  /** The most that one of these iterations has used; each has its line in the ledger. Null: none was measured. */
  mostUsed: { peakBytes: number | null; cpuSeconds: number | null };
  /** Very many outputs are not all named: `outputsLeftOut` more are in the bucket. */
  results: { prefix: string; outputs: OutputFile[]; outputsLeftOut: number; bytes: number };
  decisions: Decision[];
}

/** A script may call a loop thousands of times: the newest are shown, `tasks` counts all. */
const LOOPS_SHOWN = 50;

/** What status.json and the function `status` show of a record. `revision` is the functions' own. */
export function statusView(record: JobRecord, nowMs: number, revision: string): JobStatus {
  const { progress, ending } = record;
  const ended = isTerminal(record.phase);
  return {
    schema: 1,
    job: record.job,
    attempt: record.attempt,
    phase: record.phase,
    ended,
    outcome: ending?.outcome ?? null,
    reason: ending && { code: ending.code, message: ending.message, remedy: ending.remedy },
    waitingFor: record.waitingFor,
    waiting: waitingView(record.waiting, record.waitingFor),
    problems: record.problems,
    submittedAt: record.createdAt,
    attemptStartedAt: record.attemptStartedAt,
    phaseSince: record.phaseSince,
    endedAt: record.endedAt,
    updatedAt: new Date(nowMs).toISOString(),
    revision,
    cluster: record.cluster && {
      name: record.cluster.name,
      location: record.cluster.location,
      gone: record.cluster.goneAt !== null,
    },
    machines: { wanted: record.fleet.nodes === 0 ? 0 : record.fleet.nodes + 1, reason: record.fleet.text },
    workers: {
      wanted: record.fleet.workers,
      busy: ended ? 0 : (progress?.workersBusy ?? 0),
      idle: ended ? 0 : (progress?.workersIdle ?? 0),
    },
    tasks: tasksOf(record),
    loops: (progress?.loops ?? []).slice(-LOOPS_SHOWN).map((loop) => loopOf(loop, ended)),
    secondsLeft: ended ? 0 : secondsLeft(record),
    cost: {
      usd: record.spending.usd,
      forecastUsd: ended ? record.spending.usd : forecastUsd(record),
      limitUsd: record.spec?.limits.usd ?? null,
      machineSeconds: record.spending.machineSeconds,
      pricesAsOf: PRICES_AS_OF,
    },
    errors: { count: record.ledger.errors, recent: record.recentErrors },
    warnings: record.ledger.warnings ?? 0,
    mostUsed: { peakBytes: record.ledger.peakBytes ?? null, cpuSeconds: record.ledger.cpuSeconds ?? null },
    results: {
      prefix: paths.attempt(record.job, record.attempt),
      outputs: record.outputs,
      outputsLeftOut: record.outputsLeftOut,
      bytes: record.ledger.bytes,
    },
    decisions: record.decisions,
  };
}

/**
 * What runs and waits follows from what the driver says at one moment. The workers' own words are newer or older, and
 * would count an iteration twice or not at all.
 */
function tasksOf({ progress, phase, ledger }: JobRecord): JobStatus['tasks'] {
  const ended = isTerminal(phase);
  const { total, done, failed, reused } = progress ?? { total: null, done: 0, failed: 0, reused: 0 };
  const open = (progress?.loops ?? []).map((loop) => openOf(loop, ended));
  const sum = (part: 'running' | 'waiting'): number => open.reduce((all, one) => all + one[part], 0);
  // Results arrive in the bucket before the driver has counted them, and a driver that begins anew sends some again.
  const inBucket = Math.min(done, ledger.results + reused);
  return { total, done, running: sum('running'), waiting: sum('waiting'), failed, reused, inBucket };
}

function openOf(loop: LoopProgress, ended: boolean): { running: number; waiting: number } {
  const left = loop.total === null ? loop.waiting : Math.max(0, loop.total - loop.done - loop.failed);
  const waiting = ended || loop.ended ? left : Math.min(left, loop.waiting);
  return { running: left - waiting, waiting };
}

function loopOf(loop: LoopProgress, ended: boolean): JobStatus['loops'][number] {
  const executed = Math.max(0, loop.done - loop.reused);
  return {
    loop: loop.loop,
    label: loop.label,
    total: loop.total,
    done: loop.done,
    failed: loop.failed,
    ...openOf(loop, ended),
    reused: loop.reused,
    meanSeconds: executed === 0 ? null : loop.seconds / executed,
    ended: loop.ended,
    ...(loop.reuse === undefined ? {} : { reuse: loop.reuse }),
    ...(loop.strays === undefined ? {} : { strays: loop.strays }),
  };
}
