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
  const found = await bucket.list(`${job}/`, { glob: `${job}/attempt-*/${kind}/*.jsonl` });
  const segments = found.toSorted((a, b) => attemptOf(a.name) - attemptOf(b.name) || a.name.localeCompare(b.name));
  const lines: Line[][] = segments.map(() => []);
  await inParallel(PARALLEL_READS, [...segments.entries()], async ([index, segment]) => {
    const object = await bucket.read(segment.name, MAX_SEGMENT_BYTES[kind]);
    if (object === null) return;
    const parsed = parse(object.bytes.toString('utf8'));
    if (parsed.damaged > 0) tellDamaged(segment.name, parsed.damaged);
    lines[index] = parsed.lines;
  });
  return lines.flat();
}

function logDamaged(object: string, lines: number): void {
  log('WARNING', `${lines} lines of ${object} are damaged and left out`, { code: 'FF-VALUE-REFUSED' });
}

function attemptOf(name: string): number {
  return Number(/attempt-(\d+)\//.exec(name)?.[1] ?? 0);
}
