// The backend against foreach's own sequential operator, and against bare doRedis where that goes wrong.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redisKeys } from '../../functions/adapters/redis-keys.ts';
import { type Lab, rLibrary } from '../../testing/lab.ts';
import { labForAll } from '../../testing/lab-hooks.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { probesAgree, rScript } from './probes.ts';
import { succeeded } from '../../testing/succeeded.ts';

let lab: Lab;
labForAll((made) => (lab = made), ['w1', 'w2']);

for (const probes of ['features.R', 'contract.R']) {
  test(`loops give what %do% gives: ${probes}`, async () => {
    await probesAgree(lab, probes);
  });
}

for (const numbers of ['random.R', 'kinds.R']) {
  test(`random numbers do not depend on workers, order or task size: ${numbers}`, async () => {
    const digest = async (options: string): Promise<string> => {
      const session = lab.session(`set.seed(1)\n${rScript(numbers)}`, options);
      await succeeded(session);
      return session.lines.find((line) => line.startsWith('digest')) ?? 'none';
    };
    const [first, second] = [await digest(''), await digest(', task_size = 3L')];
    assert.match(first, /^digest [0-9a-f]{32}/);
    assert.equal(first, second);
  });
}

test('streams of loops and iterations are apart by construction, and pass tests of independence', async () => {
  const session = lab.session(rScript('streams.R'));
  await succeeded(session);
  assert.ok(session.lines.includes('streams are independent'));
});

test('a task that is delivered twice is counted once; bare doRedis counts it twice', async () => {
  const loop = (extra: string): string => `
    r <- foreach(i = 1:8, .combine = c) %dopar% { Sys.sleep(if (i == 8) 1.5 else 0.2); i }
    cat("value", r, "\\n"); ${extra}`;
  const duplicate = async (queue: string): Promise<void> => {
    await waitFor(`items in ${queue}`, async () => (await lab.redis.llen(queue)) > 0);
    const item = await lab.redis.lindexBuffer(queue, 0);
    if (item) await lab.redis.lpush(queue, item);
  };
  const ours = lab.session(loop(''));
  await duplicate(redisKeys.queue);
  await succeeded(ours);
  assert.ok(ours.lines.includes('value 1 2 3 4 5 6 7 8 '), ours.lines.join('\n'));

  const url = { REDIS_URL: `redis://:lab-password@127.0.0.1:${lab.redisPort}`, R_LIBS: rLibrary };
  const connect = `library(doRedis); registerDoRedis("bare", port = ${lab.redisPort})\n`;
  const bare = lab.run('Rscript', ['--vanilla', '-e', connect + loop('removeQueue("bare")')], url);
  await duplicate('bare');
  lab.run(
    'Rscript',
    [
      '--vanilla',
      '-e',
      `library(doRedis); redisWorker("bare", port = ${lab.redisPort}, password = "lab-password", linger = 1)`,
    ],
    url,
  );
  await bare.exited;
  assert.ok(bare.lines.includes('value 1 2 3 4 5 6 7 '), `bare doRedis has changed: ${bare.lines.join('\n')}`);
});

test('iterations are grouped once their time is known, and doRedis still shows its jobs', async () => {
  const session = lab.session(`
    r <- foreach(i = 1:600, .combine = c) %dopar% { Sys.sleep(0.005); i }
    stopifnot(identical(r, 1:600))`);
  await waitFor(
    'a doRedis job is listed',
    async () => (await lab.redis.keys(redisKeys.queueEnvironment('*'))).length > 0,
  );
  await succeeded(session);
  const numbers = await lab.redis.hgetall(redisKeys.loop(1));
  assert.equal(numbers['done'], '600');
  const tasks = Number(await lab.redis.hget(redisKeys.loop(1), 'tasks'));
  assert.ok(tasks > 4 && tasks < 300, `${tasks} tasks`);
});
