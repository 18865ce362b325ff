// Help pages, NAMESPACE and guide of the R package: they agree with its code, and R CMD
// check finds nothing that can be avoided.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { rLibrary } from '../../testing/lab.ts';
import { skipsWithout } from '../support/needs-r-package.ts';
import { onlySlow } from '../support/only-slow.ts';

const run = promisify(execFile);
const source = join(import.meta.dirname, '../../worker-image');
const env = { ...process.env, R_LIBS: rLibrary };
const folder = mkdtempSync(join(tmpdir(), 'ff-documentation-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/**
 * What R CMD check says and we leave. In a job, functions of doRedis are replaced, so that a script which sets up
 * workers of its own does not take the driver's connection away (R/registration.R). What a task has changed is put back
 * (R/scope.R, R/watch.R), locks among it (R/locks.R). R has no other way to change commandArgs(), or to mark a task's
 * output while it is printed (src). A worker's child is a fork, as those of R's own parallel: it ends without R's
 * clean-up, which would take the parent's session folder away (src/isolate.c).
 */
const knownNotes = [
  [
    /^checking R code for possible problems \.\.\. NOTE\s+Found the following possibly unsafe calls:/,
    /(\s+File .*(locks|registration|scope|watch)\.R.:\s+unlockBinding\(name, \w+\))+\s*$/,
  ],
  [
    /^checking compiled code \.\.\. NOTE\s+(Note: information on \.o files is not available\s+)?File .*:\s+/,
    /(Found .(_exit|stderr|stdout)., possibly from .(_exit|stderr|stdout). \(C\)\s+)+File .*:\s+/,
    /Found non-API calls to R: .R_TempDir., .R_isForkedChild.,\s+.R_new_custom_connection.,\s+/,
    /.R_set_command_line_arguments.,\s+.ptr_R_CleanUp.\s+Compiled code should/,
  ],
].map((parts) => new RegExp(parts.map(({ source }) => source).join('')));

function copyPackage(name: string): string {
  const target = join(folder, name);
  cpSync(source, target, { recursive: true, verbatimSymlinks: true, filter: (file) => !/\.(o|so)$/.test(file) });
  return target;
}

test('code, comments, NAMESPACE and help pages agree', async () => {
  const { stdout } = await run('Rscript', ['--vanilla', join(import.meta.dirname, 'documentation.R'), source], { env });
  assert.match(
    stdout,
    /^exports: [1-9]\d*\s*$/,
    `${stdout}Regenerate them as worker-image/README.md says, or correct the comments.`,
  );
});

const whenSlow = { ...onlySlow, timeout: 600_000 };

test('regenerating the help pages changes nothing', whenSlow, async (context) => {
  if (await skipsWithout(context, 'roxygen2')) return;
  const { stdout: version } = await run('Rscript', ['--vanilla', '-e', 'cat(getNamespaceVersion("roxygen2"))'], {
    env,
  });
  // Older versions leave the line as it is, and make other pages.
  if (!readFileSync(join(source, 'DESCRIPTION'), 'utf8').includes(`\nConfig/roxygen2/version: ${version}\n`))
    return context.skip(`roxygen2 ${version} is installed, and another version has made the pages`);
  const copy = copyPackage('regenerated');
  await run('Rscript', ['--vanilla', '-e', `roxygen2::roxygenise("${copy}", load_code = "source")`], { env });
  const read = (place: string): Record<string, string> =>
    Object.fromEntries(
      ['DESCRIPTION', 'NAMESPACE', ...readdirSync(join(place, 'man')).map((name) => `man/${name}`)].map((name) => [
        name,
        readFileSync(join(place, name), 'utf8'),
      ]),
    );
  assert.deepEqual(read(copy), read(source));
});

test('R CMD build and R CMD check find nothing that can be avoided', whenSlow, async (context) => {
  if (await skipsWithout(context, 'litedown', 'testthat')) return;
  const options = { cwd: folder, env: { ...env, LC_ALL: 'C.UTF-8', _R_CHECK_FORCE_SUGGESTS_: 'false' } };
  await run('R', ['CMD', 'build', copyPackage('worker-image')], options);
  const archive = readdirSync(folder).find((name) => name.endsWith('.tar.gz'))!;
  // the manual as PDF would need LaTeX
  const checked = await run('R', ['CMD', 'check', '--no-manual', archive], options).catch((error) => error as Error);
  const log = readFileSync(join(folder, 'foreachfleet.Rcheck/00check.log'), 'utf8');
  assert.ok(!(checked instanceof Error), log);
  const findings = findingsOf(log).filter((finding) => !knownNotes.some((known) => known.test(finding)));
  assert.deepEqual(findings, []);
});

/** Headline and text of every check that was not passed. */
function findingsOf(log: string): string[] {
  return log.split(/^\* /m).filter((entry) => /\.\.\.[^]*\b(NOTE|WARNING|ERROR|FAILED)\b/.test(entry));
}
