/**
 * What driver and workers read as inputs.json: settings, signed URLs of the script and of two lists (the data files,
 * earlier results), and where outputs may go. It is small, however large the folder is.
 */
import { assert } from '../job/assert.ts';
import type { FolderFile, JobRecord } from '../job/job-record.ts';
import { withSpec } from '../job/known-record.ts';
import { largeWorkerBytes } from '../job/large-workers.ts';
import { loadedNames } from '../job-file/job-spec.ts';
import { paths } from '../job/names.ts';
import type { Buckets } from '../ports/bucket.ts';
import { makeFileList } from './file-list.ts';
import { makeResumeLedger } from './resume-ledger.ts';
import { SIGNED_SECONDS } from './signed-seconds.ts';

const MAX_OUTPUT_BYTES = 5 * 1024 ** 3;

/** What driver and workers are started with. JSON. */
export async function makeInputs(buckets: Buckets, record: JobRecord): Promise<unknown> {
  const { spec } = withSpec(record);
  const { errors: errorLimits, ...tasks } = spec.tasks;
  const script = record.files.find((file) => file.name === spec.script);
  assert(script !== undefined, `job ${record.job} is ${record.phase}, so its script was there`);
  const form = (beginning: string): Promise<{ url: string; fields: Record<string, string> }> =>
    buckets.results.signedUpload(beginning, { validSeconds: SIGNED_SECONDS, maxBytes: MAX_OUTPUT_BYTES });
  const [job, attempt] = [record.job, record.attempt] as const;
  return {
    schema: 2,
    job: record.job,
    attempt: record.attempt,
    script: { name: spec.script, url: await signScript(buckets, record.job, script) },
    arguments: spec.arguments,
    files: await makeFileList(buckets, record),
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

function signScript(buckets: Buckets, job: string, { name, generation }: FolderFile): Promise<string> {
  return buckets.uploads.signedUrl(paths.folder(job) + name, { generation, validSeconds: SIGNED_SECONDS });
}
