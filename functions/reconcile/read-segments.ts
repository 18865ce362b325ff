/** Line files that passes write one after another below each attempt: ledger, errors, descriptions of loops. */
import { inParallel } from '../in-parallel.ts';
import type { Bucket } from '../ports/bucket.ts';

const PARALLEL_READS = 32;
const MAX_SEGMENT_BYTES = { ledger: 256 * 1024 ** 2, errors: 64 * 1024 ** 2, loops: 64 * 1024 ** 2 };

/** The lines of all segments of a kind, in the order in which they were written: oldest attempt first. */
export async function readSegments<Line>(
  bucket: Bucket,
  job: string,
  kind: keyof typeof MAX_SEGMENT_BYTES,
): Promise<Line[]> {
  const found = await bucket.list(`${job}/`, { glob: `${job}/attempt-*/${kind}/*.jsonl` });
  const segments = found.toSorted((a, b) => attemptOf(a.name) - attemptOf(b.name) || a.name.localeCompare(b.name));
  const lines: Line[][] = segments.map(() => []);
  await inParallel(PARALLEL_READS, [...segments.entries()], async ([index, segment]) => {
    const object = await bucket.read(segment.name, MAX_SEGMENT_BYTES[kind]);
    if (object) lines[index] = parseLines<Line>(object.bytes.toString('utf8'));
  });
  return lines.flat();
}

export function parseLines<Line>(text: string): Line[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

function attemptOf(name: string): number {
  return Number(/attempt-(\d+)\//.exec(name)?.[1] ?? 0);
}
