// Any session after any other on one Redis gives what it gives on an empty one: whatever the earlier one left there,
// and whatever its workers are still at.
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { redisKeys } from '../../functions/adapters/redis-keys.ts';
import type { Lab, Running } from '../../testing/lab.ts';
import { labForEach } from '../../testing/lab-hooks.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { succeeded } from '../../testing/succeeded.ts';

let lab: Lab;
labForEach((made) => (lab = made));

/** Values, errors, random numbers, exports, files of the loops' numbers: all that a session shows. */
const probe = `
  big <- as.numeric(1:700000)
  set.seed(4)
  a <- foreach(x = c("apple", "pear", "plum"), .combine = c, .errorhandling = "remove") %dopar% toupper(x)
  b <- foreach(i = 1:3, .errorhandling = "pass") %dopar% { if (i == 2) stop("two") else i + sum(big[1:2]) }
  c <- foreach(i = 1:4, .combine = c) %dopar% runif(1)
  d <- tryCatch(foreach(i = 1:5) %dopar% { if (i == 1) stop("first"); i }, error = conditionMessage)
  stopifnot(identical(a, c("APPLE", "PEAR", "PLUM")), identical(b[-2], list(4, 6)))
  cat("shown", deparse(list(a, conditionMessage(b[[2]]), c, d)), "\\n")
  cat("shown", deparse(as.list(fleetLoops()[1:3, c("loop", "label", "iterations", "reused", "failed")])), "\\n")`;

async function shown(code = probe, options = ''): Promise<string[]> {
  const session = lab.session(code, options);
  await succeeded(session);
  return session.lines.filter((line) => /^shown|lost|given up|reused/.test(line));
}

/** Ends at once, or is killed while its first iteration waits for the file `go`. */
const earlier: Record<string, string> = {
  deaths: `r <- foreach(i = 1:3, .errorhandling = "remove") %dopar% { if (i == 2) tools::pskill(Sys.getpid(), 9); i }`,
  'an early end': `tryCatch(foreach(i = 1:40) %dopar% { if (i == 2) stop("2"); Sys.sleep(0.05); i }, error = print)`,
  'errors and warnings': `r <- foreach(i = 1:9, .errorhandling = "pass") %dopar% { warning("w"); stopifnot(i > 4); i }`,
  'large exports': `x <- as.numeric(1:900000); r <- foreach(i = 1:2, .combine = c) %dopar% sum(x)`,
};

test('after deaths, an early end, errors, large exports', async () => {
  lab.worker('w1');
  lab.worker('w2');
  await lab.workersReady(2);
  const expected = await shown();
  assert.ok(expected.length >= 2);
  for (const [name, code] of Object.entries(earlier)) {
    const session = lab.session(code);
    await succeeded(session);
    assert.deepEqual(await shown(), expected, `after ${name}`);
  }
});

