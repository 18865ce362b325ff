/** All saved results of a job, over all of its attempts. */
import { type LedgerLine, parseLedger } from '../job/ledger.ts';
import type { Buckets } from '../ports/bucket.ts';
import { readSegments, type TellDamaged } from './read-segments.ts';

/** The first line of each iteration wins, oldest attempt first, as in the journal itself. */
export async function readLedger(
  buckets: Pick<Buckets, 'results'>,
  job: string,
  tellDamaged?: TellDamaged,
): Promise<LedgerLine[]> {
  const first = new Map<string, LedgerLine>();
  for (const line of await readSegments(buckets.results, job, 'ledger', parseLedger, tellDamaged)) {
    const key = `${line.loop}/${line.iteration}/${line.key}`;
    if (!first.has(key)) first.set(key, line);
  }
  return [...first.values()];
}
