// Large results and exports: they leave and arrive as files, and what the script sees is the same.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { redisKeys } from '../../functions/adapters/redis-keys.ts';
import { LabControlPlane } from '../../testing/lab-control-plane.ts';
import { events, Lab, type Running, said } from '../../testing/lab.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { succeeded } from '../../testing/succeeded.ts';

let lab: Lab;
let plane: LabControlPlane;
beforeEach(async () => {
  lab = await Lab.start();
  plane = new LabControlPlane(lab).begin();
});
afterEach(async () => {
  await plane.end();
  await lab.stop();
});

async function ended(driver: Running, status = 0): Promise<void> {
  assert.equal(await driver.exited, status, driver.lines.join('\n'));
}

const OBJECT = /^lab\/attempt-1\/loop-1\/iteration-00000\d-[0-9a-f]{16}(-\d)?\.rds$/;

/** Values of 6 MB with attributes, which `%do%` makes, too. */
const values = `library(foreach)
make <- function(i) { x <- seq(i, by = 0.5, length.out = 750000); attr(x, "note") <- list(i, letters); x }
expected <- lapply(1:4, make)`;

test('large results go to the bucket as files, the driver fetches them, and small ones pass them by', async () => {
  const script = `${values}
r <- foreach(i = 1:12) %dopar% if (i > 8) make(i - 8L) else i
stopifnot(identical(r, c(as.list(1:8), expected)))`;
  const inputs = lab.prepare({ script });
  const workers = [lab.worker('w1', inputs), lab.worker('w2', inputs)];
  await ended(lab.driver(inputs));
  await waitFor('all is backed up', async () => (await lab.redis.xlen(redisKeys.outbox)) === 0);
  const lines = plane.ledger().toSorted((a, b) => a.iteration - b.iteration);
  assert.deepEqual(
    lines.map((line) => line.iteration),
    Array.from({ length: 12 }, (_, index) => index + 1),
  );
  assert.deepEqual(
    lines.map((line) => OBJECT.test(line.object.replace('iteration-00001', 'iteration-00000'))),
    lines.map((line) => line.iteration > 8),
  );
  assert.deepEqual(await lab.redis.keys(redisKeys.value('*', '*')), []);
  assert.deepEqual(await lab.redis.hgetall(redisKeys.urls), {});
  assert.ok(workers.flatMap(events).every((event) => event['event'] !== 'memory-full'));
});

test('the next attempt fetches them again; one whose bytes have changed is computed anew', async () => {
  const script = `${values}
r <- foreach(i = 1:4) %dopar% { cat("run", i, "\\n"); make(i) }
stopifnot(identical(r, expected))`;
  const inputs = lab.prepare({ script, seed: 1 });
  const worker = lab.worker('w1', inputs);
  await ended(lab.driver(inputs));
  await waitFor('all is backed up', async () => (await lab.redis.xlen(redisKeys.outbox)) === 0);
  const damaged = plane.ledger().find((line) => line.iteration === 3)!;
  const ledger = plane.resumeLedger();
  lab.server.put(`results/${damaged.object}`, 'nonsense');
  await lab.redis.del(await lab.redis.keys('*'));
  const again = lab.prepare({ script, seed: 1, attempt: 2, ledger });
  const driver = lab.driver(again, { FF_WORK: `${lab.dir}/second` });
  await ended(driver);
  assert.ok(driver.lines.some((line) => line.includes('4 of 4 iterations reused')));
  assert.equal((await said(worker, /iteration 3\] run 3/, 2)).length, 2, 'iteration 3 ran in both attempts');
  assert.equal((await said(worker, /\] run \d/, 5)).length, 5);
});

test('an answer that is lost, a refused upload and an address that is of no use only cost time', async () => {
  lab.server.loseAnswers = 1;
  const script = `${values}
r <- foreach(i = 1:4) %dopar% make(i)
stopifnot(identical(r, expected))`;
  const inputs = lab.prepare({ script });
  await lab.redis.hset(redisKeys.urls, 'unasked', 'none');
  lab.worker('w1', inputs);
  const driver = lab.driver(inputs);
  await waitFor(
    'the driver asks',
    async () => (await lab.redis.hlen(redisKeys.need)) > 0 || driver.process.exitCode !== null,
  );
  lab.server.failNext = 2;
  await ended(driver);
  await waitFor('all is backed up', async () => (await lab.redis.xlen(redisKeys.outbox)) === 0);
  assert.equal(plane.ledger().length, 4);
});

test('a driver that is started again while a result lies in the bucket only asks for it', async () => {
  await plane.end();
  const script = `${values}
r <- foreach(i = 1:4) %dopar% { cat("run", i, "\\n"); make(i) }
stopifnot(identical(r, expected))`;
  const inputs = lab.prepare({ script, seed: 1 });
  const worker = lab.worker('w1', inputs);
  const first = lab.driver(inputs);
  await waitFor('all are computed', async () => (await lab.redis.xlen(redisKeys.outbox)) === 4);
  process.kill(-first.process.pid!, 'SIGKILL');
  await first.exited;
  plane = new LabControlPlane(lab).begin();
  await ended(lab.driver(inputs));
  assert.equal((await said(worker, /\] run \d/, 4)).length, 4);
});

test('a large export is sent once for two loops, by file, and once per worker', async () => {
  const script = `library(foreach)
big <- data.frame(x = seq(0, 1, length.out = 3e6), g = factor(rep(c("a", "b"), 1.5e6)))
attr(big, "note") <- "kept"
middle <- seq(1, 2, length.out = 1e6)
pick <- function(i) big$x[i] + middle[i]
expected <- lapply(1:20, pick)
first <- foreach(i = 1:20) %dopar% pick(i)
second <- foreach(i = 1:20) %dopar% list(big$g[i], attr(big, "note"), middle[i])
stopifnot(identical(first, expected))
stopifnot(identical(second, lapply(1:20, function(i) list(big$g[i], attr(big, "note"), middle[i]))))
own <- foreach(i = 1:2) %dopar% { before <- big$x[3]; big$x[3] <<- -1; before }
stopifnot(identical(own, list(big$x[3], big$x[3])))
big$x[1] <- 5
third <- foreach(i = 1:3) %dopar% { big$x[1] }
stopifnot(identical(third, list(5, 5, 5)))`;
  const inputs = lab.prepare({ script });
  lab.worker('w1', inputs);
  lab.worker('w2', inputs);
  const driver = lab.driver(inputs);
  await ended(driver);
  const fetched = lab.server.served.filter((name) => name.includes('exports/'));
  const distinct = new Set(fetched);
  assert.equal(distinct.size, 2, 'big, and big as it was changed');
  assert.ok(fetched.length <= 4, `${fetched.length} downloads by two workers`);
  assert.equal((await lab.redis.keys(redisKeys.exported('*'))).length, 2, 'middle and the functions go through Redis');
  assert.equal(driver.lines.filter((line) => line.includes('is sent by file')).length, 2);
});

test('without a bucket, exports go through Redis', async () => {
  await plane.end();
  lab.worker('w1');
  const session = lab.session(`
    big <- seq(0, 1, length.out = 3e6)
    shared <- new.env(); shared$big <- seq(0, 1, length.out = 1e6)
    r <- foreach(i = 1:3) %dopar% { big[i] + shared$big[i] }
    stopifnot(identical(r, lapply(1:3, function(i) big[i] + shared$big[i])))
    r <- foreach(i = 1:2) %dopar% { big[i] }
    stopifnot(identical(r, list(big[1], big[2])))`);
  await succeeded(session);
  plane = new LabControlPlane(lab).begin();
});
