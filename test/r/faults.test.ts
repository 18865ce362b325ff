// Workers and Redis that die or freeze in the middle of a loop: nothing lost, nothing
// counted twice, and the loop goes on at once.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { redisKeys } from '../../functions/adapters/redis-keys.ts';
import { backedUp, events, Lab } from '../../testing/lab.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { succeeded } from '../../testing/succeeded.ts';
import { journalledIterations } from '../support/journalled-iterations.ts';
import { tracedLines } from '../support/traced-lines.ts';

let lab: Lab;
let trace: string;
beforeEach(async () => {
  lab = await Lab.start();
  trace = join(lab.dir, 'trace');
});
afterEach(() => lab.stop());

type Mark = { what: string; iteration: number; pid: number };

/** What the tasks wrote with mark(). */
function marks(): Mark[] {
  const lines = tracedLines(trace);
  return lines.map((line) => {
    const [what = '', iteration, pid] = line.split(' ');
    return { what, iteration: Number(iteration), pid: Number(pid) };
  });
}

const markFunction = (): string =>
  `mark <- function(what, i) cat(sprintf("%s %d %d\\n", what, i, Sys.getpid()), file = "${trace}", append = TRUE)\n`;

const oneToN = (count: number): number[] => Array.from({ length: count }, (_, k) => k + 1);

test('the iteration of a killed R process runs again at once, before those that wait, and only that one', async () => {
  lab.worker('w1');
  lab.worker('w2');
  await lab.workersReady(2);
  const session = lab.session(
    `${backedUp}${markFunction()}
    r <- foreach(i = 1:24, .combine = c) %dopar% {
      mark("start", i); Sys.sleep(if (i <= 2) 1.5 else 0.4); mark("end", i); i
    }
    stopifnot(identical(r, 1:24))`,
    ', task_size = 1L',
  );
  await waitFor('both at work', () => marks().length >= 2);
  const victim = marks()[0]!;
  process.kill(victim.pid, 'SIGKILL');
  await succeeded(session);
  const starts = marks().filter((m) => m.what === 'start');
  const places = starts.flatMap((m, place) => (m.iteration === victim.iteration ? [place] : []));
  assert.equal(places.length, 2);
  assert.ok(places[1]! < 12, `it was start number ${places[1]! + 1} of 25`);
  assert.equal(starts.length, 25);
  assert.deepEqual(await journalledIterations(lab.redis), oneToN(24));
});

test('a machine that freezes and comes back neither delays the loop nor changes its value', async () => {
  const frozen = lab.worker('w1');
  lab.worker('w2');
  await lab.workersReady(2);
  const session = lab.session(`${backedUp}${markFunction()}
    r <- foreach(i = 1:16, .combine = "+") %dopar% {
      mark("start", i); Sys.sleep(if (i <= 2) 3 else 1); mark("end", i); i
    }
    stopifnot(identical(r, 136L))`);
  await waitFor('both at work', () => marks().length >= 2);
  const workers = Object.entries(await lab.redis.hgetall(redisKeys.workers));
  const pid = (JSON.parse(workers.find(([pod]) => pod === 'w1')![1]) as { pid: number }).pid;
  process.kill(frozen.process.pid!, 'SIGSTOP');
  process.kill(pid, 'SIGSTOP');
  await waitFor('the lost worker is noticed', async () => !(await lab.redis.hexists(redisKeys.workers, 'w1')), 40);
  process.kill(pid, 'SIGCONT');
  process.kill(frozen.process.pid!, 'SIGCONT');
  await succeeded(session);
  await waitFor(
    'the late duplicate has ended',
    () => marks().filter((m) => m.what === 'end' && m.pid === pid).length > 0,
  );
  await lab.workersReady(2);
  assert.deepEqual(await journalledIterations(lab.redis), oneToN(16));
});

