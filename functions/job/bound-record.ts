/**
 * Keeps a record small. Every field that a script, a user or the cloud can make grow is cut to a bound, so that
 * what is written can be read again. Applied to what a rule answers and to everything that is written; what is
 * within its bounds stays as it is. The list of files is not cut, because a job needs all of it: a folder that
 * has too many is refused before anything is made for it (job-file/check-folder.ts).
 */
import type { Problem } from '../job-file/problem.ts';
import type { ErrorSummary, JobRecord, OutputFile } from './job-record.ts';
import type { LoopProgress, Progress } from './progress.ts';
import { RECORD_BOUNDS } from './record-bounds.ts';

/**
 * The record with each list and text cut to its bound (RECORD_BOUNDS), so that it stays small however large the job.
 */
export function boundRecord(record: JobRecord): JobRecord {
  const { cluster, ending, fleet, progress } = record;
  const { outputs, outputsLeftOut } = keepOutputs(record.outputs);
  return {
    ...record,
    problems: record.problems.slice(0, RECORD_BOUNDS.problems).map(boundProblem),
    waitingFor: record.waitingFor === null ? null : cut(record.waitingFor),
    cluster: cluster && {
      ...cluster,
      exhausted: cluster.exhausted
        .slice(-RECORD_BOUNDS.exhausted)
        .map((location) => cut(location, RECORD_BOUNDS.label)),
    },
    refusals: record.refusals.slice(-RECORD_BOUNDS.refusals).map((one) => ({ ...one, text: cut(one.text) })),
    fleet: { ...fleet, text: cut(fleet.text) },
    progress: progress && boundProgress(progress),
    ending: ending && {
      ...ending,
      message: cut(ending.message),
      remedy: ending.remedy === null ? null : cut(ending.remedy),
    },
    recentErrors: record.recentErrors.slice(-RECORD_BOUNDS.errors).map(boundError),
    outputs,
    outputsLeftOut: record.outputsLeftOut + outputsLeftOut,
    decisions: record.decisions
      .slice(-RECORD_BOUNDS.decisions)
      .map((one) => ({ ...one, what: cut(one.what, RECORD_BOUNDS.label), text: cut(one.text) })),
    trouble: record.trouble && { ...record.trouble, text: cut(record.trouble.text) },
    notices: record.notices.slice(-RECORD_BOUNDS.notices).map((notice) => ({ ...notice, text: cut(notice.text) })),
  };
}

/** The first outputs by name, and how many more there are: all of them are in the results bucket. */
export function keepOutputs(outputs: readonly OutputFile[]): Pick<JobRecord, 'outputs' | 'outputsLeftOut'> {
  const kept = outputs.slice(0, RECORD_BOUNDS.outputs).map((output) => ({
    name: cut(output.name, RECORD_BOUNDS.name),
    bytes: finite(output.bytes),
    sha256: cut(output.sha256, RECORD_BOUNDS.label),
  }));
  return { outputs: kept, outputsLeftOut: outputs.length - kept.length };
}

/** The newest loops; the sums beside them count all. */
function boundProgress(progress: Progress): Progress {
  const { driver } = progress;
  return {
    ...progress,
    driver: {
      ...driver,
      message: cut(driver.message),
      ...(driver.reason === undefined || driver.reason === null
        ? {}
        : { reason: cut(driver.reason, RECORD_BOUNDS.label) }),
      startedSeconds: finiteOrNull(driver.startedSeconds),
      beatSeconds: finiteOrNull(driver.beatSeconds),
    },
    loops: progress.loops.slice(-RECORD_BOUNDS.loops).map(boundLoop),
    waiting: finite(progress.waiting),
    running: finite(progress.running),
    done: finite(progress.done),
    failed: finite(progress.failed),
    reused: finite(progress.reused),
    total: finiteOrNull(progress.total),
    meanSeconds: finiteOrNull(progress.meanSeconds),
  };
}

function boundLoop(loop: LoopProgress): LoopProgress {
  return {
    ...loop,
    loop: finite(loop.loop),
    label: cut(loop.label, RECORD_BOUNDS.label),
    total: finiteOrNull(loop.total),
    done: finite(loop.done),
    failed: finite(loop.failed),
    reused: finite(loop.reused),
    seconds: finite(loop.seconds),
    maxSeconds: finite(loop.maxSeconds),
    waiting: finite(loop.waiting),
    ...(loop.reuse === undefined ? {} : { reuse: cut(loop.reuse, RECORD_BOUNDS.loopText) }),
    ...(loop.strays === undefined ? {} : { strays: cut(loop.strays, RECORD_BOUNDS.loopText) }),
  };
}

function boundProblem(problem: Problem): Problem {
  const { code, path, message, remedy } = problem;
  return { code, path: cut(path, RECORD_BOUNDS.label), message: cut(message), remedy: cut(remedy) };
}

function boundError(error: ErrorSummary): ErrorSummary {
  return {
    loop: finite(error.loop),
    iteration: finite(error.iteration),
    message: cut(error.message, RECORD_BOUNDS.loopText),
    worker: cut(error.worker, RECORD_BOUNDS.label),
    final: error.final,
  };
}

/** The dots say that something is missing. */
function cut(text: string, limit: number = RECORD_BOUNDS.text): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;
}

/** JSON has no other numbers. */
function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}

function finiteOrNull(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}
