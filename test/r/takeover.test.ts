// Every way in which a worker can leave its work behind, at its worst moment: the work is
// done elsewhere, once, and the others go on.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { redisKeys } from '../../functions/adapters/redis-keys.ts';
import { backedUp, Lab, type Running } from '../../testing/lab.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { onlySlow } from '../support/only-slow.ts';
import { startCutProxy, type CutProxy } from './cut-proxy.ts';
import { succeeded } from '../../testing/succeeded.ts';
import { journalledIterations } from '../support/journalled-iterations.ts';
import { tracedLines } from '../support/traced-lines.ts';

let lab: Lab;
let trace: string;
let proxy: CutProxy | undefined;
beforeEach(async () => {
  lab = await Lab.start();
  trace = join(lab.dir, 'trace');
});
afterEach(async () => {
  await proxy?.stop();
  proxy = undefined;
  await lab.stop();
});

/** What tasks wrote with note(): "iteration pid". */
function notes(): { iteration: number; pid: number }[] {
  const lines = tracedLines(trace);
  return lines.map((line) => ({ iteration: Number(line.split(' ')[0]), pid: Number(line.split(' ')[1]) }));
}

const note = (): string => `cat(i, " ", Sys.getpid(), "\\n", sep = "", file = "${trace}", append = TRUE)`;

async function pidOf(pod: string): Promise<number> {
  return (JSON.parse((await lab.redis.hget(redisKeys.workers, pod))!) as { pid: number }).pid;
}

/** The machine is gone: supervisor and R at once, without a word. */
function loseMachine(worker: Running): void {
  process.kill(-worker.process.pid!, 'SIGKILL');
}

const sixIterations = (): string => `${backedUp}
  r <- foreach(i = 1:6, .combine = c) %dopar% { ${note()}; Sys.sleep(0.2); i }
  stopifnot(identical(r, 1:6))`;

/** A worker whose connection the test controls: it has taken a task, but the answer of Redis stays in the proxy. */
async function takenUnknowingly(): Promise<{ worker: Running; session: Running }> {
  proxy = await startCutProxy(lab.redisPort);
  const worker = lab.worker('w1', undefined, { FF_REDIS_PORT: String(proxy.port) });
  await lab.workersReady(1);
  proxy.holdNextTask();
  const session = lab.session(sixIterations(), ', task_size = 1L');
  await waitFor('Redis has given a task out', async () => (await lab.redis.llen(redisKeys.held('w1'))) === 1);
  await waitFor('the answer is held', () => proxy!.holding());
  assert.equal(notes().length, 0, 'the worker knows nothing of it');
  return { worker, session };
}

test('R is killed between taking a task and knowing of it', async () => {
  const { session } = await takenUnknowingly();
  process.kill(await pidOf('w1'), 'SIGKILL');
  proxy!.release();
  await succeeded(session);
  assert.equal(notes().length, 6);
  assert.equal(await lab.redis.hlen(redisKeys.tries), 0, 'no iteration had begun: no try');
});

test('the machine is lost between taking a task and knowing of it', async () => {
  const { worker, session } = await takenUnknowingly();
  loseMachine(worker);
  lab.worker('w2');
  await succeeded(session);
  assert.equal(notes().length, 6);
  assert.deepEqual(await journalledIterations(lab.redis), [1, 2, 3, 4, 5, 6]);
});

test('the connection is cut between taking a task and knowing of it', async () => {
  const { session } = await takenUnknowingly();
  const pid = await pidOf('w1');
  proxy!.cut();
  await succeeded(session);
  assert.deepEqual(
    [notes().length, new Set(notes().map((n) => n.pid))],
    [6, new Set([pid])],
    'the same R, nothing twice',
  );
});

test('the connection is cut when a result was stored, before the worker knows', async () => {
  proxy = await startCutProxy(lab.redisPort);
  lab.worker('w1', undefined, { FF_REDIS_PORT: String(proxy.port) });
  await lab.workersReady(1);
  proxy.cutAtNextStored();
  const session = lab.session(sixIterations(), ', task_size = 1L');
  await succeeded(session);
  assert.equal(proxy.cuts(), 1);
  assert.equal(notes().length, 6, 'nothing ran twice');
  assert.deepEqual(await journalledIterations(lab.redis), [1, 2, 3, 4, 5, 6]);
});

