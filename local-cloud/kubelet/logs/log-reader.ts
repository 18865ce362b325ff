/**
 * Reads a container's log files the way `kubectl logs` asks for them: tail, since,
 * previous run, time stamps, byte limit, follow.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { open, type FileHandle } from 'node:fs/promises';
import { parseRecord, type LogRecord } from './log-format.ts';
import { listSegments, type ContainerLog, type Segment } from './log-writer.ts';

export interface LogQuery {
  previous: boolean;
  follow: boolean;
  timestamps: boolean;
  tailLines: number | undefined;
  sinceMs: number | undefined;
  limitBytes: number | undefined;
}

const CHUNK_BYTES = 64 * 1024;

/** What following needs of the log that is being written. */
export type LiveLog = Pick<ContainerLog, 'ended' | 'changes' | 'changeCount'>;

/** The run of the container whose log is asked for: the newest, or the one before; undefined when there is none. */
export function restartToRead(dir: string, current: number, previous: boolean): number | undefined {
  const restarts = new Set(listSegments(dir).map((segment) => segment.restart));
  const wanted = previous ? current - 1 : current;
  return restarts.has(wanted) ? wanted : undefined;
}

/**
 * Text of the log, in pieces. `live` is the log being written (for follow). Ends
 * when the run has ended or the signal aborts.
 */
export async function* readLog(
  source: { dir: string; restart: number; live: LiveLog | undefined },
  query: LogQuery,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let left = query.limitBytes ?? Number.POSITIVE_INFINITY;
  let midLine = false;
  for await (const record of records(source, query, signal)) {
    if (query.sinceMs !== undefined && Date.parse(record.time) < query.sinceMs) continue;
    const piece = render(record, query.timestamps && !midLine);
    midLine = !record.full;
    yield piece.subarray(0, left);
    left -= piece.length;
    if (left <= 0) return;
  }
}

function render(record: LogRecord, withTime: boolean): Buffer {
  const parts = [record.text];
  if (withTime) parts.unshift(Buffer.from(`${record.time} `));
  if (record.full) parts.push(Buffer.from('\n'));
  return Buffer.concat(parts);
}

async function* records(
  source: { dir: string; restart: number; live: LiveLog | undefined },
  query: LogQuery,
  signal: AbortSignal,
): AsyncGenerator<LogRecord> {
  const segmentsNow = () => listSegments(source.dir).filter((segment) => segment.restart === source.restart);
  const start = tailStart(segmentsNow(), query.tailLines);
  let next = start.segment;
  let offset = start.offset;
  while (!signal.aborted) {
    const ended = source.live?.ended ?? true;
    const seen = source.live?.changeCount ?? 0;
    const segments = segmentsNow().filter((segment) => segment.segment >= next);
    for (const [index, segment] of segments.entries()) {
      const isLast = index === segments.length - 1;
      offset = yield* recordsOfFile(segment.path, offset);
      next = segment.segment;
      if (isLast) continue;
      next += 1;
      offset = 0;
    }
    if (ended || !query.follow || !source.live) return;
    await nextChange(source.live, seen, signal);
  }
}

/** Complete lines of a file from an offset on; answers the offset behind the last of them. */
async function* recordsOfFile(path: string, from: number): AsyncGenerator<LogRecord, number> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch {
    return from;
  }
  let offset = from;
  let rest: Buffer = Buffer.alloc(0);
  try {
    for (;;) {
      const { bytesRead, buffer } = await file.read(
        Buffer.allocUnsafe(CHUNK_BYTES),
        0,
        CHUNK_BYTES,
        offset + rest.length,
      );
      if (bytesRead === 0) return offset;
      rest = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
        const record = parseRecord(rest.subarray(0, end));
        offset += end + 1;
        rest = rest.subarray(end + 1);
        if (record) yield record;
      }
    }
  } finally {
    await file.close();
  }
}

/** Waits until there is more than a reader has `seen`. What came after it had looked, and before it waits, counts. */
async function nextChange(live: LiveLog, seen: number, signal: AbortSignal): Promise<void> {
  if (live.ended || live.changeCount !== seen) return;
  await once(live.changes, 'changed', { signal }).catch((error: unknown) => {
    // Aborted: the reader has gone.
    if (!signal.aborted) throw error;
  });
}

/** Where the last `lines` records begin. */
function tailStart(segments: Segment[], lines: number | undefined): { segment: number; offset: number } {
  const first = segments[0]?.segment ?? 0;
  if (lines === undefined) return { segment: first, offset: 0 };
  let left = lines;
  for (const segment of segments.toReversed()) {
    const found = tailOffset(segment.path, left);
    if (found.offset > 0 || left - found.lines <= 0) return { segment: segment.segment, offset: found.offset };
    left -= found.lines;
  }
  return { segment: first, offset: 0 };
}

/** Offset at which the last `lines` lines of the file begin, and how many lines that are. */
function tailOffset(path: string, lines: number): { offset: number; lines: number } {
  const size = statSync(path).size;
  if (lines <= 0) return { offset: size, lines: 0 };
  const file = openSync(path, 'r');
  try {
    let position = size;
    let found = 0;
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    while (position > 0) {
      const length = Math.min(CHUNK_BYTES, position);
      position -= length;
      readSync(file, buffer, 0, length, position);
      for (let index = length - 1; index >= 0; index--) {
        if (buffer[index] !== 10 || position + index === size - 1) continue;
        found += 1;
        if (found === lines) return { offset: position + index + 1, lines };
      }
    }
    return { offset: 0, lines: size === 0 ? 0 : found + 1 };
  } finally {
    closeSync(file);
  }
}

/** The end of a run's output, for termination messages: at most 80 lines and 2048 bytes. */
export async function logTail(dir: string, restart: number): Promise<string> {
  const query: LogQuery = {
    previous: false,
    follow: false,
    timestamps: false,
    tailLines: 80,
    sinceMs: undefined,
    limitBytes: undefined,
  };
  const pieces: Buffer[] = [];
  for await (const piece of readLog({ dir, restart, live: undefined }, query, new AbortController().signal))
    pieces.push(piece);
  return Buffer.concat(pieces).subarray(-2048).toString('utf8');
}
