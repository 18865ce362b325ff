/**
 * What can be said about a job's folder before anything runs: the same checks before an upload and in the cloud. Pure:
 * the caller lists and reads. R itself checks the script's syntax, in the canary.
 */
import type { JobSpec } from './job-spec.ts';
import { shorten, type Problem } from './problem.ts';

export const MAX_SCRIPT_BYTES = 2 * 1024 ** 2;
const UNSAFE_NAMES_TOLD = 5;
/** Names, sizes and checksums of a folder's files as they are kept; some 50,000 files have that. */
const MAX_LIST_BYTES = 6 * 1024 ** 2;
/** More than these are too many, however short their names are. */
export const MOST_FILES = 80_000;

/** Files of the folder that the job file names and the folder does not hold. */
export function findMissingFiles(spec: JobSpec, files: readonly { name: string }[]): string[] {
  const have = new Set(files.map((file) => file.name));
  const named = [spec.script, ...spec.data.map((data) => data.object).filter((object) => !object.startsWith('gs://'))];
  return [...new Set(named)].filter((name) => !have.has(name));
}

/** Objects that a machine would have to put outside of the working directory. Their names are legal in the bucket. */
export function findUnsafeNames(files: readonly { name: string }[]): Problem[] {
  const unsafe = files.filter(({ name }) => /(^|\/)\.\.?(\/|$)|^\/|\/\/|\p{Cc}/u.test(name));
  return unsafe.slice(0, UNSAFE_NAMES_TOLD).map(({ name }) => ({
    code: 'FF-FILE-NAME',
    path: shorten(name),
    message: `the folder holds an object "${shorten(name)}", which is not the name of a file inside it`,
    remedy: 'delete that object or give it another name, then upload the job file again',
  }));
}

/** What is wrong with a folder whose list of files would be too long to keep. */
export function findFolderSizeProblem(files: readonly object[]): Problem | null {
  const bytes = files.reduce((total, file) => total + Buffer.byteLength(JSON.stringify(file)) + 1, 0);
  if (bytes <= MAX_LIST_BYTES) return null;
  return {
    code: 'FF-FOLDER-TOO-LARGE',
    path: '',
    message: `${howMany(files.length)} of the folder have a list of ${bytes} bytes; at most ${MAX_LIST_BYTES} are kept`,
    remedy: 'put many small files into few large ones (a .zip, a .tar or an .RData file), then upload the folder again',
  };
}

function howMany(files: number): string {
  return files > MOST_FILES ? `the first ${files} files` : `the ${files} files`;
}

/** What is wrong with the script's size, known before its bytes are read. */
export function findScriptSizeProblem(name: string, bytes: number): Problem | null {
  if (bytes <= MAX_SCRIPT_BYTES) return null;
  return {
    code: 'FF-SCRIPT-TOO-LARGE',
    path: name,
    message: `the script has ${bytes} bytes; at most ${MAX_SCRIPT_BYTES} are read`,
    remedy: 'put data into files of the folder instead',
  };
}

/** What can be said about the text of an R script without R. */
export function findScriptProblem(name: string, bytes: Uint8Array): Problem | null {
  const problem = (code: Problem['code'], message: string, remedy: string): Problem => ({
    code,
    path: name,
    message,
    remedy,
  });
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const remedy = 'save it as UTF-8 (in RStudio: File, Save with Encoding)';
    return problem('FF-SCRIPT-ENCODING', 'the script is not UTF-8 text', remedy);
  }
  if (text.trim() === '') return problem('FF-SCRIPT-EMPTY', 'the script is empty', 'upload the script again');
  if (!bytes.includes(0)) return null;
  return problem('FF-SCRIPT-ENCODING', 'the script contains NUL bytes', 'save it as plain UTF-8 text');
}
