// Hazards of bare doRedis, each shown there and shown to be gone here, on the same Redis. (A task that is delivered
// twice: engine.test.ts.) Those that bare doRedis needs half a minute for run in the slow tier.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { redisKeys } from '../../functions/adapters/redis-keys.ts';
import { type Lab, password, rLibrary, workerScript, type Running } from '../../testing/lab.ts';
import { labForEach } from '../../testing/lab-hooks.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { needs } from '../support/needs-program.ts';
import { onlySlow } from '../support/only-slow.ts';
import { succeeded } from '../../testing/succeeded.ts';
import { tracedLines } from '../support/traced-lines.ts';

let lab: Lab;
labForEach((made) => (lab = made));

const rscript = (code: string): string[] => ['--vanilla', '-e', code];

/** A session with doRedis' own backend. Its own reconnection needs REDIS_URL to know the password. */
function bareSession(code: string, options = '', knowsUrl = true): Running {
  const register = `library(doRedis)
registerDoRedis("bare", port = ${lab.redisPort}, password = "${password}"${options})\n`;
  return lab.run('Rscript', rscript(register + code), bareEnvironment(knowsUrl));
}

function bareEnvironment(knowsUrl = true): Record<string, string> {
  const url = { REDIS_URL: `redis://:${password}@127.0.0.1:${lab.redisPort}` };
  return { R_LIBS: rLibrary, TMPDIR: lab.dir, ...(knowsUrl ? url : {}) };
}

const bareWorkerCode = (): string =>
  `library(doRedis); redisWorker("bare", port = ${lab.redisPort}, password = "${password}", linger = 1)`;
const bareWorker = (): Running => lab.run('Rscript', rscript(bareWorkerCode()), bareEnvironment());

const tasksIn = (queue: string, count: number): Promise<true> =>
  waitFor(`${count} tasks in ${queue}`, async () => (await lab.redis.llen(queue)) >= count);

test('a task that vanishes with its worker ends bare doRedis in an error; here it runs again', async () => {
  const loop = 'r <- foreach(i = 1:15, .combine = c) %dopar% i; stopifnot(identical(r, 1:15)); cat("right\\n")';
  const bare = bareSession(loop, ', chunkSize = 5, ftinterval = 3');
  const ours = lab.session(loop, ', task_size = 5L');
  await tasksIn('bare', 3);
  await tasksIn(redisKeys.queue, 3);
  // what is left when a worker dies between taking a task and saying so
  await lab.redis.lpop('bare');
  await lab.redis.lpop(redisKeys.queue);
  bareWorker();
  lab.worker('w1');
  await succeeded(ours);
  assert.ok(ours.lines.includes('right'));
  assert.notEqual(await bare.exited, 0, `bare doRedis has changed: ${bare.lines.join('\n')}`);
});

test('two loops draw the same random numbers with bare doRedis; here they do not', async () => {
  const loops = `set.seed(1); a <- foreach(i = 1:3, .combine = c) %dopar% rnorm(1)
    b <- foreach(i = 1:3, .combine = c) %dopar% rnorm(1)
    cat(if (identical(a, b)) "equal" else if (any(a %in% b)) "mixed" else "different", "\\n")`;
  const bare = bareSession(loops);
  const ours = lab.session(loops);
  bareWorker();
  lab.worker('w1');
  await succeeded(bare);
  await succeeded(ours);
  assert.ok(bare.lines.includes('equal '), `bare doRedis has changed: ${bare.lines.join('\n')}`);
  assert.ok(ours.lines.includes('different '), ours.lines.join('\n'));
});

