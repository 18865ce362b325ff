/**
 * Line files that passes write one after another below each attempt: ledger, errors, descriptions of loops. A line
 * that cannot be understood is told of and left out; it hides no other.
 */
import { inParallel } from '../in-parallel.ts';
import type { ParsedLines } from '../job/json-lines.ts';
import { log } from '../log.ts';
import type { Bucket } from '../ports/bucket.ts';

const PARALLEL_READS = 32;
export const MAX_SEGMENT_BYTES = { ledger: 256 * 1024 ** 2, errors: 64 * 1024 ** 2, loops: 64 * 1024 ** 2 };

export type SegmentKind = keyof typeof MAX_SEGMENT_BYTES;

/** Hears of an object with so many lines that were left out. */
export type TellDamaged = (object: string, lines: number) => void;

/** The lines of all segments of a kind, in the order in which they were written: oldest attempt first. */
export async function readSegments<Line>(
  bucket: Bucket,
  job: string,
  kind: SegmentKind,
  parse: (text: string) => ParsedLines<Line>,
  tellDamaged: TellDamaged = logDamaged,
): Promise<Line[]> {
  const names = await segmentNames(bucket, job, kind);
  const lines: Line[][] = names.map(() => []);
  await inParallel(PARALLEL_READS, [...names.entries()], async ([index, name]) => {
    lines[index] = await readSegment(bucket, name, kind, parse, tellDamaged);
  });
  return lines.flat();
}

/** Of those that are not handed out one at a time: the next ones are read meanwhile. */
const AHEAD = 4;

/** As readSegments, one after another: for what would not fit into memory as a whole. */
export async function* eachSegment<Line>(
  bucket: Bucket,
  job: string,
  kind: SegmentKind,
  parse: (text: string) => ParsedLines<Line>,
): AsyncGenerator<Line[]> {
  const reading: Promise<Line[]>[] = [];
  for (const name of await segmentNames(bucket, job, kind)) {
    const lines = readSegment(bucket, name, kind, parse, logDamaged);
    // Told of when its turn comes.
    lines.catch(() => undefined);
    if (reading.push(lines) > AHEAD) yield await firstOf(reading);
  }
  while (reading.length > 0) yield await firstOf(reading);
}

function firstOf<T>(reading: Promise<T[]>[]): Promise<T[]> {
  return reading.shift() ?? Promise.resolve([]);
}

async function segmentNames(bucket: Bucket, job: string, kind: SegmentKind): Promise<string[]> {
  const found = await bucket.list(`${job}/`, { glob: `${job}/attempt-*/${kind}/*.jsonl` });
  return found
    .toSorted((a, b) => attemptOf(a.name) - attemptOf(b.name) || a.name.localeCompare(b.name))
    .map(({ name }) => name);
}

async function readSegment<Line>(
  bucket: Bucket,
  name: string,
  kind: SegmentKind,
  parse: (text: string) => ParsedLines<Line>,
  tellDamaged: TellDamaged,
): Promise<Line[]> {
  const object = await bucket.read(name, MAX_SEGMENT_BYTES[kind]);
  if (object === null) return [];
  const { lines, damaged } = parse(object.bytes.toString('utf8'));
  if (damaged > 0) tellDamaged(name, damaged);
  return lines;
}

function logDamaged(object: string, lines: number): void {
  log('WARNING', `${lines} lines of ${object} are damaged and left out`, { code: 'FF-VALUE-REFUSED' });
}

function attemptOf(name: string): number {
  return Number(/attempt-(\d+)\//.exec(name)?.[1] ?? 0);
}