test('driver and workers survive a restart of Redis, and nothing runs twice', async () => {
  lab.worker('w1');
  lab.worker('w2');
  await lab.workersReady(2);
  const session = lab.session(`${markFunction()}
    r <- foreach(i = 1:8, .combine = c) %dopar% { mark("start", i); Sys.sleep(2); mark("end", i); i }
    stopifnot(identical(r, 1:8))`);
  await waitFor('one is finished', () => marks().some((m) => m.what === 'end'));
  await lab.killRedis();
  const pids = new Set(marks().map((m) => m.pid));
  await waitFor(
    'both workers have finished something without Redis',
    () => marks().filter((m) => m.what === 'end').length >= 2,
  );
  await lab.startRedis();
  await succeeded(session);
  assert.deepEqual(new Set(marks().map((m) => m.pid)), pids, 'the same R processes');
  assert.equal(marks().filter((m) => m.what === 'start').length, 8);
});

test('an iteration that kills R is given up after its tries, with the cause, and the others go on', async () => {
  const workers = [lab.worker('w1'), lab.worker('w2')];
  await lab.workersReady(2);
  const session = lab.session(`
    r <- foreach(i = 1:6, .errorhandling = "pass") %dopar% { if (i == 3) tools::pskill(Sys.getpid(), 9); i }
    stopifnot(identical(r[-3], as.list(c(1:2, 4:6))), inherits(r[[3]], "fleetLostError"))
    cat(conditionMessage(r[[3]]), "\\n")`);
  await succeeded(session);
  assert.ok(
    session.lines.some((line) =>
      /iteration 3 was given up: it ended its R process 3 times \(killed by signal 9/.test(line),
    ),
    session.lines.join('\n'),
  );
  assert.equal(workers.flatMap(events).filter((e) => e['event'] === 'worker-lost').length, 3);
});

test('SIGTERM: the running iteration ends, nothing new is taken, exit 0', async () => {
  const drained = lab.worker('w1');
  await lab.workersReady(1);
  const session = lab.session(`${markFunction()}
    r <- foreach(i = 1:4, .combine = c) %dopar% { mark("start", i); Sys.sleep(1.5); mark("end", i); i }
    stopifnot(identical(r, 1:4))`);
  await waitFor('at work', () => marks().length > 0);
  drained.process.kill('SIGTERM');
  assert.equal(await drained.exited, 0);
  assert.deepEqual(
    marks().map((m) => m.what),
    ['start', 'end'],
  );
  assert.equal(await lab.redis.hexists(redisKeys.workers, 'w1'), 0);
  lab.worker('w2');
  await succeeded(session);
  assert.equal(marks().filter((m) => m.what === 'start').length, 4);
});

test('SIGTERM with too little grace: the task is handed back and the worker leaves', async () => {
  const drained = lab.worker('w1', undefined, { FF_GRACE_SECONDS: '5' });
  await lab.workersReady(1);
  const session = lab.session(`${markFunction()}
    r <- foreach(i = 1:2, .combine = c) %dopar% {
      mark("start", i); if (i == 1 && length(readLines("${trace}")) < 2) Sys.sleep(60)
      i
    }
    stopifnot(identical(r, 1:2))`);
  await waitFor('at work', () => marks().length > 0);
  drained.process.kill('SIGTERM');
  assert.equal(await drained.exited, 0);
  assert.ok((await lab.redis.llen(redisKeys.queue)) >= 1, 'the task is back');
  lab.worker('w2');
  await succeeded(session);
  assert.equal(await lab.redis.hlen(redisKeys.tries), 0, 'leaving is not a try');
});

test('a loop whose description Redis lost goes on with workers that have never seen it', async () => {
  lab.worker('w1');
  await lab.workersReady(1);
  const session = lab.session(
    `${backedUp}${markFunction()}
    r <- foreach(i = 1:6, .combine = c) %dopar% { mark("start", i); Sys.sleep(1); mark("end", i); i }
    stopifnot(identical(r, 1:6))`,
    ', task_size = 1L',
  );
  await waitFor('at work', () => marks().length > 0);
  await lab.redis.del(await lab.redis.keys(redisKeys.queueEnvironment('*')));
  lab.worker('w2');
  await succeeded(session);
  assert.deepEqual(await journalledIterations(lab.redis), oneToN(6));
  assert.equal(new Set(marks().map((mark) => mark.pid)).size, 2, 'both have worked');
});
