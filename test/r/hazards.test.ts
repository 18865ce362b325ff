// Hazards of bare doRedis, each shown there and shown to be gone here, on the same Redis. (A task that is delivered twice: engine.test.ts.)
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { afterEach, beforeEach, test } from 'node:test';
import { Lab, password, rLibrary, until, workerScript, type Running } from './lab.ts';

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.start();
});
afterEach(() => lab.stop());

const rscript = (code: string): string[] => ['--vanilla', '-e', code];

/** A session with doRedis' own backend. Its own reconnection needs REDIS_URL to know the password. */
function bareSession(code: string, options = '', knowsUrl = true): Running {
  const register = `library(doRedis); registerDoRedis("bare", port = ${lab.redisPort}, password = "${password}"${options})\n`;
  return lab.run('Rscript', rscript(register + code), bareEnvironment(knowsUrl));
}

function bareEnvironment(knowsUrl = true): Record<string, string> {
  const url = { REDIS_URL: `redis://:${password}@127.0.0.1:${lab.redisPort}` };
  return { R_LIBS: rLibrary, TMPDIR: lab.dir, ...(knowsUrl ? url : {}) };
}

const bareWorkerCode = (): string =>
  `library(doRedis); redisWorker("bare", port = ${lab.redisPort}, password = "${password}", linger = 1)`;
const bareWorker = (): Running => lab.run('Rscript', rscript(bareWorkerCode()), bareEnvironment());

const tasksIn = async (queue: string, count: number): Promise<void> =>
  until(`${count} tasks in ${queue}`, async () => (await lab.redis.llen(queue)) >= count);

test('a task of several iterations that vanishes with its worker ends bare doRedis in an error; here it runs again', async () => {
  const loop = 'r <- foreach(i = 1:15, .combine = c) %dopar% i; stopifnot(identical(r, 1:15)); cat("right\\n")';
  const bare = bareSession(loop, ', chunkSize = 5, ftinterval = 3');
  const ours = lab.session(loop, ', task_size = 5L');
  await tasksIn('bare', 3);
  await tasksIn('ff:queue', 3);
  // what is left when a worker dies between taking a task and saying so
  await lab.redis.lpop('bare');
  await lab.redis.lpop('ff:queue');
  bareWorker();
  lab.worker('w1');
  assert.equal(await ours.exited, 0, ours.lines.join('\n'));
  assert.ok(ours.lines.includes('right'));
  assert.notEqual(await bare.exited, 0, `bare doRedis has changed: ${bare.lines.join('\n')}`);
});

test('two loops draw the same random numbers with bare doRedis; here they do not', async () => {
  const loops = `set.seed(1); a <- foreach(i = 1:3, .combine = c) %dopar% rnorm(1); b <- foreach(i = 1:3, .combine = c) %dopar% rnorm(1)
    cat(if (identical(a, b)) "equal" else if (any(a %in% b)) "mixed" else "different", "\\n")`;
  const bare = bareSession(loops);
  const ours = lab.session(loops);
  bareWorker();
  lab.worker('w1');
  assert.equal(await bare.exited, 0, bare.lines.join('\n'));
  assert.equal(await ours.exited, 0, ours.lines.join('\n'));
  assert.ok(bare.lines.includes('equal '), `bare doRedis has changed: ${bare.lines.join('\n')}`);
  assert.ok(ours.lines.includes('different '), ours.lines.join('\n'));
});

test('a cut connection and a password: bare doRedis repeats an error for ever; here driver and worker connect again', async () => {
  const loop = 'r <- foreach(i = 1:6, .combine = c) %dopar% { Sys.sleep(0.5); i }; stopifnot(identical(r, 1:6))';
  lab.worker('w1');
  await lab.workersReady(1);
  const bare = bareSession(loop, '', false);
  const ours = lab.session(loop);
  await tasksIn('bare', 6);
  await until('at work', async () => Number(await lab.redis.hget('ff:loop:1', 'done')) >= 1);
  // the drivers wait for results now
  lab.cutConnections();
  await until('the hot loop has begun', () => bare.lines.length > 500, 90);
  bare.process.kill('SIGKILL');
  assert.equal(await ours.exited, 0, ours.lines.join('\n'));
  assert.ok(ours.lines.length < 20, `${ours.lines.length} lines`);
  await lab.workersReady(1);
});

const canUnshare = spawnSync('unshare', ['-pf', '--mount-proc', 'true']).status === 0;

test(
  'SIGTERM as first process of a container: bare doRedis ignores it, here the worker drains',
  { skip: canUnshare ? false : 'process namespaces are not permitted here' },
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
    assert.equal(await ours.exited, 0, ours.lines.join('\n'));
    assert.equal(await lab.redis.hexists('ff:workers', 'w1'), 0);
  },
);
