/**
 * Moves journalled results from Redis to the results bucket, batch by batch. Values come first, then a ledger segment
 * that names them; only then may Redis forget. Every object is written once (generation 0). A name that is taken is
 * believed only for the bytes that are there. A value whose name holds other bytes gets a name of its own content.
 * Redis forgets a result only if the segment names exactly that result. A value that is not what its worker computed is
 * set aside, and keeps no other from being saved.
 */
import { createHash } from 'node:crypto';
import { keepOutputs } from '../job/bound-record.ts';
import type { ErrorSummary, JobRecord, LedgerCounts } from '../job/job-record.ts';
import { formatLedger, parseLedger, type LedgerLine } from '../job/ledger.ts';
import { paths } from '../job/names.ts';
import { packPart } from '../job/r-part.ts';
import type { Bucket } from '../ports/bucket.ts';
import { PortError } from '../ports/port-error.ts';
import type { JournalEntry, OutboxItem, TaskQueue } from '../ports/task-queue.ts';
import { log } from '../log.ts';
import { inParallel } from '../in-parallel.ts';
import { backUpReports } from './back-up-reports.ts';
import { checkUploads } from './check-uploads.ts';
import { MAX_SEGMENT_BYTES } from './read-segments.ts';
import { holds, writeLinesOnce, writeOnce } from './write-once.ts';

export interface BackUpResult extends Outputs {
  ledger: LedgerCounts;
  recentErrors: ErrorSummary[];
  /** Whether Redis had more than this pass could move. */
  more: boolean;
  /** What kept a result from being saved; the others are, and Redis still has this one. */
  failure: unknown;
}

/** Bounds memory: values of a batch, the part made of them, and what the client holds while sending. */
const BATCH_BYTES = 16 * 1024 ** 2;
const BATCH_ENTRIES = 2000;
/**
 * Loops up to this length get a file per iteration, which readRDS() turns into the value; longer ones share files,
 * so that objects and signatures stay few.
 */
const FILE_PER_ITERATION_UP_TO = 2000;
const PART_VALUE_BYTES = 1024 ** 2;
const PARALLEL_WRITES = 24;

/**
 * Moves results from Redis to the bucket until `untilMs` (ms since 1970). What was written counts also when it throws.
 * A bucket that lets each call wait must not hold the pass for as many calls as there are results.
 */
export async function backUp(
  bucket: Bucket,
  queue: TaskQueue,
  record: JobRecord,
  untilMs: number,
  nowMs: () => number,
): Promise<BackUpResult> {
  const totals = new Map(record.progress?.loops.map((loop) => [loop.loop, loop.total]) ?? []);
  const failures: unknown[] = [];
  let ledger = record.ledger;
  let more = false;
  while (failures.length === 0) {
    const batch = await queue.outbox(BATCH_ENTRIES, BATCH_BYTES);
    if (batch.items.length + batch.refused.length === 0) break;
    if (nowMs() > untilMs) {
      more = true;
      break;
    }
    if (batch.refused.length > 0) await forgetRefused(queue, record, batch.refused);
    const isOver = (): boolean => nowMs() > untilMs;
    const moved = await backUpBatch(bucket, queue, record, ledger, batch.items, totals, isOver);
    ledger = moved.ledger;
    failures.push(...moved.failures);
  }
  /** What is saved counts, whatever else cannot be read or written. */
  const orElse = <T>(otherwise: T, work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => (failures.push(error), otherwise));
  const noReports = { ledger, recentErrors: record.recentErrors, more: false };
  const reports = await orElse(noReports, backUpReports(bucket, queue, record, ledger, untilMs, nowMs));
  const outputs = await orElse(record, readOutputs(queue, record));
  return {
    ...reports,
    more: more || reports.more,
    outputs: outputs.outputs,
    outputsLeftOut: outputs.outputsLeftOut,
    failure: failures[0] ?? null,
  };
}

async function forgetRefused(queue: TaskQueue, record: JobRecord, ids: string[]): Promise<void> {
  const fields = { job: record.job, code: 'FF-VALUE-REFUSED' };
  log('WARNING', `${ids.length} entries of the outbox are no results and are taken off, such as ${ids[0]}`, fields);
  await queue.forget(ids);
}

async function readOutputs(queue: TaskQueue, record: JobRecord): Promise<Outputs> {
  const { items, refused } = await queue.outputs();
  const fields = { job: record.job, code: 'FF-VALUE-REFUSED' };
  if (refused > 0) log('WARNING', `${refused} entries of the list of outputs are none and are left out`, fields);
  return keepOutputs(items);
}

