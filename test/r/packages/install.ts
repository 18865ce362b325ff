/** Debian's compiled R packages, for the slow tier: it installs what the cases need, where it may. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findProgram } from '../../support/needs-program.ts';

const run = promisify(execFile);
const fromBioconductor = new Set(['BiocParallel']);
const quietly = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };

/** What it did, in a line; where it cannot install, the tests of what is missing are skipped. */
export async function installFromDebian(rPackages: readonly string[]): Promise<string> {
  const missing = await missingInR(rPackages);
  if (missing.length === 0) return 'all packages are there';
  const names = missing.map((name) => `r-${fromBioconductor.has(name) ? 'bioc' : 'cran'}-${name.toLowerCase()}`);
  const byHand = `not installed; as root: apt-get install ${names.join(' ')}`;
  if (process.getuid?.() !== 0 || findProgram('apt-get') === undefined) return byHand;
  try {
    await run('apt-get', ['update', '-o', 'DPkg::Lock::Timeout=120'], { env: quietly });
    const options = ['install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120'];
    await run('apt-get', [...options, ...names], { env: quietly, maxBuffer: 64 * 1024 * 1024 });
    return `installed ${names.join(' ')}`;
  } catch (error) {
    return `${byHand} (${String((error as { stderr?: string }).stderr ?? error).trim()})`;
  }
}

async function missingInR(names: readonly string[]): Promise<string[]> {
  const code = 'for (name in commandArgs(TRUE)) if (!nzchar(system.file(package = name))) cat(name, "")';
  const { stdout } = await run('Rscript', ['--vanilla', '-e', code, ...names]);
  return stdout.split(' ').filter((name) => name !== '');
}
