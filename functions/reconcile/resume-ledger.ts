/**
 * The ledger that a driver is given: everything that the bucket holds of its job, with a signed URL each. It is made
 * segment by segment and kept as bytes: of 150,000 results the lines as objects would not fit the functions' heap.
 */
import { createHash } from 'node:crypto';
import { inParallel } from '../in-parallel.ts';
import type { JobRecord } from '../job/job-record.ts';
import { formatJsonLines } from '../job/json-lines.ts';
import { type LedgerLine, parseLedger } from '../job/ledger.ts';
import { paths } from '../job/names.ts';
import type { Buckets } from '../ports/bucket.ts';
import { eachSegment } from './read-segments.ts';
import { SIGNED_SECONDS } from './signed-seconds.ts';

const PARALLEL_SIGNATURES = 32;

/**
 * Everything earlier attempts have finished (and this one, if its cluster was lost); null when there is nothing. The
 * first line of each iteration wins, as in readLedger().
 */
export async function makeResumeLedger(buckets: Buckets, record: JobRecord): Promise<{ url: string } | null> {
  const seen = new Set<number>();
  const texts: Buffer[] = [];
  for await (const lines of eachSegment(buckets.results, record.job, 'ledger', parseLedger)) {
    const fresh = lines.filter((line) => isFirst(seen, line));
    texts.push(Buffer.from(formatJsonLines(await withUrls(buckets, fresh))));
  }
  if (seen.size === 0) return null;
  const name = paths.resumeLedger(record.job, record.attempt);
  const bytes = Buffer.concat(texts);
  const generation = await buckets.state.write(name, bytes, { contentType: 'application/x-ndjson' });
  return { url: await buckets.state.signedUrl(name, { generation, validSeconds: SIGNED_SECONDS }) };
}

/**
 * A number of 48 bits stands for the result: a million of them have one collision in some 500 jobs, and then one
 * iteration is computed again.
 */
function isFirst(seen: Set<number>, { loop, iteration, key }: LedgerLine): boolean {
  const digest = createHash('sha1').update(`${loop}/${iteration}/${key}`).digest();
  const before = seen.size;
  return seen.add(digest.readUIntBE(0, 6)).size > before;
}

async function withUrls(buckets: Buckets, lines: readonly LedgerLine[]): Promise<(LedgerLine & { url: string })[]> {
  const urls = new Map<string, string>(lines.map((line) => [line.object, '']));
  await inParallel(PARALLEL_SIGNATURES, [...urls.keys()], async (object) => {
    urls.set(object, await buckets.results.signedUrl(object, { validSeconds: SIGNED_SECONDS }));
  });
  return lines.map((line) => ({ ...line, url: urls.get(line.object) ?? '' }));
}