/** Something of another session under every name that has a meaning. */
async function plant(): Promise<void> {
  const now = Date.now() / 1000;
  const task = '"state":"busy","loop":1,"iterations":[1,2],"count":2,"last":2';
  const worker = `{${task},"session":"old","since":${now},"beat":${now}}`;
  const hashes: Record<string, Record<string, string>> = {
    [redisKeys.driver]: { state: 'failed', message: 'old', loops: '7', startedAt: '1' },
    [redisKeys.control]: { stop: 'an old reason', pause: 'yes' },
    [redisKeys.loop(1)]: { label: 'old', total: '3', endedAt: String(now), done: '3', reuse: 'old', strays: 'old.txt' },
    [redisKeys.waiting]: { '1': '9', '9': '9' },
    [redisKeys.workers]: { gone: worker },
    [redisKeys.replace]: { w1: 'w1 an old reason' },
    [redisKeys.tries]: { '1:1': '3', '1:2': '1', '2:1': '3', '3:4': '99' },
    [redisKeys.causes]: { '1:1': 'killed long ago', '2:1': 'time it ran too long' },
    [redisKeys.value(1, 1)]: { v: 'junk', k: 'old-key' },
    [redisKeys.loopErrors(1)]: { '1': 'junk' },
    [redisKeys.loopWarnings(1)]: { '1': 'junk' },
    [redisKeys.need]: { ledger: '1' },
    [redisKeys.urls]: { ledger: 'none' },
    [redisKeys.exports]: { abc: 'redis 10' },
  };
  for (const [key, fields] of Object.entries(hashes)) await lab.redis.hset(key, fields);
  const texts = [redisKeys.gated, redisKeys.queueCount, redisKeys.exported('abc'), redisKeys.queueEnvironment('old')];
  for (const key of texts) await lab.redis.set(key, '2');
  await lab.redis.set(redisKeys.gate, '2');
  await lab.redis.set(redisKeys.seed, '11');
  const lists = [redisKeys.held('w1'), redisKeys.queue, redisKeys.queueOut('old'), redisKeys.jobs, redisKeys.outputs];
  for (const key of lists) await lab.redis.rpush(key, 'junk');
  await lab.redis.rpush(redisKeys.loops, '1', '2', '3');
  await lab.redis.rpush(redisKeys.arrived(1), '1 0.1 10 E old-key w1', '2 0.1 10 V old-key w1');
  for (const bit of [1, 2, 3]) await lab.redis.setbit(redisKeys.done(1), bit, 1);
  const streams = [redisKeys.errors, redisKeys.described];
  for (const key of streams) await lab.redis.xadd(key, '*', 'json', '{}');
  await lab.redis.xadd(redisKeys.outbox, '*', 'loop', '1', 'iteration', '1');
}

test('whatever is under the names of its keys', async () => {
  lab.worker('w1');
  await lab.workersReady(1);
  const expected = await shown();
  await plant();
  const foreign = redisKeys.driver.replace('driver', 'other:mine');
  await lab.redis.set(foreign, 'kept');
  assert.deepEqual(await shown(), expected);
  assert.equal(await lab.redis.get(foreign), 'kept', 'what is none of its keys stays');
  assert.equal((await lab.redis.xlen(redisKeys.described)) + (await lab.redis.xlen(redisKeys.outbox)), 0);
});

/** A session that is killed while its iterations are at work. */
async function killedAtWork(code: string): Promise<string> {
  const begun = join(lab.dir, 'begun');
  const go = join(lab.dir, 'go');
  const session: Running = lab.session(
    `foreach(i = 1:3) %dopar% { file.create("${begun}"); while (!file.exists("${go}")) Sys.sleep(0.05); ${code} }`,
    ', task_size = 3L',
  );
  await waitFor('at work', () => existsSync(begun), 30);
  process.kill(-session.process.pid!, 'SIGKILL');
  await session.exited;
  return go;
}

for (const [what, code] of [
  ['finish', 'i'],
  ['fail', 'stop("old")'],
  ['end their R', 'tools::pskill(Sys.getpid(), 9)'],
] as const)
  test(`iterations of the earlier session that ${what} only now count for nothing`, async () => {
    lab.worker('w1');
    await lab.workersReady(1);
    const go = await killedAtWork(code);
    const session = lab.session(
      `r <- foreach(i = 1:3, .combine = c, .errorhandling = "remove") %dopar% { i * 10 }
       stopifnot(identical(r, c(10, 20, 30)))`,
      ', tries = 1L',
    );
    await waitFor('the next one waits for a worker', async () => (await lab.redis.llen(redisKeys.queue)) > 0, 30);
    writeFileSync(go, '');
    await succeeded(session);
    assert.deepEqual(
      session.lines.filter((line) => /lost|again/.test(line)),
      [],
    );
    assert.equal(await lab.redis.hlen(redisKeys.tries), 0);
    assert.equal(await lab.redis.xlen(redisKeys.errors), 0);
  });
