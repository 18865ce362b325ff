/**
 * Moves journalled results from Redis to the results bucket, batch by batch: values first, then a ledger segment that names them, and only
 * then may Redis forget. Every object is written once (generation 0); a segment that exists already is a crash's leftover and is adopted.
 */
import { createHash } from 'node:crypto';
import type { ErrorSummary, JobRecord, LedgerCounts } from '../job/job-record.ts';
import { paths } from '../job/names.ts';
import { packPart } from './r-part.ts';
import type { Bucket } from '../ports/bucket.ts';
import { PortError } from '../ports/port-error.ts';
import type { JournalEntry, TaskQueue } from '../ports/task-queue.ts';
import { inParallel } from '../in-parallel.ts';
import { backUpReports } from './back-up-reports.ts';
import { checkUploads } from './check-uploads.ts';
import { parseLines } from './read-segments.ts';
import { writeOnce } from './write-once.ts';

/** One line of the ledger: everything known about a finished iteration, and where its value lies. */
export interface LedgerLine extends Omit<JournalEntry, 'id' | 'object' | 'md5'> {
  object: string;
  /** Name of the element in a part file; null when the object is the value itself. */
  part: string | null;
}

export interface BackUpResult {
  ledger: LedgerCounts;
  recentErrors: ErrorSummary[];
  /** Whether Redis had more than this pass could move. */
  more: boolean;
}

/** Bounds memory: values of a batch, the part made of them, and what the client holds while sending. */
const BATCH_BYTES = 16 * 1024 ** 2;
const BATCH_ENTRIES = 2000;
/** Loops up to this length get a file per iteration, which readRDS() turns into the value; longer ones share files, so that objects and signatures stay few. */
const FILE_PER_ITERATION_UP_TO = 2000;
const PART_VALUE_BYTES = 1024 ** 2;
const PARALLEL_WRITES = 24;

export async function backUp(
  bucket: Bucket,
  queue: TaskQueue,
  record: JobRecord,
  untilMs: number,
  nowMs: () => number,
): Promise<BackUpResult> {
  const totals = new Map(record.progress?.loops.map((loop) => [loop.loop, loop.total]) ?? []);
  let ledger = record.ledger;
  let more = false;
  for (;;) {
    const batch = await queue.outbox(BATCH_ENTRIES, BATCH_BYTES);
    if (batch.length === 0) break;
    if (nowMs() > untilMs) {
      more = true;
      break;
    }
    ledger = await backUpBatch(bucket, queue, record, ledger, batch, totals);
  }
  const reports = await backUpReports(bucket, queue, record, ledger, untilMs, nowMs);
  return { ...reports, more: more || reports.more };
}

type Item = { entry: JournalEntry; value: Buffer | null };

async function backUpBatch(
  bucket: Bucket,
  queue: TaskQueue,
  record: JobRecord,
  ledger: LedgerCounts,
  batch: Item[],
  totals: Map<number, number | null>,
): Promise<LedgerCounts> {
  const segment = ledger.segments + 1;
  const name = paths.ledgerSegment(record.job, record.attempt, segment);
  const uploaded = await checkUploads(
    bucket,
    record,
    batch.map((item) => item.entry).filter((entry) => entry.object !== null),
  );
  const lines = await writeValues(bucket, record, segment, batch, totals);
  for (const entry of uploaded.good)
    lines.push(lineOf(entry, paths.attempt(record.job, record.attempt) + entry.object, null));
  const recorded = await writeSegment(bucket, name, lines);
  const keys = new Set(recorded.map((line) => `${line.loop}/${line.iteration}`));
  const isRecorded = (entry: JournalEntry): boolean => keys.has(`${entry.loop}/${entry.iteration}`);
  await queue.confirm(batch.map((item) => item.entry).filter(isRecorded));
  await queue.reject(uploaded.bad.filter((entry) => !isRecorded(entry)));
  // What the driver threw away (code or arguments had changed) has no value any more.
  const thrownAway = batch.filter(({ entry, value }) => entry.object === null && value === null && !isRecorded(entry));
  await queue.forget(thrownAway.map((item) => item.entry));
  if (recorded.length === 0) return ledger;
  return {
    ...ledger,
    segments: segment,
    results: ledger.results + recorded.length,
    bytes: ledger.bytes + recorded.reduce((total, line) => total + line.bytes, 0),
  };
}

/** What the segment says in the end: these lines, or those of a pass that died after writing it. */
async function writeSegment(bucket: Bucket, name: string, lines: LedgerLine[]): Promise<LedgerLine[]> {
  if (lines.length === 0) return [];
  const text = lines.map((line) => JSON.stringify(line)).join('\n') + '\n';
  const durable = await writeOnce(bucket, name, text, 'application/x-ndjson');
  return durable === 'written' ? lines : parseLines<LedgerLine>(durable.toString('utf8'));
}

/** Writes what is in Redis and not in the bucket yet; answers where each value lies. */
async function writeValues(
  bucket: Bucket,
  record: JobRecord,
  segment: number,
  batch: Item[],
  totals: Map<number, number | null>,
): Promise<LedgerLine[]> {
  const lines: LedgerLine[] = [];
  const parts = new Map<number, Item[]>();
  const singles: Item[] = [];
  for (const item of batch) {
    const { entry, value } = item;
    if (entry.object !== null || value === null) continue;
    if ((totals.get(entry.loop) ?? Infinity) <= FILE_PER_ITERATION_UP_TO || value.length > PART_VALUE_BYTES)
      singles.push(item);
    else parts.set(entry.loop, [...(parts.get(entry.loop) ?? []), item]);
  }
  await inParallel(PARALLEL_WRITES, singles, async ({ entry, value }) => {
    lines.push(await writeSingle(bucket, record, entry, value!));
  });
  for (const [loop, items] of parts) {
    const name = paths.part(record.job, record.attempt, loop, segment);
    const bytes = packPart(items.map((item) => ({ name: String(item.entry.iteration), bytes: item.value! })));
    await writeOnce(bucket, name, bytes, 'application/octet-stream');
    for (const item of items) lines.push(lineOf(item.entry, name, String(item.entry.iteration)));
  }
  return lines;
}

async function writeSingle(bucket: Bucket, record: JobRecord, entry: JournalEntry, value: Buffer): Promise<LedgerLine> {
  const actual = createHash('sha256').update(value).digest('hex');
  if (actual !== entry.sha256)
    throw new PortError(
      'FF-RESULT-DAMAGED',
      `result of loop ${entry.loop}, iteration ${entry.iteration} is not what its worker computed (SHA-256 differs)`,
      { retry: true },
    );
  const name = paths.iteration(record.job, record.attempt, entry.loop, entry.iteration);
  const durable = await writeOnce(bucket, name, value, 'application/octet-stream');
  if (durable === 'written') return lineOf(entry, name, null);
  const sha256 = createHash('sha256').update(durable).digest('hex');
  return lineOf({ ...entry, sha256, bytes: durable.length }, name, null);
}

function lineOf(entry: JournalEntry, object: string, part: string | null): LedgerLine {
  const { loop, iteration, key, attempt, worker, node, seconds, bytes, sha256, startedAt, warnings } = entry;
  return { loop, iteration, key, attempt, worker, node, seconds, bytes, sha256, startedAt, warnings, object, part };
}
