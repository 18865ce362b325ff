/**
 * `submit DIR`: checks the folder as the functions will, uploads it with the job file last. Nothing
 * here that copying the folder would not do.
 */
import { readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { assert } from '../functions/job/assert.ts';
import { JOB_FILES, paths } from '../functions/job/names.ts';
import {
  findMissingFiles,
  findScriptProblem,
  findScriptSizeProblem,
  findUnsafeNames,
} from '../functions/job-file/check-folder.ts';
import type { Problem } from '../functions/job-file/problem.ts';
import { parseJobFile } from '../functions/job-file/parse-job-file.ts';
import { inParallel } from '../functions/in-parallel.ts';
import { CommandError, EXIT } from './exit-codes.ts';
import { type FolderEntry, listFolder } from './list-folder.ts';
import { bytes } from './output.ts';
import { reach, requireJobId, type Session } from './session.ts';

const UPLOADS_AT_ONCE = 8;
/** What Node.js reads into one buffer. */
const LARGEST_BYTES = 2 * 1024 ** 3;

export interface Submitted {
  job: string;
  files: number;
  bytes: number;
  uri: string;
}

/** `tell` hears of each file that has been sent. */
export async function submitFolder(
  session: Session,
  folder: string,
  id: string | undefined,
  tell: (file: FolderEntry) => void = () => undefined,
): Promise<Submitted> {
  const job = jobIdOf(folder, id);
  const files = await listFolder(folder);
  const [jobFile] = JOB_FILES.flatMap((name) => files.filter((file) => file.name === name));
  if (jobFile === undefined)
    throw new CommandError(
      'FF-NO-JOB-FILE',
      `${folder} holds no job.yaml`,
      'one line is enough:  script: run.R',
      EXIT.invalid,
    );
  await checkJobFile(folder, jobFile.name, files);
  const large = files.find((file) => file.bytes >= LARGEST_BYTES);
  if (large !== undefined)
    throw new CommandError(
      'FF-FILE-TOO-LARGE',
      `${large.name} has ${bytes(large.bytes)}; this command sends at most 2 GiB a file`,
      `gcloud storage cp -r ${folder} gs://${session.uploadsBucket}/jobs/`,
      EXIT.invalid,
    );
  const others = files.filter((file) => file !== jobFile);
  const upload = async (file: FolderEntry): Promise<void> => {
    const content = await readFile(join(folder, file.name));
    await reach(session, () =>
      session.buckets.uploads.write(paths.folder(job) + file.name, content, {
        contentType: 'application/octet-stream',
      }),
    );
    tell(file);
  };
  await inParallel(UPLOADS_AT_ONCE, others, upload);
  await upload(jobFile);
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  return { job, files: files.length, bytes: total, uri: `gs://${session.uploadsBucket}/${paths.folder(job)}` };
}

/** Before its name is judged: who names the job file instead wants to hear of the folder, not of job ids. */
export async function requireFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => null);
  if (found?.isDirectory()) return;
  const remedy = found ? 'name the folder, not a file in it' : 'name the folder that holds job.yaml';
  throw new CommandError('FF-NO-FOLDER', `"${folder}" is not a folder that can be read`, remedy, EXIT.invalid);
}

/** @throws CommandError FF-SPEC-JOB-ID when neither the name given nor that of the folder can be one. */
export function jobIdOf(folder: string, id: string | undefined): string {
  return requireJobId(id ?? basename(resolve(folder)));
}

async function checkJobFile(folder: string, jobFile: string, files: FolderEntry[]): Promise<void> {
  const parsed = parseJobFile(await readFile(join(folder, jobFile)), jobFile === 'job.json' ? 'job.json' : 'job.yaml', {
    allowedBuckets: listOf('FF_ALLOWED_BUCKETS'),
    allowedRegistries: listOf('FF_ALLOWED_REGISTRIES'),
  });
  if ('problems' in parsed) throw refused(jobFile, parsed.problems);
  const missing = findMissingFiles(parsed.spec, files);
  if (missing.length > 0)
    throw new CommandError(
      'FF-FILES-MISSING',
      `${jobFile} names ${missing.join(', ')}, which ${folder} does not hold`,
      'add the files or correct the names',
      EXIT.invalid,
    );
  const script = files.find((file) => file.name === parsed.spec.script);
  assert(script !== undefined, 'what a job file names and is not missing is in the folder');
  const scriptProblem =
    findScriptSizeProblem(script.name, script.bytes) ??
    findScriptProblem(script.name, await readFile(join(folder, script.name)));
  const problems = [...findUnsafeNames(files), ...(scriptProblem ? [scriptProblem] : [])];
  if (problems.length > 0) throw refused(jobFile, problems);
}

function refused(jobFile: string, problems: readonly Problem[]): CommandError {
  const text = problems.map(({ path, message }) => `${path === '' ? jobFile : path}: ${message}`).join('\n');
  const [first] = problems;
  assert(first !== undefined, 'what is refused has a problem');
  return new CommandError(first.code, text, problems.map(({ remedy }) => remedy).join('\n'), EXIT.invalid);
}

/** A list in the environment, separated by commas. */
export function listOf(name: string): string[] {
  return (process.env[name] ?? '').split(',').filter((entry) => entry !== '');
}