test('a cut connection with a password: bare doRedis fails for ever, here both sides connect again', async () => {
  const loop = 'r <- foreach(i = 1:6, .combine = c) %dopar% { Sys.sleep(0.5); i }; stopifnot(identical(r, 1:6))';
  lab.worker('w1');
  await lab.workersReady(1);
  const bare = bareSession(loop, '', false);
  const ours = lab.session(loop);
  await tasksIn('bare', 6);
  await waitFor('at work', async () => Number(await lab.redis.hget(redisKeys.loop(1), 'done')) >= 1);
  // the drivers wait for results now
  lab.cutConnections();
  await waitFor('the hot loop has begun', () => bare.lines.length > 500, 90);
  bare.process.kill('SIGKILL');
  await succeeded(ours);
  assert.ok(ours.lines.length < 20, `${ours.lines.length} lines`);
  await lab.workersReady(1);
});

test('a worker that freezes and thaws: bare doRedis gives a wrong value, here it is right', onlySlow, async () => {
  const trace = join(lab.dir, 'trace');
  const marks = (name: string, what: string): string[][] =>
    tracedLines(`${trace}-${name}`)
      .map((line) => line.split(' '))
      .filter((line) => line[0] === what);
  const loop = (name: string): string => `
    mark <- function(what, i) cat(what, i, Sys.getpid(), "\\n", file = "${trace}-${name}", append = TRUE)
    r <- foreach(i = 1:8, .combine = c) %dopar% {
      mark("start", i)
      Sys.sleep(1)
      if (i == 8) while (!file.exists("${trace}-${name}-go")) Sys.sleep(0.1)
      mark("end", i)
      i
    }
    cat("value", r, "\\n")`;
  // the last iteration runs on while the first is done twice: by the worker that
  // froze, and by the one that took its place
  const freezeAndThaw = async (name: string): Promise<void> => {
    await waitFor(`work on ${name}`, () => marks(name, 'start').length >= 1);
    const [, iteration, pid] = marks(name, 'start')[0]!;
    const times = (what: string): number => marks(name, what).filter((line) => line[1] === iteration).length;
    process.kill(Number(pid), 'SIGSTOP');
    await waitFor('another has begun it', () => times('start') === 2);
    process.kill(Number(pid), 'SIGCONT');
    await waitFor('both have ended it', () => times('end') === 2);
  };
  const bare = bareSession(loop('bare'), ', ftinterval = 3');
  for (let k = 0; k < 3; k++) bareWorker();
  await freezeAndThaw('bare');
  await bare.exited;
  assert.ok(bare.lines.includes('value 1 2 3 4 5 6 7 '), `bare doRedis has changed: ${bare.lines.join('\n')}`);

  // without supervisors, which would replace the frozen R
  const address = `redis://:${password}@127.0.0.1:${lab.redisPort}`;
  for (const pod of ['w1', 'w2', 'w3']) {
    lab.run('Rscript', rscript(`foreachfleet::fleetWorker("${address}", name = "${pod}")`), bareEnvironment());
  }
  await lab.workersReady(3);
  const ours = lab.session(loop('ours'));
  await freezeAndThaw('ours');
  writeFileSync(`${trace}-ours-go`, '');
  await succeeded(ours);
  assert.ok(ours.lines.includes('value 1 2 3 4 5 6 7 8 '), ours.lines.join('\n'));
});

test('a lost task of several iterations hangs bare doRedis for ever; here the loop ends', onlySlow, async () => {
  const loop = 'r <- foreach(i = 1:30, .combine = c) %dopar% i; stopifnot(identical(r, 1:30)); cat("right\\n")';
  const bare = bareSession(loop, ', chunkSize = 5, ftinterval = 3');
  const ours = lab.session(loop, ', task_size = 5L');
  await tasksIn('bare', 6);
  await tasksIn(redisKeys.queue, 4);
  await lab.redis.lrem('bare', 1, (await lab.redis.lindexBuffer('bare', 2))!);
  await lab.redis.lpop(redisKeys.queue);
  bareWorker();
  lab.worker('w1');
  await succeeded(ours);
  assert.ok(ours.lines.includes('right'));
  await waitFor('bare doRedis has nothing left to do', async () => (await lab.redis.llen('bare')) === 0);
  // it waits: three of its intervals pass and nothing moves
  const quietSince = Date.now();
  await waitFor('three intervals', () => Date.now() - quietSince > 12_000 || bare.process.exitCode !== null);
  assert.equal(bare.process.exitCode, null, `bare doRedis has changed: ${bare.lines.join('\n')}`);
});

