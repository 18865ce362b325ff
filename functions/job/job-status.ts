/** Pure: the record as users see it: status.json beside the upload, the command, the page. */
import type { Problem } from '../job-file/problem.ts';
import { forecastUsd, secondsLeft } from './forecast.ts';
import type { Decision, ErrorSummary, JobRecord, OutputFile } from './job-record.ts';
import { paths } from './names.ts';
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
  tasks: {
    total: number | null;
    done: number;
    running: number;
    waiting: number;
    failed: number;
    reused: number;
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
  errors: { count: number; recent: ErrorSummary[] };
  /** Very many outputs are not all named: `outputsLeftOut` more are in the bucket. */
  results: { prefix: string; outputs: OutputFile[]; outputsLeftOut: number; bytes: number };
  decisions: Decision[];
}

/** A script may call a loop thousands of times: the newest are shown, `tasks` counts all. */
const LOOPS_SHOWN = 50;

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
    tasks: {
      total: progress?.total ?? null,
      done: progress?.done ?? 0,
      running: ended ? 0 : (progress?.running ?? 0),
      waiting: ended ? 0 : (progress?.waiting ?? 0),
      failed: progress?.failed ?? 0,
      reused: progress?.reused ?? 0,
      inBucket: record.ledger.results,
    },
    loops: loopsOf(record),
    secondsLeft: ended ? 0 : secondsLeft(record),
    cost: {
      usd: record.spending.usd,
      forecastUsd: ended ? record.spending.usd : forecastUsd(record),
      limitUsd: record.spec?.limits.usd ?? null,
      machineSeconds: record.spending.machineSeconds,
      pricesAsOf: PRICES_AS_OF,
    },
    errors: { count: record.ledger.errors, recent: record.recentErrors },
    results: {
      prefix: paths.attempt(record.job, record.attempt),
      outputs: record.outputs,
      outputsLeftOut: record.outputsLeftOut,
      bytes: record.ledger.bytes,
    },
    decisions: record.decisions,
  };
}

function loopsOf(record: JobRecord): JobStatus['loops'] {
  return (record.progress?.loops ?? []).slice(-LOOPS_SHOWN).map((loop) => {
    const executed = Math.max(0, loop.done - loop.reused);
    const running = loop.total === null ? 0 : Math.max(0, loop.total - loop.done - loop.failed - loop.waiting);
    return {
      loop: loop.loop,
      label: loop.label,
      total: loop.total,
      done: loop.done,
      failed: loop.failed,
      running: loop.ended ? 0 : running,
      waiting: loop.waiting,
      reused: loop.reused,
      meanSeconds: executed === 0 ? null : loop.seconds / executed,
      ended: loop.ended,
      ...(loop.reuse === undefined ? {} : { reuse: loop.reuse }),
      ...(loop.strays === undefined ? {} : { strays: loop.strays }),
    };
  });
}
