/**
 * What the engine reports of a failed iteration, and how a loop's iterations can be run again. Both are written by R
 * and pass through Redis, where a script can write anything: a field that is not what it should be is left out.
 */
import * as z from 'zod';
import { parseJsonLines, type ParsedLines } from './json-lines.ts';

const text = z.string().optional().catch(undefined);
const texts = z.array(z.string()).optional().catch(undefined);
const number = z.number().optional().catch(undefined);
const ordinal = z.int().min(1).optional().catch(undefined);

export const errorReport = z.object({
  loop: ordinal,
  iteration: ordinal,
  attempt: ordinal,
  try: ordinal,
  worker: text,
  node: text,
  seconds: number,
  message: text,
  class: texts,
  call: text,
  traceback: texts,
  arguments: text,
  warnings: texts,
  output: text,
  sessionInfo: text,
  memoryMb: z.number().nullish().catch(undefined),
  final: z.boolean().optional().catch(undefined),
  /** The worker on which the iteration succeeded: the error was its worker's own, and is no failure of the job. */
  refuted: text,
  /** What is needed to run the iteration again, as text; absent when it would have been large. */
  replay: text,
});

export type ErrorReport = z.output<typeof errorReport>;

const loopDescription = z.object({
  loop: z.int().min(1),
  attempt: z.int().min(1),
  /** What an iteration needs, without its arguments; absent when it would have been large. */
  task: text,
});

export type LoopDescription = z.output<typeof loopDescription>;

/** Reports of failed iterations, one JSON object a line; damaged lines are counted and left out. */
export function parseErrorReports(lines: string): ParsedLines<ErrorReport> {
  return parseJsonLines(lines, errorReport);
}

/** How each loop combines and what it needs, one JSON object a line; damaged lines are counted and left out. */
export function parseLoopDescriptions(lines: string): ParsedLines<LoopDescription> {
  return parseJsonLines(lines, loopDescription);
}
