// Loops that are long, lazy or slow at the driver's side: workers work meanwhile,
// and the driver's memory stays bounded.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { redisKeys } from '../../functions/adapters/redis-keys.ts';
import { Lab, rLibrary } from '../../testing/lab.ts';
import { startRedis } from '../../testing/redis-server.ts';
import { succeeded } from '../../testing/succeeded.ts';
import { tracedLines } from '../support/traced-lines.ts';

let lab: Lab;
let trace: string;
beforeEach(async () => {
  lab = await Lab.start();
  trace = join(lab.dir, 'trace');
  lab.worker('w1');
  lab.worker('w2');
  await lab.workersReady(2);
});
afterEach(() => lab.stop());

/** Lines that driver and workers wrote, in the order of writing. */
const traced = (): string[] => tracedLines(trace);
const note = (): string => `note <- function(...) cat(paste(...), "\\n", sep = "", file = "${trace}", append = TRUE)\n`;

const iteratorOf = (next: string): string =>
  `k <- 0; it <- structure(list(nextElem = function() { k <<- k + 1; ${next} }), class = c("abstractiter", "iter"))\n`;

test('workers work while a slow iterator is still being drawn', async () => {
  await succeeded(
    lab.session(`${note()}${iteratorOf('if (k > 60) stop("StopIteration"); Sys.sleep(0.1); note("drawn", k); k')}
    r <- foreach(i = it, .combine = c) %dopar% { note("ran", i); i }
    stopifnot(identical(r, as.numeric(1:60)))`),
  );
  const lines = traced();
  assert.ok(lines.indexOf('drawn 60') > lines.findIndex((line) => line.startsWith('ran')), lines.join(', '));
});

test('an endless iterator starts, and a loop ends with the error of an iterator that fails in the middle', async () => {
  await succeeded(
    lab.session(`${note()}${iteratorOf('if (file.exists("' + trace + '") && k > 30) stop("no more paper"); k')}
    e <- tryCatch(foreach(i = it, .combine = "+") %dopar% { note("ran", i); i }, error = identity)
    stopifnot(identical(conditionMessage(e), "no more paper"))
    stopifnot(identical(foreach(i = 1:3, .combine = c) %dopar% i, 1:3))`),
  );
});

test('a slow .combine does not keep the workers waiting', async () => {
  await succeeded(
    lab.session(
      `${note()}
    add <- function(a, b) { Sys.sleep(0.1); note("combined", b); a + b }
    r <- foreach(i = 1:60, .combine = add) %dopar% { note("ran", i); i }
    stopifnot(r == sum(1:60))`,
      ', task_size = 1L',
    ),
  );
  const lines = traced();
  const combinedBefore = lines.slice(0, lines.indexOf('ran 60')).filter((line) => line.startsWith('combined'));
  assert.ok(
    combinedBefore.length < 50,
    `${combinedBefore.length} results were combined before the last iteration began`,
  );
});

test('with .inorder = FALSE the value is the same whatever comes first', async () => {
  await succeeded(
    lab.session(
      `r <- foreach(i = 1:20, .combine = c, .inorder = FALSE) %dopar% {
      if (i == 1) while (!file.exists("${trace}")) Sys.sleep(0.05)
      if (i == 20) file.create("${trace}")
      i
    }
    stopifnot(identical(r, 1:20))`,
      ', task_size = 1L',
    ),
  );
});

test('large arguments are drawn as they are needed', async () => {
  await succeeded(
    lab.session(`${iteratorOf('if (k > 40) stop("StopIteration"); rep(as.numeric(k), 1e6)')}
    r <- foreach(x = it, .combine = "+") %dopar% x[1]
    stopifnot(r == sum(1:40))`),
  );
});

test('results of a session that nobody backs up leave nothing in Redis', async () => {
  await succeeded(lab.session('stopifnot(foreach(i = 1:3000, .combine = "+") %dopar% i == sum(1:3000))'));
  assert.equal(await lab.redis.xlen(redisKeys.outbox), 0);
  assert.deepEqual(await lab.redis.keys(redisKeys.value('*', '*')), []);
});

test('startFleetWorkers() works on a Redis without password', async (t) => {
  const { port, stop } = await startRedis({ password: '' });
  t.after(stop);
  const code = `library(foreach); library(foreachfleet); startFleetWorkers(1, "localhost:${port}")
    registerForeachFleet("localhost:${port}")
    stopifnot(identical(foreach(i = 1:3, .combine = c) %dopar% i, 1:3))`;
  const session = spawn('Rscript', ['--vanilla', '-e', code], {
    env: { ...process.env, R_LIBS: rLibrary },
    timeout: 100_000,
  });
  const status = await new Promise((done) => session.on('close', done));
  assert.equal(status, 0);
});