test('a lost machine: its iteration runs elsewhere while the others are still busy', async (context) => {
  const lost = lab.worker('w1');
  lab.worker('w2');
  await lab.workersReady(2);
  const found = join(lab.dir, 'found');
  const session = lab.session(
    `r <- foreach(i = 1:120, .combine = c) %dopar% {
       ${note()}; if (!file.exists("${found}")) Sys.sleep(if (i <= 2) 3 else 0.5)
       i
     }
     stopifnot(identical(r, 1:120))`,
    ', task_size = 1L',
  );
  const pid = await pidOf('w1');
  await waitFor('w1 is at work', () => notes().some((n) => n.pid === pid));
  const first = notes().find((n) => n.pid === pid)!.iteration;
  const lostAt = Date.now();
  loseMachine(lost);
  await waitFor('it began elsewhere', () => notes().filter((n) => n.iteration === first).length >= 2, 90);
  context.diagnostic(`began elsewhere after ${((Date.now() - lostAt) / 1000).toFixed(1)} s`);
  assert.ok(notes().length < 120, 'the loop was still busy');
  writeFileSync(found, '');
  await succeeded(session);
  assert.equal(notes().length, 121, 'only that one ran again');
});

test('a lost machine whose task was long: another puts its own long task aside for what is left of it', async () => {
  const lost = lab.worker('w1');
  lab.worker('w2');
  await lab.workersReady(2);
  const found = join(lab.dir, 'found');
  const session = lab.session(
    `r <- foreach(i = 1:200, .combine = c) %dopar% { ${note()}; if (!file.exists("${found}")) Sys.sleep(0.5); i }
     stopifnot(identical(r, 1:200))`,
    ', task_size = 100L',
  );
  await waitFor('both at work', () => new Set(notes().map((n) => n.pid)).size >= 2);
  const pid = await pidOf('w1');
  loseMachine(lost);
  const under = notes().findLast((n) => n.pid === pid)!.iteration;
  await waitFor('it began elsewhere', () => notes().filter((n) => n.iteration === under).length >= 2, 90);
  const others = notes().filter((n) => n.pid !== pid && n.iteration > 100 !== under > 100);
  assert.ok(others.length < 100, 'the other one was not yet through with its own');
  writeFileSync(found, '');
  await succeeded(session);
});

test('R that is stopped for longer than any time-out: another takes over, and what it did is kept', async () => {
  lab.worker('w1');
  lab.worker('w2');
  await lab.workersReady(2);
  const session = lab.session(`${backedUp}
    r <- foreach(i = 1:20, .combine = c) %dopar% { ${note()}; Sys.sleep(if (i == 1) 2 else 0.6); i }
    stopifnot(identical(r, 1:20))`);
  await waitFor('both at work', () => notes().length >= 2);
  const pid = await pidOf('w1');
  process.kill(pid, 'SIGSTOP');
  await waitFor('the supervisor has put another R in its place', async () => {
    const text = await lab.redis.hget(redisKeys.workers, 'w1');
    return text !== null && /"state":"(idle|busy)"/.test(text) && (await pidOf('w1')) !== pid;
  });
  await succeeded(session);
  assert.deepEqual(
    await journalledIterations(lab.redis),
    Array.from({ length: 20 }, (_, k) => k + 1),
  );
  assert.equal(await lab.redis.hlen(redisKeys.tries), 0, 'to be stopped is no try');
});

const compiled = `#include <R.h>
#include <Rinternals.h>
SEXP for_ever(void) { volatile unsigned long x = 1; for (;;) x = x * 3 + 1; return R_NilValue; }
SEXP crash(void) { volatile int *p = (int *)8; return ScalarInteger(*p); }
`;

