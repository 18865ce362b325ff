/** Makes the ledger of a resume with so many results (the first argument); prints how many lines it has. */
import { newRecord } from '../../functions/job/job-record.ts';
import { makeResumeLedger } from '../../functions/reconcile/resume-ledger.ts';
import { VirtualWorld } from '../../testing/virtual-ports.ts';

const LINES_IN_SEGMENT = 2000;
/** As long as Cloud Storage's are. */
const SIGNATURE = 's'.repeat(800);

const results = Number(process.argv[2]);
const { buckets } = new VirtualWorld();
buckets.results.signedUrl = async (name) => `https://storage.test/${name}?${SIGNATURE}`;
for (let from = 0; from < results; from += LINES_IN_SEGMENT) {
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
  const name = `demo/attempt-1/ledger/${String(from / LINES_IN_SEGMENT + 1).padStart(6, '0')}.jsonl`;
  await buckets.results.write(name, lines.join(''), {});
}
await makeResumeLedger(buckets, newRecord('demo', '2026-11-26T12:00:00Z'));
let lines = 0;
for (const byte of buckets.state.objects.get('resume/demo/attempt-1.jsonl')!.bytes) if (byte === 10) lines += 1;
process.stdout.write(String(lines));