type Outputs = Pick<JobRecord, 'outputs' | 'outputsLeftOut'>;
type Whole = { entry: JournalEntry; value: Buffer };

async function backUpBatch(
  bucket: Bucket,
  queue: TaskQueue,
  record: JobRecord,
  ledger: LedgerCounts,
  batch: OutboxItem[],
  totals: Map<number, number | null>,
  isOver: () => boolean,
): Promise<{ ledger: LedgerCounts; failures: unknown[] }> {
  const segment = ledger.segments + 1;
  const name = paths.ledgerSegment(record.job, record.attempt, segment);
  const uploaded = await checkUploads(
    bucket,
    record,
    batch.map((item) => item.entry).filter((entry) => entry.object !== null),
    isOver,
  );
  const values = await writeValues(bucket, record, segment, batch, totals, isOver);
  const lines = [...values.lines];
  for (const entry of uploaded.good)
    lines.push(lineOf(entry, paths.attempt(record.job, record.attempt) + entry.object, null));
  const recorded = await writeSegment(bucket, name, lines);
  const results = new Set(recorded.map(identityOf));
  const isRecorded = (entry: JournalEntry): boolean => results.has(identityOf(entry));
  await queue.confirm(batch.map((item) => item.entry).filter(isRecorded));
  /** What is confirmed is counted, whatever else Redis refuses. */
  const { failures } = values;
  const trying = (work: Promise<void>): Promise<unknown> => work.catch((error: unknown) => failures.push(error));
  await trying(queue.reject([...uploaded.bad, ...values.damaged].filter((entry) => !isRecorded(entry))));
  // What the driver threw away (code or arguments had changed) has no value any more.
  const thrownAway = batch.filter(({ entry, value }) => entry.object === null && value === null && !isRecorded(entry));
  await trying(queue.forget(thrownAway.map((item) => item.entry.id)));
  if (lines.length === 0) return { ledger, failures };
  const warnings = recorded.reduce((total, line) => total + line.warnings, ledger.warnings ?? 0);
  const counted = {
    ...ledger,
    ...(warnings > 0 ? { warnings } : {}),
    ...mostUsed(ledger, recorded),
    segments: segment,
    results: ledger.results + recorded.length,
    bytes: ledger.bytes + recorded.reduce((total, line) => total + line.bytes, 0),
  };
  return { ledger: counted, failures };
}

/** The most of one iteration; absent while none was measured. */
function mostUsed(ledger: LedgerCounts, lines: LedgerLine[]): Pick<LedgerCounts, 'peakBytes' | 'cpuSeconds'> {
  const most: Pick<LedgerCounts, 'peakBytes' | 'cpuSeconds'> = {};
  for (const what of ['peakBytes', 'cpuSeconds'] as const) {
    const known = [ledger, ...lines].flatMap((one) => one[what] ?? []);
    if (known.length > 0) most[what] = known.reduce((a, b) => Math.max(a, b));
  }
  return most;
}

/**
 * Two results of one iteration are the same only if key and bytes are: a driver that
 * was started again may have other arguments.
 */
function identityOf(result: Pick<JournalEntry, 'loop' | 'iteration' | 'key' | 'sha256'>): string {
  return `${result.loop}/${result.iteration}/${result.key}/${result.sha256}`;
}

/** What the segment says in the end: these lines, or those of a pass that died after writing it. */
async function writeSegment(bucket: Bucket, name: string, lines: LedgerLine[]): Promise<LedgerLine[]> {
  if (lines.length === 0) return [];
  const left = await writeLinesOnce(bucket, name, formatLedger(lines), MAX_SEGMENT_BYTES.ledger);
  return left === null ? lines : parseLedger(left).lines;
}

