// A Redis that is much smaller than what passes through it: everybody waits for room,
// nobody is taken for lost, and nothing is.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, test } from 'node:test';
import { redisKeys } from '../../functions/adapters/redis-keys.ts';
import { LabControlPlane } from '../../testing/lab-control-plane.ts';
import { events, Lab, password, type Running } from '../../testing/lab.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { succeeded } from '../../testing/succeeded.ts';

const LIMIT_MB = 48;
let lab: Lab;
beforeEach(async () => {
  lab = await Lab.start(`${LIMIT_MB}mb`);
});
afterEach(() => lab.stop());

/** Results of 5 MB, 300 MB together, each told apart by its first and last numbers. */
const loop = `library(foreach)
make <- function(i) as.numeric(i) + seq_len(625000) / 7
r <- foreach(i = 1:60, .combine = rbind) %dopar% { x <- make(i); x[1] <- i; x }
dimnames(r) <- NULL
expected <- t(vapply(1:60, function(i) { x <- make(i); c(i, sum(x[-1])) }, c(0, 0)))
stopifnot(identical(dim(r), c(60L, 625000L)), identical(r[, 1], expected[, 1]))
stopifnot(isTRUE(all.equal(rowSums(r[, -1]), expected[, 2])))
`;

async function usedMb(): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await lab.redis.info('memory'))![1]) / 1e6;
}

/** As an administrator, who is not the user that pods have. */
function limitRedis(maxMemory: string): void {
  const options = ['-p', String(lab.redisPort), '--user', 'admin', '--no-auth-warning'];
  const env = { ...process.env, REDISCLI_AUTH: password };
  execFileSync('redis-cli', [...options, 'CONFIG', 'SET', 'maxmemory', maxMemory], { env });
}

const isWaiting = (event: Record<string, unknown>): boolean => event['event'] === 'memory-full';

function lost(running: Running[]): unknown[] {
  return running.flatMap(events).filter((event) => event['event'] === 'worker-lost');
}

test('results of 300 MB pass through 48 MB, backed up by a control plane', async () => {
  const plane = new LabControlPlane(lab);
  const inputs = lab.prepare({ script: loop, uploads: false });
  const workers = ['w1', 'w2', 'w3'].map((name) => lab.worker(name, inputs));
  const driver = lab.driver(inputs);
  // Nobody makes room at first: workers that have a result, or the driver that has tasks, must come to a stand.
  await waitFor('somebody waits for room', () => [driver, ...workers].flatMap(events).some(isWaiting));
  assert.ok((await usedMb()) < LIMIT_MB * 1.05);
  plane.begin();
  await succeeded(driver);
  await waitFor('all is backed up', async () => (await lab.redis.xlen(redisKeys.outbox)) === 0);
  await plane.end();
  assert.equal(new Set(plane.ledger().map((line) => line.iteration)).size, 60);
  assert.deepEqual(lost([driver, ...workers]), []);
  assert.deepEqual(await lab.redis.keys(redisKeys.value('*', '*')), []);
});

test('the same on a laptop, where nobody backs up', async () => {
  for (const name of ['w1', 'w2', 'w3']) lab.worker(name);
  const session = lab.session(loop);
  await succeeded(session);
  assert.deepEqual(lost([session]), []);
  assert.ok((await usedMb()) < 10);
});

test('while Redis is full and refuses even beats, nobody is lost; with room again, the loop goes on', async () => {
  const plane = new LabControlPlane(lab).begin();
  const script = `library(foreach)
r <- foreach(i = 1:40, .combine = c) %dopar% { Sys.sleep(0.3); i }
stopifnot(identical(r, 1:40))`;
  const inputs = lab.prepare({ script, tasks: { size: 1 } });
  const workers = ['w1', 'w2'].map((name) => lab.worker(name, inputs));
  const driver = lab.driver(inputs);
  await waitFor('some are done', async () => (await lab.redis.bitcount(redisKeys.done(1))) >= 4);
  limitRedis('1mb');
  await assert.rejects(lab.redis.set('more', 'x'), /OOM/);
  const beat = await lab.redis.hget(redisKeys.workers, 'w1');
  const seen = Date.now();
  // Longer than the silence after which a worker is given up.
  await waitFor('its time has passed', () => Date.now() - seen > 16_000);
  assert.equal(await lab.redis.hget(redisKeys.workers, 'w1'), beat);
  limitRedis(`${LIMIT_MB}mb`);
  await succeeded(driver);
  await plane.end();
  assert.deepEqual(lost([driver, ...workers]), []);
  assert.equal(workers.flatMap((worker) => worker.lines).filter((line) => line.includes('R (pid')).length, 0);
});

test('large arguments wait in the driver; arguments, exports and results that never fit are named', async () => {
  lab.worker('w1');
  lab.worker('w2');
  const session = lab.session(`
    r <- foreach(x = lapply(1:40, function(i) c(i, numeric(5e5))), .combine = c) %dopar% sum(x)
    stopifnot(identical(r, as.numeric(1:40)))
    said <- function(loop) tryCatch(loop, error = conditionMessage)
    text <- said(foreach(x = list(1, numeric(2e6)), .combine = c) %dopar% sum(x))
    stopifnot(grepl("the arguments of one iteration are 15.3 MiB; at most 9.6 MiB can be sent to a worker", text))
    huge <- numeric(2e6)
    text <- said(foreach(i = 1:2) %dopar% huge[i])
    stopifnot(grepl("this loop exports huge, which is 15.3 MiB; at most 9.6 MiB can be sent to workers. ", text))
    stopifnot(grepl("sent to workers. Put it into a file", text))
    hidden <- new.env(); hidden$all <- huge
    text <- said(foreach(i = 1:2) %dopar% hidden$all[i])
    stopifnot(grepl("this loop exports all, which is 15.3 MiB; at most 9.6 MiB can be sent to workers", text))
    text <- said(foreach(i = 1:2) %dopar% numeric(2e6))
    stopifnot(grepl("the result is 15.3 MiB; at most 9.6 MiB can be returned", text))
    stopifnot(identical(foreach(i = 1:3) %dopar% i, as.list(1:3)))`);
  await succeeded(session);
});
