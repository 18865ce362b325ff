// Requests of the control plane: canary gate, stop, lease, early end after errors; and what an error says.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, test } from 'node:test';
import { redisKeys } from '../../functions/adapters/redis-keys.ts';
import { events, Lab } from '../../testing/lab.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { succeeded } from '../../testing/succeeded.ts';
import { tracedLines } from '../support/traced-lines.ts';

let lab: Lab;
let trace: string;
beforeEach(async () => {
  lab = await Lab.start();
  trace = join(lab.dir, 'trace');
});
afterEach(() => lab.stop());

const count = (): number => tracedLines(trace).length;
const slowLoop = (seconds: number, iterations = 40): string =>
  `library(foreach)
cat("x\\n", file = "made.txt")
r <- foreach(i = 1:${iterations}, .combine = c) %dopar% {
  cat(i, "\\n", file = "${trace}", append = TRUE); Sys.sleep(${seconds}); i
}
`;

test('only the canary tasks of the job start until the gate is opened', async () => {
  const inputs = lab.prepare({ script: slowLoop(0.05, 12), canaryTasks: 3 });
  lab.worker('w1', inputs);
  lab.worker('w2', inputs);
  const driver = lab.driver(inputs);
  await waitFor('three are done', async () => Number(await lab.redis.hget(redisKeys.loop(1), 'done')) >= 3);
  await waitFor('workers wait', async () =>
    Object.values(await lab.redis.hgetall(redisKeys.workers)).every((text) => text.includes('"idle"')),
  );
  assert.equal(count(), 3);
  assert.equal(await lab.redis.hget(redisKeys.waiting, '1'), '9');
  await lab.redis.set(redisKeys.gate, '');
  await succeeded(driver);
  assert.equal(count(), 12);
});

test('stop: what runs is finished and kept, the files so far are saved, exit code 3', async () => {
  const inputs = lab.prepare({ script: slowLoop(1), tasks: { size: 1 } });
  lab.worker('w1', inputs);
  const driver = lab.driver(inputs);
  await waitFor('at work', () => count() >= 2);
  await lab.redis.hset(redisKeys.control, 'stop', 'the money limit is reached');
  assert.equal(await driver.exited, 3, driver.lines.join('\n'));
  assert.ok(count() < 20, `${count()} were started`);
  assert.equal(await lab.redis.xlen(redisKeys.outbox), count());
  assert.equal(await lab.redis.hget(redisKeys.driver, 'state'), 'stopped');
  assert.deepEqual(
    [events(driver).at(-1)?.['outcome'], events(driver).at(-1)?.['message']],
    ['stopped', 'the money limit is reached'],
  );
  assert.ok((await lab.redis.lrange(redisKeys.outputs, 0, -1)).some((line) => line.includes('made.txt')));
});

test('stop: an error that another worker was still to confirm counts', async () => {
  const go = join(lab.dir, 'go');
  const script = `library(foreach)
r <- foreach(i = 1:9, .errorhandling = "remove") %dopar% {
  if (i == 1) stop("odd")
  while (!file.exists("${go}")) Sys.sleep(0.1)
  i
}`;
  const inputs = lab.prepare({ script, tasks: { size: 1 } });
  lab.worker('w1', inputs);
  lab.worker('w2', inputs);
  await lab.workersReady(2);
  const driver = lab.driver(inputs);
  await waitFor('the error is told', async () => (await lab.redis.xlen(redisKeys.errors)) === 1);
  await lab.redis.hset(redisKeys.control, 'stop', 'cancelled');
  writeFileSync(go, '');
  assert.equal(await driver.exited, 3, driver.lines.join('\n'));
  assert.equal(await lab.redis.hget(redisKeys.loop(1), 'failed'), '1');
});

test('without a renewed lease driver and workers stop by themselves', async () => {
  await lab.redis.set(redisKeys.lease, '1');
  const inputs = lab.prepare({ script: slowLoop(0.3), tasks: { size: 1 } });
  const worker = lab.worker('w1', inputs);
  const driver = lab.driver(inputs);
  await waitFor('at work', () => count() >= 3);
  await lab.redis.del(redisKeys.lease);
  assert.equal(await driver.exited, 3, driver.lines.join('\n'));
  await waitFor('the worker has left', async () => (await lab.redis.hlen(redisKeys.workers)) === 0);
  assert.equal(worker.process.exitCode, null, 'the pod stays, quiet');
});

test('.errorhandling = "stop" ends the loop at its first error, with its classes; what is finished stays', async () => {
  lab.worker('w1');
  lab.worker('w2');
  await lab.workersReady(2);
  const session = lab.session(`
    trouble <- function(x) stop(structure(class = c("badFit", "error", "condition"),
      list(message = paste("no fit for", x), call = sys.call(-1), model = x)))
    fit <- function(x) if (x == 5) trouble(x) else x
    e <- tryCatch(foreach(i = 1:200) %dopar% {
      message("fitting ", i); cat("step\\n"); warning("steep"); Sys.sleep(0.25); fit(i)
    }, badFit = function(e) e)
    stopifnot(inherits(e, "badFit"), e$model == 5, conditionMessage(e) == 'task 5 failed - "no fit for 5"')`);
  await succeeded(session);
  const [[, fields]] = (await lab.redis.xrange(redisKeys.errors, '-', '+')) as [[string, string[]]];
  const error = JSON.parse(fields[1]!) as Record<string, unknown>;
  assert.deepEqual(
    [error['loop'], error['iteration'], error['message'], error['class']],
    [1, 5, 'no fit for 5', ['badFit', 'error', 'condition']],
  );
  assert.deepEqual((error['traceback'] as string[]).slice(0, 2), ['fit(i)', 'trouble(x)']);
  assert.equal(error['arguments'], 'i = 5L');
  assert.equal(error['output'], 'fitting 5\nstep\nWarning: In eval(xpr, envir = envir): steep');
  const finished = Number(await lab.redis.hget(redisKeys.loop(1), 'done'));
  assert.ok(finished >= 3 && finished < 100, `${finished} of 200 were finished`);
});

test('tasks.onError = stop ends the job at the first error, whatever the loop says', async () => {
  const text = `library(foreach)
r <- foreach(i = 1:50, .errorhandling = "pass") %dopar% { Sys.sleep(0.2); if (i == 2) stop("broken"); i }
`;
  const inputs = lab.prepare({ script: text, tasks: { onError: 'stop' } });
  lab.worker('w1', inputs);
  const driver = lab.driver(inputs);
  assert.equal(await driver.exited, 1, driver.lines.join('\n'));
  assert.match(String(events(driver).at(-1)?.['message']), /task 2 failed - "broken"/);
});

test('quit() in the script ends the job as its status says', async () => {
  const good = lab.driver(lab.prepare({ script: 'writeLines("a", "a.txt")\nquit(status = 0)\n' }));
  await succeeded(good);
  assert.ok((await lab.redis.lrange(redisKeys.outputs, 0, -1)).some((line) => line.includes('a.txt')));
  const bad = lab.driver(lab.prepare({ script: 'q("no", 7)\n' }), { FF_WORK: join(lab.dir, 'driver-2') });
  assert.equal(await bad.exited, 1);
  assert.match(String(events(bad).at(-1)?.['message']), /the script ended R with status 7/);
});
