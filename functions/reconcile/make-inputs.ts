/**
 * What driver and workers read as inputs.json: signed URLs of script, data and
 * earlier results, and where outputs may go.
 */
import { assert } from '../job/assert.ts';
import type { JobRecord } from '../job/job-record.ts';
import { withSpec } from '../job/known-record.ts';
import { largeWorkerBytes } from '../job/large-workers.ts';
import { loadedNames, workingName } from '../job-file/job-spec.ts';
import { NOT_DATA, paths } from '../job/names.ts';
import { splitBucketAddress } from '../job-file/text-rules.ts';
import type { Buckets } from '../ports/bucket.ts';
import { PortError } from '../ports/port-error.ts';
import { inParallel } from '../in-parallel.ts';
import { makeResumeLedger } from './resume-ledger.ts';
import { SIGNED_SECONDS } from './signed-seconds.ts';

const MAX_OUTPUT_BYTES = 5 * 1024 ** 3;
const PARALLEL_SIGNATURES = 32;

/** What the driver is started with: settings, and signed URLs of its files and of the ledger. JSON. */
export async function makeInputs(buckets: Buckets, record: JobRecord): Promise<unknown> {
  const { spec } = withSpec(record);
  const { errors: errorLimits, ...tasks } = spec.tasks;
  const folder = paths.folder(record.job);
  const script = record.files.find((file) => file.name === spec.script);
  assert(script !== undefined, `job ${record.job} is ${record.phase}, so its script was there`);
  const sign = (name: string, generation: string): Promise<string> =>
    buckets.uploads.signedUrl(folder + name, { generation, validSeconds: SIGNED_SECONDS });
  const data = record.files.filter((file) => file.name !== spec.script && !NOT_DATA.test(file.name));
  const files: { name: string; url: string; bytes: number }[] = [];
  await inParallel(PARALLEL_SIGNATURES, data, async (file) => {
    files.push({ name: file.name, url: await sign(file.name, file.generation), bytes: file.bytes });
  });
  for (const { object } of spec.data) {
    const elsewhere = splitBucketAddress(object);
    if (elsewhere) files.push(await signForeign(buckets, elsewhere));
  }
  const form = (beginning: string): Promise<{ url: string; fields: Record<string, string> }> =>
    buckets.results.signedUpload(beginning, { validSeconds: SIGNED_SECONDS, maxBytes: MAX_OUTPUT_BYTES });
  const [job, attempt] = [record.job, record.attempt] as const;
  return {
    schema: 1,
    job: record.job,
    attempt: record.attempt,
    script: { name: spec.script, url: await sign(script.name, script.generation) },
    arguments: spec.arguments,
    files: files.toSorted((a, b) => a.name.localeCompare(b.name)),
    load: loadedNames(spec),
    ledger: await makeResumeLedger(buckets, record),
    outputs: { ...(await form(paths.outputs(job, attempt))), prefix: paths.outputs(job, attempt) },
    results: { ...(await form(paths.largeResults(job, attempt))), prefix: paths.attempt(job, attempt) },
    exports: { ...(await form(paths.exports(job, attempt))), prefix: paths.attempt(job, attempt) },
    tasks: { ...tasks, moreMemory: largeWorkerBytes(spec) !== null },
    errorLimits,
    seed: spec.seed,
    workers: spec.worker.max,
    canary: { tasks: spec.canary.tasks },
  };
}

async function signForeign(
  buckets: Buckets,
  [bucketName, object]: readonly [string, string],
): Promise<{ name: string; url: string; bytes: number }> {
  const bucket = buckets.foreign(bucketName);
  const found = await bucket.info(object);
  if (!found)
    throw new PortError(
      'FF-DATA-MISSING',
      `data object gs://${bucketName}/${object} does not exist or may not be read`,
      { retry: true },
    );
  const url = await bucket.signedUrl(object, { generation: found.generation, validSeconds: SIGNED_SECONDS });
  return { name: workingName(`gs://${bucketName}/${object}`), url, bytes: found.bytes };
}
