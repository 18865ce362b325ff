/**
 * Moves the engine's reports from Redis to the results bucket as they are. There are errors of iterations, and
 * descriptions of loops: how a loop combines its results, and what its iterations need to be run again. A report can be
 * large, and there can be thousands.
 */
import type { ErrorSummary, JobRecord, LedgerCounts } from '../job/job-record.ts';
import { type ErrorReport, errorReport } from '../job/error-report.ts';
import { parseJson } from '../job/json-lines.ts';
import { paths } from '../job/names.ts';
import type { Bucket } from '../ports/bucket.ts';
import type { TaskQueue } from '../ports/task-queue.ts';
import { MAX_SEGMENT_BYTES } from './read-segments.ts';
import { writeLinesOnce } from './write-once.ts';

export interface ReportsResult {
  ledger: LedgerCounts;
  recentErrors: ErrorSummary[];
  /** Whether Redis had more than this pass could move. */
  more: boolean;
}

type Report = { id: string; json: string };

const ERRORS_IN_STATUS = 20;
/** An error can be 256 KiB (it carries what a replay needs), a description 2 MiB. */
const ERRORS_AT_ONCE = 50;
const LOOPS_AT_ONCE = 10;

/** Moves reports of errors and of loops from Redis to the bucket, until `untilMs`. Throws PortError of either. */
export async function backUpReports(
  bucket: Bucket,
  queue: TaskQueue,
  record: JobRecord,
  ledger: LedgerCounts,
  untilMs: number,
  nowMs: () => number,
): Promise<ReportsResult> {
  let result: ReportsResult = { ledger, recentErrors: record.recentErrors, more: false };
  for (;;) {
    const errors = await queue.reports('errors', ERRORS_AT_ONCE);
    const loops = await queue.reports('loops', LOOPS_AT_ONCE);
    if (errors.length + loops.length === 0) return result;
    if (nowMs() > untilMs) return { ...result, more: true };
    if (errors.length > 0) result = { ...result, ...(await backUpErrors(bucket, queue, record, result, errors)) };
    await backUpLoops(bucket, queue, record, loops);
  }
}

async function backUpErrors(
  bucket: Bucket,
  queue: TaskQueue,
  record: JobRecord,
  before: ReportsResult,
  errors: Report[],
): Promise<Pick<ReportsResult, 'ledger' | 'recentErrors'>> {
  const segment = before.ledger.errorSegments + 1;
  const held = await writeSegment(bucket, paths.errorSegment(record.job, record.attempt, segment), errors);
  await queue.confirmReports('errors', idsOf(held.saved));
  // A line that is no report is an error all the same: somebody wanted to tell something.
  const reports = held.lines.map((line) => parseJson(line, errorReport) ?? {});
  const recentErrors = reports.reduce(withReport, before.recentErrors).slice(-ERRORS_IN_STATUS);
  const count = reports.reduce((sum, report) => sum + (report.refuted === undefined ? 1 : -1), before.ledger.errors);
  return { ledger: { ...before.ledger, errorSegments: segment, errors: Math.max(0, count) }, recentErrors };
}

async function backUpLoops(bucket: Bucket, queue: TaskQueue, record: JobRecord, loops: Report[]): Promise<void> {
  const [first] = loops;
  if (first === undefined) return;
  const { saved } = await writeSegment(bucket, paths.loopSegment(record.job, record.attempt, first.id), loops);
  // A segment of that name with other lines can only come from a Redis that has lost its last second.
  // What is left of it must not hold the job up.
  await queue.confirmReports('loops', idsOf(saved.length > 0 ? saved : [first]));
}

/**
 * The lines of the segment, and which of the reports are among them: one that an
 * earlier pass has left holds what it held then.
 */
async function writeSegment(
  bucket: Bucket,
  name: string,
  reports: Report[],
): Promise<{ saved: Report[]; lines: string[] }> {
  const lines = reports.map(lineOf);
  const left = await writeLinesOnce(bucket, name, `${lines.join('\n')}\n`, MAX_SEGMENT_BYTES.errors);
  if (left === null) return { saved: reports, lines };
  const held = left.trimEnd().split('\n');
  const known = new Set(held);
  return { saved: reports.filter((report) => known.has(lineOf(report))), lines: held };
}

function lineOf(report: Report): string {
  return report.json.replaceAll('\n', ' ');
}

function idsOf(reports: Report[]): string[] {
  return reports.map((report) => report.id);
}

/** A report that refutes (the iteration succeeded on another worker) takes an error back; every other one adds one. */
function withReport(known: ErrorSummary[], report: ErrorReport): ErrorSummary[] {
  const next = summarizeError(report);
  if (report.refuted === undefined) return [...known, next];
  return known.filter(
    (one) => one.loop !== next.loop || one.iteration !== next.iteration || one.worker !== next.worker,
  );
}

function summarizeError(report: ErrorReport): ErrorSummary {
  const { loop = 0, iteration = 0, message = 'no message', worker = '', final = true } = report;
  return { loop, iteration, message: message.slice(0, 300), worker, final };
}
