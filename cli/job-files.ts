/** The files of a job's folder as its workers have them in their working directory, brought to this machine. */
import { assert } from '../functions/job/assert.ts';
import type { JobRecord } from '../functions/job/job-record.ts';
import { type JobSpec, loadedNames, workingName } from '../functions/job-file/job-spec.ts';
import { JOB_FILES, NOT_DATA, paths } from '../functions/job/names.ts';
import { parseJobFile } from '../functions/job-file/parse-job-file.ts';
import { MAX_JOB_FILE_BYTES } from '../functions/job-file/read-document.ts';
import { splitBucketAddress } from '../functions/job-file/text-rules.ts';
import type { Bucket, ObjectInfo } from '../functions/ports/bucket.ts';
import { loadRecord } from '../functions/reconcile/record-store.ts';
import { CommandError, EXIT } from './exit-codes.ts';
import { isCopyOf, placeBelow, writeBelow } from './local-copy.ts';
import { reach, type Session } from './session.ts';
import { listOf } from './submit-folder.ts';

/** What one read brings into memory at most. */
const LARGEST_BYTES = 2 * 1024 ** 3 - 1;

export interface JobFiles {
  spec: JobSpec;
  files: { name: string; bytes: number; downloaded: boolean; changed: boolean }[];
}

interface Wanted {
  name: string;
  bucket: Bucket;
  object: ObjectInfo;
  /** Not what the attempt had. */
  changed: boolean;
}

/** Fetches what is not there yet; `tell` hears of each file before it is fetched. */
export async function fetchJobFiles(
  session: Session,
  job: string,
  options: { attempt: number; to: string; all: boolean; tell: (name: string, bytes: number) => void },
): Promise<JobFiles> {
  const record = await readRecord(session, job);
  const folder = await reach(session, () => session.buckets.uploads.list(paths.folder(job)));
  const spec = record?.spec ?? (await readSpec(session, job, folder));
  const loaded = loadedNames(spec);
  const wanted = (await listWanted(session, job, folder, spec, record, options.attempt)).filter(
    ({ name }) => options.all || loaded.includes(name),
  );
  const files: JobFiles['files'] = [];
  for (const file of wanted) {
    const downloaded = await fetchOne(session, file, options);
    files.push({ name: file.name, bytes: file.object.bytes, downloaded, changed: file.changed });
  }
  return { spec, files };
}

/** Null where this user may not read the state bucket; the folder itself says enough then. */
async function readRecord(session: Session, job: string): Promise<JobRecord | null> {
  return (await loadRecord(session.buckets.state, job).catch(() => null))?.record ?? null;
}

async function readSpec(session: Session, job: string, folder: ObjectInfo[]): Promise<JobSpec> {
  const names = folder.map((object) => object.name.slice(paths.folder(job).length));
  const name = JOB_FILES.find((candidate) => names.includes(candidate));
  const object =
    name && (await reach(session, () => session.buckets.uploads.read(paths.folder(job) + name, MAX_JOB_FILE_BYTES)));
  if (!object)
    throw new CommandError(
      'FF-NO-JOB-FILE',
      `the folder of job ${job} holds no job file any more`,
      'upload it again: it says which data the iterations need',
      EXIT.invalid,
    );
  const parsed = parseJobFile(object.bytes, name === 'job.json' ? 'job.json' : 'job.yaml', {
    allowedBuckets: listOf('FF_ALLOWED_BUCKETS'),
    allowedRegistries: listOf('FF_ALLOWED_REGISTRIES'),
  });
  if ('spec' in parsed) return parsed.spec;
  const [problem] = parsed.problems;
  assert(problem !== undefined, 'a job file that is refused has a problem');
  throw new CommandError(problem.code, problem.message, problem.remedy, EXIT.invalid);
}

async function listWanted(
  session: Session,
  job: string,
  folder: ObjectInfo[],
  spec: JobSpec,
  record: JobRecord | null,
  attempt: number,
): Promise<Wanted[]> {
  const before = new Map(record?.attempt === attempt ? record.files.map((file) => [file.name, file.md5]) : []);
  const wanted = folder.flatMap((object): Wanted[] => {
    const name = object.name.slice(paths.folder(job).length);
    if (name === spec.script || name.endsWith('/') || NOT_DATA.test(name)) return [];
    const changed = before.has(name) && before.get(name) !== object.md5;
    return [{ name, bucket: session.buckets.uploads, object, changed }];
  });
  for (const { object: address } of spec.data) {
    const [bucketName, name] = splitBucketAddress(address) ?? [];
    if (bucketName === undefined || name === undefined) continue;
    const bucket = session.buckets.foreign(bucketName);
    const object = await reach(session, () => bucket.info(name));
    if (object) wanted.push({ name: workingName(address), bucket, object, changed: false });
  }
  return wanted;
}

/** Whether it had to be fetched: a file that is there with its MD5 stays. */
async function fetchOne(
  session: Session,
  { name, bucket, object }: Wanted,
  { to, tell }: { to: string; tell: (name: string, bytes: number) => void },
): Promise<boolean> {
  const target = placeBelow(to, name);
  if (await isCopyOf(target, object)) return false;
  const command = `gcloud storage cp gs://${bucket.name}/${object.name} ${target}`;
  if (object.bytes > LARGEST_BYTES)
    throw new CommandError(
      'FF-FILE-TOO-LARGE',
      `${name} is too large to be fetched by this command (2 GiB at most)`,
      `fetch it yourself, then repeat: ${command}`,
      EXIT.invalid,
    );
  tell(name, object.bytes);
  const content = await reach(session, () => bucket.read(object.name, LARGEST_BYTES));
  if (content === null)
    throw new CommandError('FF-DATA-MISSING', `${name} has just been deleted`, 'upload it again', EXIT.invalid);
  await writeBelow(to, name, content.bytes);
  return true;
}
