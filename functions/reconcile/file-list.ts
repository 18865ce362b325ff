/**
 * The list of a job's data files, with a signed URL each. It lies in the bucket and not in the inputs: these are a
 * Secret, and a Secret holds 1 MiB (https://kubernetes.io/docs/concepts/configuration/secret/), some 1,000 URLs.
 */
import { inParallel } from '../in-parallel.ts';
import { withSpec } from '../job/known-record.ts';
import type { JobRecord } from '../job/job-record.ts';
import { NOT_DATA, paths } from '../job/names.ts';
import { workingName } from '../job-file/job-spec.ts';
import { splitBucketAddress } from '../job-file/text-rules.ts';
import type { Buckets } from '../ports/bucket.ts';
import { PortError } from '../ports/port-error.ts';
import { PARALLEL_SIGNATURES, SIGNED_SECONDS } from './signed-seconds.ts';

/** A line of the list. `name` is below the working directory. */
interface SignedFile {
  name: string;
  url: string;
  bytes: number;
}

/** Writes the list and answers where it is; null when the job has no data files. */
export async function makeFileList(buckets: Buckets, record: JobRecord): Promise<{ url: string } | null> {
  const files = [...(await signFolder(buckets, record)), ...(await signElsewhere(buckets, record))];
  if (files.length === 0) return null;
  const name = paths.fileList(record.job, record.attempt);
  const text = JSON.stringify(files.toSorted((a, b) => a.name.localeCompare(b.name)));
  const generation = await buckets.state.write(name, text, { contentType: 'application/json' });
  return { url: await buckets.state.signedUrl(name, { generation, validSeconds: SIGNED_SECONDS }) };
}

async function signFolder(buckets: Buckets, record: JobRecord): Promise<SignedFile[]> {
  const { spec } = withSpec(record);
  const folder = paths.folder(record.job);
  const data = record.files.filter((file) => file.name !== spec.script && !NOT_DATA.test(file.name));
  const files: SignedFile[] = [];
  await inParallel(PARALLEL_SIGNATURES, data, async ({ name, generation, bytes }) => {
    const url = await buckets.uploads.signedUrl(folder + name, { generation, validSeconds: SIGNED_SECONDS });
    files.push({ name, url, bytes });
  });
  return files;
}

/** Objects of other buckets that the job file names. */
async function signElsewhere(buckets: Buckets, record: JobRecord): Promise<SignedFile[]> {
  const files: SignedFile[] = [];
  for (const { object } of withSpec(record).spec.data) {
    const elsewhere = splitBucketAddress(object);
    if (elsewhere) files.push(await signForeign(buckets, elsewhere));
  }
  return files;
}

async function signForeign(buckets: Buckets, [bucketName, object]: readonly [string, string]): Promise<SignedFile> {
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
