/**
 * The ledger as text: what is known of each saved result, and where it lies. A pass writes lines and never changes
 * them; a resume, the command line and R read them.
 */
import * as z from 'zod';
import { formatJsonLines, parseJsonLines, type ParsedLines } from './json-lines.ts';

/** Loops and iterations count from 1; an iteration has a bit in Redis, which has no more of them in one key. */
const MOST_LOOPS = 999_999_999;
const MOST_ITERATIONS = 2 ** 32 - 1;

/** What the worker says of a result that it has computed. */
export const resultFields = {
  loop: z.int().min(1).max(MOST_LOOPS),
  iteration: z.int().min(1).max(MOST_ITERATIONS),
  /** Digests of all that the result depends on: equal keys mean equal results. */
  key: z.string().max(1000),
  attempt: z.int().min(0),
  worker: z.string().max(253),
  node: z.string().max(253),
  /** Of computing it. */
  seconds: z.number(),
  bytes: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** In seconds since 1970. */
  startedAt: z.number(),
  /** How many there were. */
  warnings: z.int().min(0),
};

/** What it has used, as far as that was measured. */
export const usageFields = {
  /** Of processes that it started and waited for, too. */
  cpuSeconds: z.number().min(0),
  /** The most memory that R has had at a time. */
  peakBytes: z.int().min(0),
  /** The peak is that of R since it began, where the iteration's own cannot be told. */
  peakOf: z.literal('process'),
};

const ledgerLine = z.object({
  ...resultFields,
  ...z.object(usageFields).partial().shape,
  /** In the results bucket. */
  object: z.string().min(1).max(1024),
  /** Name of the element in a part file; null when the object is the value itself. */
  part: z.string().max(20).nullable(),
});

export type LedgerLine = z.output<typeof ledgerLine>;

/** A ledger segment's lines: which result lies where. Damaged ones are counted and left out. */
export function parseLedger(text: string): ParsedLines<LedgerLine> {
  return parseJsonLines(text, ledgerLine);
}

/** A ledger segment as it is written to the bucket: one JSON object a line. */
export function formatLedger(lines: readonly LedgerLine[]): string {
  return formatJsonLines(lines);
}
