/**
 * `results ID --partial`: the value of each loop so far, combined by R as the loop itself
 * does it, from results that were downloaded.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { JobStatus } from '../functions/job/job-status.ts';
import { parseJson } from '../functions/job/json-lines.ts';
import { CommandError } from './exit-codes.ts';
import { findR, runFunction } from './r-process.ts';

export interface PartialValue {
  loop: number;
  label: string;
  /** Iterations of the loop, null while that is not known. */
  total: number | null;
  /** Iterations whose results are in the value. */
  combined: number;
  /** Failed in the newest attempt: left out. */
  failed: number;
  /** Results that could not be read, and are left out. */
  damaged: number;
  /** Below the folder; null when there is no value. */
  file: string | null;
  /** Why there is none. */
  problem: string | null;
  warnings: string[];
}

/** @throws CommandError FF-NO-R, FF-PARTIAL */
export async function partialValues(status: JobStatus, folder: string, quiet: boolean): Promise<PartialValue[]> {
  const env = await findR();
  const { code } = await runFunction('write_partial_values', folder, { env, cwd: folder, quiet });
  if (code !== 0)
    throw new CommandError(
      'FF-PARTIAL',
      'R could not combine the results; it says above why',
      'the single results are there: readResults() of package foreachfleet reads them',
    );
  const told = parseJson(await readFile(join(folder, 'partial.json'), 'utf8'), z.array(toldOfLoop));
  if (told === undefined) throw new Error(`R has not written ${folder}/partial.json as it should`);
  return told.map((one) => toPartialValue(one, status));
}

/** What R says of a loop; what it does not know is null or absent. */
const toldOfLoop = z.object({
  loop: z.int().min(1),
  label: z.string().nullish(),
  total: z.number().nullish(),
  combined: z.int().min(0),
  damaged: z.int().min(0),
  file: z.string().nullish(),
  problem: z.string().nullish(),
  warnings: z.array(z.string()).default([]),
});

function toPartialValue(told: z.output<typeof toldOfLoop>, status: JobStatus): PartialValue {
  const { loop, combined, damaged, file = null, problem = null, warnings } = told;
  const known = status.loops.find((candidate) => candidate.loop === loop);
  return {
    loop,
    label: told.label ?? known?.label ?? '',
    total: known?.total ?? told.total ?? null,
    combined,
    failed: known?.failed ?? 0,
    damaged,
    file,
    problem,
    warnings,
  };
}

export function partialLines(value: PartialValue): string[] {
  const name = `loop ${value.loop}${value.label === '' ? '' : `, ${value.label}`}`;
  const failed = value.failed > 0 ? `, ${value.failed} failed` : '';
  const damaged = value.damaged > 0 ? `, ${value.damaged} cannot be read` : '';
  const count = `${value.combined} of ${value.total ?? '?'} iterations${failed}${damaged}`;
  const lines = [`${name}: ${count}${value.file === null ? '' : ` in ${value.file}`}`];
  if (value.problem !== null) lines.push(`  no value: ${value.problem}`);
  return [...lines, ...value.warnings.map((warning) => `  warning: ${warning}`)];
}
