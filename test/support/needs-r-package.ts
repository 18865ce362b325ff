/**
 * The one way for a test to say that it needs an R package which set-up installs only where the distribution has it
 * compiled: `if (await skipsWithout(context, 'MASS')) return`. The line of the skipped test names what is missing.
 */
import { execFile } from 'node:child_process';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { rLibrary } from '../../testing/lab.ts';

const code = 'for (name in commandArgs(TRUE)) if (!requireNamespace(name, quietly = TRUE)) cat(name, "")';

export async function skipsWithout(context: TestContext, ...names: string[]): Promise<boolean> {
  const env = { ...process.env, R_LIBS: rLibrary };
  const { stdout } = await promisify(execFile)('Rscript', ['--vanilla', '-e', code, ...names], { env });
  const missing = stdout.trim();
  if (missing === '') return false;
  context.skip(`not installed: R packages ${missing}`);
  return true;
}
