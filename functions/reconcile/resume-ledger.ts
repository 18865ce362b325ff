/**
 * The ledger that a driver is given: everything that the bucket holds of its job, with a signed URL each. It is made
 * and written segment by segment: of a million results it has more than 1 GB, and nothing of it is kept.
 */
import { createHash } from 'node:crypto';
import { inParallel } from '../in-parallel.ts';
import type { JobRecord } from '../job/job-record.ts';
import { formatJsonLines } from '../job/json-lines.ts';
import { type LedgerLine, parseLedger } from '../job/ledger.ts';
import { paths } from '../job/names.ts';
import type { Buckets } from '../ports/bucket.ts';
import { eachSegment } from './read-segments.ts';
import { PARALLEL_SIGNATURES, SIGNED_SECONDS } from './signed-seconds.ts';

/**
 * Everything earlier attempts have finished (and this one, if its cluster was lost); null when there is nothing. The
 * first line of each iteration wins, as in readLedger().
 */
export async function makeResumeLedger(buckets: Buckets, record: JobRecord): Promise<{ url: string } | null> {
  const texts = signedLines(buckets, record.job);
  const first = await texts.next();
  if (first.done === true) return null;
  const name = paths.resumeLedger(record.job, record.attempt);
  const options = { contentType: 'application/x-ndjson' };
  const generation = await buckets.state.writeChunks(name, joined(first.value, texts), options);
  return { url: await buckets.state.signedUrl(name, { generation, validSeconds: SIGNED_SECONDS }) };
}

async function* joined(first: Buffer, others: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* others;
}

/** The text of one segment after the other. */
async function* signedLines(buckets: Buckets, job: string): AsyncGenerator<Buffer> {
  const known = new Set<number>();
  for await (const lines of eachSegment(buckets.results, job, 'ledger', parseLedger)) {
    const fresh = lines.filter((line) => isFirst(known, line));
    if (fresh.length > 0) yield Buffer.from(formatJsonLines(await withUrls(buckets, fresh)));
  }
}

/**
 * A number of 48 bits stands for the result: a million of them have one collision in some 500 jobs, and then one
 * iteration is computed again.
 */
function isFirst(known: Set<number>, { loop, iteration, key }: LedgerLine): boolean {
  const digest = createHash('sha1').update(`${loop}/${iteration}/${key}`).digest();
  const before = known.size;
  return known.add(digest.readUIntBE(0, 6)).size > before;
}

async function withUrls(buckets: Buckets, lines: readonly LedgerLine[]): Promise<(LedgerLine & { url: string })[]> {
  const urls = new Map<string, string>(lines.map((line) => [line.object, '']));
  await inParallel(PARALLEL_SIGNATURES, [...urls.keys()], async (object) => {
    urls.set(object, await buckets.results.signedUrl(object, { validSeconds: SIGNED_SECONDS }));
  });
  return lines.map((line) => ({ ...line, url: urls.get(line.object) ?? '' }));
}
