// What foreach promises beyond single loops: a registered backend before any worker exists, loops in
// packages, large values, settings of bare doRedis.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Lab, rLibrary, type Running } from '../../testing/lab.ts';
import { onlySlow } from '../support/only-slow.ts';
import { succeeded } from '../../testing/succeeded.ts';

let lab: Lab;
let ownLibrary: string;
before(async () => {
  lab = await Lab.start();
  ownLibrary = join(lab.dir, 'library');
  mkdirSync(ownLibrary);
});
after(() => lab.stop());

async function succeeds(code: string, options = ''): Promise<string[]> {
  const session = lab.session(`.libPaths(c("${ownLibrary}", .libPaths()))\n${code}`, options);
  await succeeded(session);
  return session.lines;
}

let workers: Running[] = [];

async function startWorkers(): Promise<void> {
  workers = ['w1', 'w2'].map((pod) => lab.worker(pod, undefined, { R_LIBS: `${ownLibrary}:${rLibrary}` }));
  await lab.workersReady(2);
}

async function restartWorkers(): Promise<void> {
  for (const worker of workers) worker.process.kill('SIGTERM');
  assert.deepEqual(await Promise.all(workers.map((worker) => worker.exited)), [0, 0]);
  await startWorkers();
}

/** Installs a package of the given R code into a library of this test. */
function installPackage(name: string, version: string, code: string): void {
  const source = join(lab.dir, name);
  mkdirSync(join(source, 'R'), { recursive: true });
  const fields = ['Title: T', 'Description: D.', 'License: GPL-2', 'Author: A', 'Maintainer: A <a@b.c>'];
  const description = [`Package: ${name}`, `Version: ${version}`, ...fields, 'Imports: foreach', ''];
  writeFileSync(join(source, 'DESCRIPTION'), description.join('\n'));
  writeFileSync(
    join(source, 'NAMESPACE'),
    'importFrom(foreach, foreach, "%dopar%", "%:%")\nexport(squares, table_of, resample, shift)\n',
  );
  writeFileSync(join(source, 'R/code.R'), code);
  const env = { ...process.env, R_LIBS: rLibrary };
  execFileSync('R', ['CMD', 'INSTALL', '--no-docs', '--no-byte-compile', `--library=${ownLibrary}`, source], {
    env,
    stdio: 'pipe',
  });
}

const packageCode = `
hidden <- function(x) x^2 + offset
offset <- 0.5
squares <- function(n, ...) foreach(i = seq_len(n), .combine = c, ...) %dopar% hidden(i)
shift <- function(n, by) { add <- function(x) hidden(x) + by; foreach(i = seq_len(n), .combine = c) %dopar% add(i) }
table_of <- function(n, f = function(a, b) a * b)
  foreach(i = seq_len(n), .combine = rbind) %:% foreach(j = seq_len(n), .combine = c) %dopar% f(i, j)
resample <- function(x, n, ...) foreach(k = seq_len(n), .combine = c) %dopar% statistic(sample(x), ...)
statistic <- function(x, weights = 1, ...) UseMethod("statistic")
statistic.default <- function(x, weights = 1, ...) sum(x * weights)
`;

test('without workers the backend answers, loops without work end, and a loop waits for the first worker', async () => {
  const lines = await succeeds(`
    stopifnot(getDoParRegistered(), getDoParWorkers() == 1, getDoParName() == "doFleet")
    stopifnot(identical(getDoParVersion(), as.character(packageVersion("foreachfleet"))))
    stopifnot(identical(foreach(i = integer()) %dopar% i, list()), nrow(fleetLoops()) == 1)
    cat("answered\\n")`);
  assert.ok(lines.includes('answered'));
  const waiting = lab.session(
    `stopifnot(identical(foreach(i = 1:2, .combine = c) %dopar% i, 1:2))
     while (getDoParWorkers() < 2) Sys.sleep(0.05) # the loop waits for the first worker only`,
  );
  await startWorkers();
  await succeeded(waiting);
});

test('loops inside a package find its functions, and notice its new version', async () => {
  installPackage('loopy', '1.0-2', packageCode);
  const journal = join(lab.dir, 'journal');
  const script = `
    stopifnot(identical(loopy::squares(4), (1:4)^2 + 0.5), identical(loopy::shift(3, 10), (1:3)^2 + 10.5))
    stopifnot(identical(unname(loopy::table_of(3)), outer(1:3, 1:3, function(a, b) a * b)))
    stopifnot(identical(unname(loopy::table_of(2, function(a, b) a - b)), outer(1:2, 1:2, "-")))
    stopifnot(identical(loopy::resample(1:10, 3, weights = 2), rep(110, 3)))
    stopifnot(identical(loopy::squares(2, .final = rev), c(4.5, 1.5)))
    library(loopy); stopifnot(identical(squares(3), (1:3)^2 + 0.5))
    cat("reused", fleetLoops()$reused, "\\n")`;
  const options = `, journal = "${journal}", seed = 3`;
  assert.ok((await succeeds(script, options)).includes('reused 0 0 0 0 0 0 0 '));
  assert.ok((await succeeds(script, options)).includes('reused 4 3 9 4 3 2 3 '));
  installPackage('loopy', '1.1-1', packageCode.replace('0.5', '0.25'));
  const changed = script.replaceAll('0.5', '0.25').replaceAll('.5', '.25');
  const refused = lab.session(`.libPaths(c("${ownLibrary}", .libPaths()))\n${changed}`);
  assert.notEqual(await refused.exited, 0, 'workers that still have the old version give no values');
  assert.ok(
    refused.lines.some((line) =>
      /package loopy has version 1\.0\.2 on the worker and 1\.1\.1 in the script's session/.test(line),
    ),
    refused.lines.join('\n'),
  );
  await restartWorkers();
  const lines = await succeeds(changed, options);
  assert.ok(lines.includes('reused 0 0 0 0 0 0 0 '), lines.join('\n'));
  assert.ok(
    lines.some((line) => /0 of 4 iterations reused; not reused: .*packages: 4/.test(line)),
    lines.join('\n'),
  );
});

test('100 MB as an exported object, an argument and a result', onlySlow, async () => {
  await succeeds(`
    big <- as.numeric(seq_len(13e6)); object.size(big) > 100e6 || stop("too small")
    r <- foreach(i = 1:2) %dopar% (big + i)
    stopifnot(identical(r[[2]], big + 2))
    rm(r)
    stopifnot(identical((foreach(x = list(big)) %dopar% rev(x))[[1]], rev(big)))`);
});

test('scripts that set bare doRedis up, as on a laptop, get the same values', async () => {
  await succeeds(`
    library(doRedis)
    setChunkSize(5); setFtinterval(10); setProgress(TRUE)
    x <- 0; setExport("x"); setPackages("tools")
    stopifnot(all.equal(foreach(j = 1:10, .combine = sum) %dopar% j, 55))
    stopifnot(all.equal(foreach(j = 1:10, .combine = sum, .noexport = "x") %dopar% (j + x), 55))
    r <- foreach(j = 1:23, .options.redis = list(chunkSize = 7, ftinterval = 3)) %dopar% j
    stopifnot(identical(r, as.list(1:23)), getDoParWorkers() == 2)`);
});
