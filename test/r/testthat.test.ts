/** The tests that the R package itself has: they need no server. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { rLibrary } from '../../testing/lab.ts';
import { skipsWithout } from '../support/needs-r-package.ts';

const run = promisify(execFile);
const folder = join(import.meta.dirname, '../../worker-image/tests/testthat');
const code = `
  library(testthat)
  library(foreachfleet)
  test_dir(commandArgs(TRUE)[1], package = "foreachfleet", load_package = "installed", reporter = "check",
           stop_on_failure = TRUE)`;

test("the package's own tests pass", async (context) => {
  if (await skipsWithout(context, 'testthat')) return;
  const env = { ...process.env, R_LIBS: rLibrary };
  const { stdout } = await run('Rscript', ['--vanilla', '-e', code, folder], { env });
  assert.match(stdout, /FAIL 0 .* PASS [1-9]/);
});
