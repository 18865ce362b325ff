/** A copy of a shipped example with fewer pieces of work. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const examples = fileURLToPath(new URL('../../examples/', import.meta.url));

/**
 * @param pieces the script's first argument (`commandArgs(trailingOnly = TRUE)` says how
 * many pieces), or null for its own default
 * @returns the copy's folder below `parent`, with its data made
 */
export function exampleFolder(parent: string, example: string, pieces: string | null): string {
  const folder = join(parent, example);
  cpSync(join(examples, example), folder, { recursive: true });
  if (existsSync(join(folder, 'make-data.R')) && !existsSync(join(folder, 'panel.RData')))
    execFileSync('Rscript', ['--vanilla', 'make-data.R'], { cwd: folder, stdio: 'ignore' });
  if (pieces === null) return folder;
  const jobFile = readFileSync(join(folder, 'job.yaml'), 'utf8');
  writeFileSync(join(folder, 'job.yaml'), `${jobFile.trimEnd()}\narguments: ['${pieces}']\n`);
  return folder;
}
