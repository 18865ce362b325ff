// Errors and workers that make them: too many end the job, a worker that fails what others can do is
// replaced, and a failed iteration can be replayed.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { redisKeys } from '../../functions/adapters/redis-keys.ts';
import { events, type Lab, rLibrary, said } from '../../testing/lab.ts';
import { labForEach } from '../../testing/lab-hooks.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { succeeded } from '../../testing/succeeded.ts';

let lab: Lab;
labForEach((made) => (lab = made));

/** Reports in the stream of errors. */
async function reports(): Promise<Record<string, unknown>[]> {
  const entries = await lab.redis.xrange(redisKeys.errors, '-', '+');
  return entries.map(([, fields]) => JSON.parse(fields[fields.indexOf('json') + 1]!) as Record<string, unknown>);
}

const failingFrom = (first: number): string => `library(foreach)
cat("made", file = "made.txt")
r <- foreach(i = 1:400, .errorhandling = "pass") %dopar% {
  Sys.sleep(0.02); if (i >= ${first}) stop("no data for ", i)
  i
}
`;

test('too many errors end the job, and what is finished is kept', async () => {
  const inputs = lab.prepare({ script: failingFrom(9), errorLimits: { count: 6, rate: 0.4, sample: 10 } });
  lab.worker('w1', inputs);
  lab.worker('w2', inputs);
  const driver = lab.driver(inputs);
  assert.equal(await driver.exited, 1, driver.lines.join('\n'));
  const message = String(events(driver).at(-1)?.['message']);
  assert.match(message, /too many errors: \d+ of \d+ finished iterations of loop 1 failed \(limits: 6 errors, 40 %/);
  assert.equal(await lab.redis.hget(redisKeys.driver, 'state'), 'failed');
  assert.ok((await lab.redis.xlen(redisKeys.outbox)) >= 8);
  assert.ok(Number(await lab.redis.hget(redisKeys.loop(1), 'done')) >= 8);
  assert.ok((await lab.redis.lrange(redisKeys.outputs, 0, -1)).some((line) => line.includes('made.txt')));
});

test('few errors among many iterations do not', async () => {
  const script = `library(foreach)
    r <- foreach(i = 1:60, .combine = c, .errorhandling = "remove") %dopar% { if (i %% 6 == 0) stop("no"); i }
    stopifnot(length(r) == 50)`;
  const inputs = lab.prepare({ script, errorLimits: { count: 3, rate: 0.5, sample: 20 } });
  lab.worker('w1', inputs);
  lab.worker('w2', inputs);
  const driver = lab.driver(inputs);
  await succeeded(driver);
  assert.equal(await lab.redis.hget(redisKeys.loop(1), 'failed'), '10');
});

test('a worker that fails what others can do is replaced, and its errors do not count', async () => {
  const workers = [lab.worker('w1'), lab.worker('w2')];
  await lab.workersReady(2);
  // The fault is that of one R process, which nothing that is put back between iterations mends.
  const broken = join(lab.dir, 'broken');
  const session = lab.session(
    `r <- foreach(i = 1:60, .errorhandling = "pass") %dopar% {
      if (i == 1) writeLines(as.character(Sys.getpid()), "${broken}")
      Sys.sleep(0.3)
      is_broken <- file.exists("${broken}") && Sys.getpid() == as.integer(readLines("${broken}"))
      if (i > 2 && is_broken) stop("this R is broken")
      i
    }
    stopifnot(identical(r, as.list(1:60)))`,
    ', task_size = 1L',
  );
  await succeeded(session);
  const isReplaced = (event: Record<string, unknown>): boolean => event['event'] === 'worker-replaced';
  await waitFor('a worker is replaced', () => workers.flatMap(events).some(isReplaced));
  const replaced = workers.flatMap(events).filter(isReplaced);
  assert.equal(replaced.length, 1);
  assert.match(String(replaced[0]?.['message']), /3 iterations that failed on it succeeded elsewhere/);
  const pod = String(replaced[0]?.['worker']);
  await waitFor('the new R is at work', async () =>
    /"state":"idle".*"replaced":1/.test((await lab.redis.hget(redisKeys.workers, pod)) ?? ''),
  );
  assert.equal(await lab.redis.hget(redisKeys.loop(1), 'failed'), '0');
  assert.equal(await lab.redis.hlen(redisKeys.tries), 0, 'being replaced is not a try');
  assert.ok((await reports()).length >= 3, 'the errors stay on record');
});

test('a worker that stays broken after being replaced does not spoil the loop either', async () => {
  const broken = lab.worker('w1', undefined, { SCRATCH: '/nonexistent' });
  lab.worker('w2');
  await lab.workersReady(2);
  const session = lab.session(
    `r <- foreach(i = 1:80, .errorhandling = "pass") %dopar% {
      Sys.sleep(0.2)
      if (nzchar(Sys.getenv("SCRATCH"))) stop("cannot write to ", Sys.getenv("SCRATCH"))
      i
    }
    stopifnot(identical(r, as.list(1:80)))`,
    ', task_size = 1L',
  );
  await succeeded(session);
  await said(broken, /"event":"worker-replaced"/);
});

test('a failed iteration is replayed from its report with the same condition and random numbers', async () => {
  lab.worker('w1');
  await lab.workersReady(1);
  const session = lab.session(`set.seed(4)
    scale <- 10
    fit <- function(x) stop(structure(class = c("badFit", "error", "condition"),
      list(message = paste("no fit at", x), call = sys.call(), at = x)))
    r <- foreach(i = 1:3, .errorhandling = "pass", .packages = "stats") %dopar%
      if (i == 2) fit(scale * i + rnorm(1)) else i
    saveRDS(r[[2]], "${join(lab.dir, 'condition.rds')}")`);
  await succeeded(session);
  const [report] = await reports();
  assert.equal(typeof report?.['replay'], 'string');
  writeFileSync(join(lab.dir, 'errors.jsonl'), `${JSON.stringify(report)}\n`);
  const again = lab.run(
    'Rscript',
    [
      '--vanilla',
      '-e',
      `errors <- "${join(lab.dir, 'errors.jsonl')}"
       e <- tryCatch(foreachfleet::replay(errors, loop = 1, iteration = 2), badFit = identity)
       stopifnot(identical(e, readRDS("${join(lab.dir, 'condition.rds')}")))`,
    ],
    { R_LIBS: rLibrary },
  );
  await succeeded(again);
});

test('.errorhandling = "stop": a worker with a broken disk stops no loop, and its errors are refuted', async () => {
  lab.worker('w1', undefined, { SCRATCH: '/nonexistent' });
  lab.worker('w2');
  await lab.workersReady(2);
  const session = lab.session(
    `r <- foreach(i = 1:60, .combine = c) %dopar% {
      Sys.sleep(0.1)
      if (nzchar(Sys.getenv("SCRATCH"))) stop("cannot write to ", Sys.getenv("SCRATCH"))
      i
    }
    stopifnot(identical(r, 1:60))`,
    ', task_size = 1L',
  );
  await succeeded(session);
  const all = await reports();
  const errors = all.filter((report) => report['refuted'] === undefined);
  const refutations = all.filter((report) => report['refuted'] !== undefined);
  assert.ok(errors.length > 0 && errors.every((report) => report['worker'] === 'w1'));
  assert.deepEqual(
    refutations.map((report) => [report['worker'], report['refuted'], report['iteration']]).sort(),
    [...new Set(errors.map((report) => report['iteration']))].map((iteration) => ['w1', 'w2', iteration]).sort(),
  );
  assert.equal(await lab.redis.hget(redisKeys.loop(1), 'failed'), '0');
});

test('.errorhandling = "stop": an error of the code is confirmed elsewhere, and ends the loop early', async () => {
  lab.worker('w1');
  lab.worker('w2');
  await lab.workersReady(2);
  const session = lab.session(
    `e <- tryCatch(foreach(i = 1:300) %dopar% {
       Sys.sleep(0.3); if (i == 7) stop("no fit for ", i)
       i
     }, error = conditionMessage)
     stopifnot(identical(e, 'task 7 failed - "no fit for 7"'))`,
    ', task_size = 1L',
  );
  await succeeded(session);
  const errors = await reports();
  assert.deepEqual(
    errors.map((report) => report['iteration']),
    [7, 7],
  );
  assert.deepEqual(errors.map((report) => report['worker']).sort(), ['w1', 'w2']);
  const finished = await lab.redis.xlen(redisKeys.outbox);
  assert.ok(finished < 100, `${finished} of 300 were finished`);
});

test('.errorhandling = "stop": without an answer in time the first error stands', async () => {
  lab.worker('w1');
  lab.worker('w2');
  await lab.workersReady(2);
  const gate = join(lab.dir, 'gate');
  const session = lab.session(
    `e <- tryCatch(foreach(i = 1:2) %dopar% {
       if (i == 2) while (!file.exists("${gate}")) Sys.sleep(0.1) else stop("bad")
     }, error = conditionMessage)
     stopifnot(identical(e, 'task 1 failed - "bad"'))`,
    ', task_size = 1L',
  );
  await succeeded(session);
  writeFileSync(gate, '');
  assert.equal((await reports()).length, 1);
});