/** Writes what is in Redis and not in the bucket yet; answers where each value lies, and which are damaged. */
async function writeValues(
  bucket: Bucket,
  record: JobRecord,
  segment: number,
  batch: OutboxItem[],
  totals: Map<number, number | null>,
  isOver: () => boolean,
): Promise<WrittenValues> {
  const lines: LedgerLine[] = [];
  const failures: unknown[] = [];
  /** What cannot be written now keeps nothing else from being saved. */
  const trying =
    <T>(work: (item: T) => Promise<unknown>) =>
    async (item: T): Promise<void> =>
      void (isOver() || (await work(item).catch((error: unknown) => failures.push(error))));
  const parts = new Map<number, Whole[]>();
  const singles: Whole[] = [];
  const damaged: Whole[] = [];
  const unread: JournalEntry[] = [];
  for (const { entry, value } of batch) {
    if (entry.object !== null || value === null) continue;
    if (value === 'too-large') {
      tellDamaged(record, entry, 'larger than its worker says; it is not read');
      unread.push(entry);
      continue;
    }
    const item = { entry, value };
    if (sha256Of(value) !== entry.sha256) damaged.push(item);
    else if ((totals.get(entry.loop) ?? Infinity) <= FILE_PER_ITERATION_UP_TO || value.length > PART_VALUE_BYTES)
      singles.push(item);
    else parts.set(entry.loop, [...(parts.get(entry.loop) ?? []), item]);
  }
  const saveSingle = async ({ entry, value }: Whole): Promise<unknown> =>
    lines.push(lineOf(entry, await writeSingle(bucket, record, entry, value), null));
  const saveParts = async ([loop, items]: [number, Whole[]]): Promise<unknown> => {
    const name = await writePart(bucket, record, segment, loop, items);
    return lines.push(...items.map((item) => lineOf(item.entry, name, String(item.entry.iteration))));
  };
  const aside: JournalEntry[] = [];
  const keepAside = async (item: Whole): Promise<unknown> => {
    await setAside(bucket, record, item);
    return aside.push(item.entry);
  };
  await inParallel(PARALLEL_WRITES, singles, trying(saveSingle));
  await inParallel(1, [...parts], trying(saveParts));
  await inParallel(PARALLEL_WRITES, damaged, trying(keepAside));
  return { lines, damaged: [...unread, ...aside], failures };
}

interface WrittenValues {
  lines: LedgerLine[];
  /** Values that were set aside, or are too large for that. */
  damaged: JournalEntry[];
  /** What went wrong; empty: everything was written. */
  failures: unknown[];
}

/**
 * Answers the object that holds the value: the plain name, or one of its content
 * where the plain name holds another result.
 */
async function writeSingle(bucket: Bucket, record: JobRecord, entry: JournalEntry, value: Buffer): Promise<string> {
  const plain = paths.iteration(record.job, record.attempt, entry.loop, entry.iteration);
  if (await holds(bucket, plain, value)) return plain;
  const own = paths.otherIteration(record.job, record.attempt, entry.loop, entry.iteration, entry.sha256);
  await mustHold(bucket, own, value);
  return own;
}

async function writePart(
  bucket: Bucket,
  record: JobRecord,
  segment: number,
  loop: number,
  items: Whole[],
): Promise<string> {
  const bytes = packPart(items.map((item) => ({ name: String(item.entry.iteration), bytes: item.value })));
  const name = paths.part(record.job, record.attempt, loop, segment, sha256Of(bytes));
  await mustHold(bucket, name, bytes);
  return name;
}

async function mustHold(bucket: Bucket, name: string, bytes: Buffer): Promise<void> {
  if (await holds(bucket, name, bytes)) return;
  throw new PortError('FF-RESULT-DAMAGED', `object ${name} holds other bytes than its name says`, { retry: true });
}

/** The iteration is computed again; the bytes stay for whoever wants to know what happened. */
async function setAside(bucket: Bucket, record: JobRecord, { entry, value }: Whole): Promise<void> {
  const name = paths.quarantine(record.job, record.attempt, entry.loop, entry.iteration, sha256Of(value));
  await writeOnce(bucket, name, value, 'application/octet-stream');
  tellDamaged(record, entry, `not what its worker computed (SHA-256 differs); set aside as ${name}`);
}

function tellDamaged(record: JobRecord, entry: JournalEntry, how: string): void {
  const which = `loop ${entry.loop}, iteration ${entry.iteration}`;
  log('ERROR', `the result of ${which} is ${how}; it runs again`, { job: record.job, code: 'FF-RESULT-DAMAGED' });
}

function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function lineOf(entry: JournalEntry, object: string, part: string | null): LedgerLine {
  const { loop, iteration, key, attempt, worker, node, seconds, bytes, sha256, startedAt, warnings } = entry;
  const { cpuSeconds, peakBytes, peakOf } = entry;
  const used = { cpuSeconds, peakBytes, peakOf };
  return {
    loop,
    iteration,
    key,
    attempt,
    worker,
    node,
    seconds,
    bytes,
    sha256,
    startedAt,
    warnings,
    ...used,
    object,
    part,
  };
}