test('a restart of Redis ends the workers of bare doRedis; ours go on', onlySlow, async () => {
  const loop =
    'r <- foreach(i = 1:8, .combine = c) %dopar% { Sys.sleep(1); i }; stopifnot(identical(r, 1:8)); cat("right\\n")';
  const bareWorkers = [bareWorker(), bareWorker()];
  const worker = lab.worker('w1');
  await lab.workersReady(1);
  bareSession(loop);
  const ours = lab.session(loop);
  await waitFor('ours is at work', async () => Number(await lab.redis.hget(redisKeys.loop(1), 'done')) >= 1);
  await waitFor('bare is at work', async () => (await lab.redis.keys('bare.start.*')).length > 0);
  const pid = async (): Promise<number> =>
    (JSON.parse((await lab.redis.hget(redisKeys.workers, 'w1'))!) as { pid: number }).pid;
  const before = await pid();
  await lab.killRedis();
  await waitFor('the bare workers are gone', () =>
    bareWorkers.every((running) => running.process.exitCode !== null || running.process.signalCode !== null),
  );
  await lab.startRedis();
  await succeeded(ours);
  assert.ok(ours.lines.includes('right'));
  assert.deepEqual([worker.process.exitCode, await pid()], [null, before]);
});

test('a task that ends its R process is tried for ever by bare doRedis; here it is set aside', onlySlow, async () => {
  const trace = join(lab.dir, 'trace');
  const loop = `r <- foreach(i = 1:3, .errorhandling = "remove", .combine = c) %dopar% {
    if (i == 2) { cat("x\\n", file = "${trace}", append = TRUE); tools::pskill(Sys.getpid(), 9) }
    i
  }; stopifnot(identical(r, c(1L, 3L)))`;
  const tried = (): number => tracedLines(trace).length;
  lab.worker('w1');
  await lab.workersReady(1);
  const ours = lab.session(loop);
  await succeeded(ours);
  assert.equal(tried(), 3);
  const bare = bareSession(loop, ', ftinterval = 3');
  // somebody restarts the workers, as any cluster does
  let running = bareWorker();
  await waitFor(
    'more tries than any limit',
    () => {
      if (running.process.exitCode !== null || running.process.signalCode !== null) running = bareWorker();
      return tried() >= 3 + 5;
    },
    200,
  );
  assert.equal(bare.process.exitCode, null, `bare doRedis has changed: ${bare.lines.join('\n')}`);
});

test(
  'SIGTERM as first process of a container: bare doRedis ignores it, here the worker drains',
  { skip: needs('process namespaces') },
  async () => {
    const inNamespace = (command: string, args: string[], env: Record<string, string>): Running =>
      lab.run('unshare', ['-pf', '--mount-proc', command, ...args], env);
    const first = (running: Running): number =>
      Number(
        execFileSync('pgrep', ['-P', String(running.process.pid)])
          .toString()
          .trim()
          .split('\n')[0],
      );
    const loop = 'r <- foreach(i = 1:2, .combine = c) %dopar% i; stopifnot(identical(r, 1:2))';

    const bare = inNamespace('Rscript', rscript(bareWorkerCode()), bareEnvironment());
    assert.equal(await bareSession(loop).exited, 0, 'the bare worker works');
    process.kill(first(bare), 'SIGTERM');
    assert.equal(await bareSession(loop).exited, 0, 'the worker that was told to end still works');
    assert.equal(bare.process.exitCode, null, 'bare doRedis has changed');

    const ours = inNamespace(workerScript, [], lab.environment('w1'));
    await lab.workersReady(1);
    process.kill(first(ours), 'SIGTERM');
    await succeeded(ours);
    assert.equal(await lab.redis.hexists(redisKeys.workers, 'w1'), 0);
  },
);
