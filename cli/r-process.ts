/** The user's own R, with the project's library: for what only R can do with results and reports. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { delimiter } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CommandError, EXIT } from './exit-codes.ts';
import { foreignLine, terminal } from './output.ts';

const projectLibrary = fileURLToPath(new URL('../.local/R', import.meta.url));
const REMEDY = 'npm run setup   (or, with an R of your own: R CMD INSTALL worker-image)';
const CHECK_MS = 60_000;
/** What R has started may keep its output open when R itself has ended. */
const LAST_WORDS_MS = 1000;

export interface REnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** The environment for R. @throws CommandError FF-NO-R when there is no R with package foreachfleet. */
export async function findR(): Promise<NodeJS.ProcessEnv> {
  const libraries = [existsSync(projectLibrary) ? projectLibrary : '', process.env['R_LIBS'] ?? ''];
  const env = { ...utf8Environment(), R_LIBS: libraries.filter((path) => path !== '').join(delimiter) };
  const check = ['--vanilla', '-e', 'stopifnot(requireNamespace("foreachfleet", quietly = TRUE))'];
  await promisify(execFile)('Rscript', check, { env, timeout: CHECK_MS }).catch((error: NodeJS.ErrnoException) => {
    const problem =
      error.code === 'ENOENT'
        ? 'R is needed for this, and there is no Rscript on the path'
        : `R has no package foreachfleet (libraries beside its own: ${env.R_LIBS || 'none'})`;
    throw new CommandError('FF-NO-R', problem, REMEDY, EXIT.invalid);
  });
  return env;
}

/** The own environment with a UTF-8 locale: in any other R cannot read scripts with letters beyond ASCII. */
function utf8Environment(): NodeJS.ProcessEnv {
  const { LC_ALL, LC_CTYPE, LANG } = process.env;
  const locale = LC_ALL || LC_CTYPE || LANG || '';
  return /\.utf-?8(@|$)/i.test(locale) ? process.env : { ...process.env, LC_ALL: 'C.UTF-8' };
}

/**
 * Runs a function of the package on a folder, without a terminal. What R prints comes from a job's code and data: each
 * line is shown as one of R's. With `quiet` all of it goes to stderr.
 */
export async function runFunction(
  name: string,
  folder: string,
  options: { env: NodeJS.ProcessEnv; cwd: string; quiet: boolean },
): Promise<REnd> {
  const { env, cwd, quiet } = options;
  const code = `foreachfleet:::${name}(commandArgs(trailingOnly = TRUE)[1])`;
  const child = spawn('Rscript', ['--vanilla', '-e', code, folder], { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  showLines(child.stdout, quiet ? terminal.err : terminal.out);
  showLines(child.stderr, terminal.err);
  const closed = once(child, 'close');
  const end = await endOf(child);
  await Promise.race([closed, delay(LAST_WORDS_MS, undefined, { ref: false })]);
  for (const stream of [child.stdout, child.stderr]) stream.destroy();
  return end;
}

function showLines(from: Readable, write: (text: string) => void): void {
  createInterface({ input: from, crlfDelay: Infinity }).on('line', (line) => write(foreignLine(line)));
}

/** An R session for the user; `profile` is what it begins with. */
export function runInteractive(profile: string, options: { env: NodeJS.ProcessEnv; cwd: string }): Promise<REnd> {
  const env = { ...options.env, R_PROFILE_USER: profile };
  return endOf(spawn('R', ['--quiet', '--no-save', '--no-restore'], { cwd: options.cwd, env, stdio: 'inherit' }));
}

/** Ctrl-C belongs to R: this process outlives it. */
function endOf(child: ChildProcess): Promise<REnd> {
  const ignore = (): void => undefined;
  process.on('SIGINT', ignore);
  return new Promise<REnd>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve({ code, signal }));
  }).finally(() => process.off('SIGINT', ignore));
}
