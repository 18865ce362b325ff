/**
 * Makes the ledger of a resume with so many results (the first argument) of buckets that keep nothing. Prints a line of
 * JSON: how many lines it has, how many bytes, and the most memory that this took.
 */
import { newRecord } from '../../functions/job/job-record.ts';
import { makeResumeLedger } from '../../functions/reconcile/resume-ledger.ts';
import { VirtualWorld } from '../../testing/virtual-ports.ts';

const LINES_IN_SEGMENT = 2000;
/** As long as Cloud Storage's are. */
const SIGNATURE = 's'.repeat(800);

const results = Number(process.argv[2]);
const { buckets } = new VirtualWorld();

function segmentOf(number: number): string {
  const from = (number - 1) * LINES_IN_SEGMENT;
  const lines = Array.from({ length: Math.min(LINES_IN_SEGMENT, results - from) }, (_, index) => {
    const iteration = from + index + 1;
    const object = `demo/attempt-1/loop-1/iteration-${iteration}.rds`;
    const digests = { key: 'k'.repeat(150), sha256: 'a'.repeat(64) };
    const where = {
      worker: 'workers-5c9f7d6b8-abcde',
      node: 'gke-ff-demo-1-workers-0a1b2c3d-wxyz',
      object,
      part: null,
    };
    const counts = { loop: 1, iteration, attempt: 1, seconds: 1, bytes: 1, startedAt: 0, warnings: 0 };
    return `${JSON.stringify({ ...counts, ...digests, ...where })}\n`;
  });
  return lines.join('');
}

buckets.results.list = async () =>
  Array.from({ length: Math.ceil(results / LINES_IN_SEGMENT) }, (_, index) => ({
    name: `demo/attempt-1/ledger/${String(index + 1).padStart(6, '0')}.jsonl`,
    ...{ generation: '1', bytes: 1, md5: '', updatedMs: 0 },
  }));
buckets.results.read = async (name) => ({
  bytes: Buffer.from(segmentOf(Number(/(\d+)\.jsonl$/.exec(name)?.[1]))),
  ...{ generation: '1', updatedMs: 0 },
});
buckets.results.signedUrl = async (name) => `https://storage.test/${name}?${SIGNATURE}`;

const made = { lines: 0, bytes: 0, heapBytes: 0, residentBytes: 0 };
buckets.state.writeChunks = async (_name, chunks) => {
  for await (const chunk of chunks) {
    made.bytes += chunk.length;
    for (const byte of chunk) if (byte === 10) made.lines += 1;
    const { heapUsed, rss } = process.memoryUsage();
    made.heapBytes = Math.max(made.heapBytes, heapUsed);
    made.residentBytes = Math.max(made.residentBytes, rss);
  }
  return '1';
};
await makeResumeLedger(buckets, newRecord('demo', '2026-11-26T12:00:00Z'));
process.stdout.write(JSON.stringify(made));