/** C code that tasks load: it asks R for nothing, so no interrupt or signal handler of R is ever looked at. */
function compile(): string {
  const folder = join(lab.dir, 'compiled');
  mkdirSync(folder);
  writeFileSync(join(folder, 'hard.c'), compiled);
  execFileSync('R', ['CMD', 'SHLIB', 'hard.c'], { cwd: folder, stdio: 'pipe' });
  return join(folder, 'hard.so');
}

test(
  'the time limit ends what R itself cannot: a loop in C, a loop that ignores interrupts, a wait for another program',
  onlySlow,
  async () => {
    const library = compile();
    lab.worker('w1', lab.prepare({ script: '', tasks: { maxTimeSeconds: 2 } }));
    await lab.workersReady(1);
    const session = lab.session(`
    r <- foreach(i = 1:5, .errorhandling = "pass") %dopar% {
      if (i == 2) { dyn.load("${library}"); .Call("for_ever") }
      ignored <- function(e) NULL
      if (i == 3) suspendInterrupts(repeat tryCatch(Sys.sleep(0.01), interrupt = ignored, error = ignored))
      if (i == 4) system("sleep 1000")
      i
    }
    stopifnot(identical(r[c(1, 5)], list(1L, 5L)))
    for (i in 2:4) { stopifnot(inherits(r[[i]], "fleetLostError")); cat(conditionMessage(r[[i]]), "\\n") }`);
    await succeeded(session);
    const told = session.lines.filter((line) => line.includes('it ran longer than the time limit of 2 s'));
    assert.equal(told.length, 3, session.lines.join('\n'));
  },
);

test('a segmentation fault and a want of memory are set aside with their causes; the rest goes on', async () => {
  const library = compile();
  // 1.5 GiB of address space: what the kernel of a container does, R notices or dies of
  const limited = join(lab.dir, 'limited');
  writeFileSync(limited, `#!/bin/sh\nulimit -v 1500000\nexec "$@"\n`, { mode: 0o755 });
  for (const pod of ['w1', 'w2']) {
    const env = { ...lab.environment(pod) };
    lab.run(limited, [join(import.meta.dirname, '../../worker-image/bin/run-worker')], env);
  }
  await lab.workersReady(2);
  const session = lab.session(`
    r <- foreach(i = 1:8, .errorhandling = "pass") %dopar% {
      if (i == 3) { dyn.load("${library}"); .Call("crash") }
      if (i == 5) tools::pskill(Sys.getpid(), 11)
      if (i == 6) length(numeric(3e8))
      i
    }
    stopifnot(identical(r[c(1, 2, 4, 7, 8)], as.list(c(1L, 2L, 4L, 7L, 8L))))
    for (i in c(3, 5, 6)) cat(i, conditionMessage(r[[i]]), "\\n")`);
  await succeeded(session);
  const said = session.lines.join('\n');
  assert.match(said, /^3 iteration 3 was given up: it ended its R process 3 times \(segmentation fault\)/m);
  assert.match(said, /^5 iteration 5 was given up: it ended its R process 3 times \(segmentation fault\)/m);
  assert.match(said, /^6 cannot allocate vector of size 2.2 Gb/m);
  const entries = await lab.redis.xrange(redisKeys.errors, '-', '+');
  const reports = entries.map(([, fields]) => JSON.parse(fields[1]!) as { iteration: number; message: string });
  assert.deepEqual(reports.map((report) => report.iteration).sort(), [3, 5, 6]);
});

test('preemption is not a try: a machine that goes again and again leaves the count alone', onlySlow, async () => {
  const session = lab.session(`
    r <- foreach(i = 1:1, .combine = c) %dopar% { ${note()}; if (length(readLines("${trace}")) < 5) Sys.sleep(600); i }
    stopifnot(identical(r, 1L))`);
  for (let round = 1; round <= 4; round++) {
    const worker = lab.worker(`w${round}`, undefined, { FF_GRACE_SECONDS: '4' });
    await waitFor(`start ${round}`, () => notes().length >= round);
    worker.process.kill('SIGTERM');
    await succeeded(worker);
  }
  lab.worker('w5');
  await succeeded(session);
  assert.deepEqual([notes().length, await lab.redis.hlen(redisKeys.tries)], [5, 0]);
});
