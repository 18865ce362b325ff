// Results that Redis had and lost, and results that many iterations share a file for: what the bucket
// has in the end, and how often it is asked.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { redisKeys } from '../../functions/adapters/redis-keys.ts';
import { LabControlPlane } from '../../testing/lab-control-plane.ts';
import { events, killR, type Lab } from '../../testing/lab.ts';
import { labForEach } from '../../testing/lab-hooks.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { succeeded } from '../../testing/succeeded.ts';

let lab: Lab;
labForEach((made) => (lab = made));

test('a resume fetches each file once, however many results share it', async () => {
  const plane = new LabControlPlane(lab).begin();
  try {
    const double = `library(foreach)
r <- foreach(i = 1:3000, .combine = c) %dopar% (i * 2)
stopifnot(identical(r, 2 * (1:3000)))`;
    const inputs = lab.prepare({ script: double, seed: 1 });
    lab.worker('w1', inputs);
    const first = lab.driver(inputs);
    await succeeded(first);
    await waitFor('all is backed up', async () => (await lab.redis.xlen(redisKeys.outbox)) === 0);
    const files = [...new Set(plane.ledger().map((line) => `results/${line.object}`))];
    assert.ok(files.length < 100, `${files.length} files`);
    const ledger = plane.resumeLedger();
    await lab.redis.del(await lab.redis.keys('*'));
    const again = lab.prepare({ script: double, seed: 1, attempt: 2, ledger });
    lab.server.served.length = 0;
    const second = lab.driver(again, { FF_WORK: join(lab.dir, 'second') });
    await succeeded(second);
    assert.ok(second.lines.some((line) => line.includes('3000 of 3000 iterations reused')));
    const fetched = lab.server.served.filter((name) => files.includes(name));
    assert.deepEqual(fetched.toSorted(), files.toSorted());
  } finally {
    await plane.end();
  }
});

/** As after a Redis that was killed and lost its last second: it knows nothing of this result. */
async function loseInRedis(iteration: number): Promise<void> {
  await lab.redis.setbit(redisKeys.done(1), iteration, 0);
  await lab.redis.del(redisKeys.value(1, iteration));
  for (const [id, fields] of await lab.redis.xrange(redisKeys.outbox, '-', '+'))
    if (fields[fields.indexOf('iteration') + 1] === String(iteration)) await lab.redis.xdel(redisKeys.outbox, id);
}

const inOutbox = async (): Promise<number[]> =>
  (await lab.redis.xrange(redisKeys.outbox, '-', '+'))
    .map(([, fields]) => Number(fields[fields.indexOf('iteration') + 1]))
    .toSorted((a, b) => a - b);

const driverHas = async (iterations: number[]): Promise<boolean> => {
  const marks = await Promise.all(iterations.map((i) => lab.redis.hmget(redisKeys.value(1, i), 'v', 'd')));
  return marks.every(([value, mark]) => value !== null && mark === null);
};

test('what Redis lost and only the disk of a driver has that was killed is saved all the same', async () => {
  const go = join(lab.dir, 'go');
  const waits = `library(foreach)
r <- foreach(i = 1:4, .combine = c) %dopar% { while (i == 4 && !file.exists("${go}")) Sys.sleep(0.1); i }
stopifnot(identical(r, 1:4))`;
  const inputs = lab.prepare({ script: waits, seed: 1 });
  lab.worker('w1', inputs);
  lab.worker('w2', inputs);
  const driver = lab.driver(inputs);
  await waitFor('three results are on the disk of the driver', () => driverHas([1, 2, 3]));
  await loseInRedis(2);
  killR(driver);
  await waitFor('it begins again', () => events(driver).filter((e) => e['event'] === 'loop-started').length >= 2);
  writeFileSync(go, '');
  await succeeded(driver);
  assert.deepEqual(await inOutbox(), [1, 2, 3, 4]);
});

test('what Redis lost after the end of the last loop is saved before the job ends', async () => {
  const go = join(lab.dir, 'go');
  const waits = `library(foreach)
r <- foreach(i = 1:4, .combine = c) %dopar% i
while (!file.exists("${go}")) Sys.sleep(0.1)
stopifnot(identical(r, 1:4))`;
  const inputs = lab.prepare({ script: waits, seed: 1 });
  lab.worker('w1', inputs);
  const driver = lab.driver(inputs);
  await waitFor('the loop has ended', () => events(driver).some((e) => e['event'] === 'loop-ended'));
  await loseInRedis(2);
  lab.cutConnections();
  writeFileSync(go, '');
  await succeeded(driver);
  assert.deepEqual(await inOutbox(), [1, 2, 3, 4]);
});

test('what Redis lost of a loop that had just ended is saved, too, when it is missed during the next one', async () => {
  const go = join(lab.dir, 'go');
  const waits = `library(foreach)
r <- foreach(i = 1:4, .combine = c) %dopar% i
s <- foreach(i = 5:8, .combine = c) %dopar% { while (!file.exists("${go}")) Sys.sleep(0.1); i }
stopifnot(identical(c(r, s), 1:8))`;
  const inputs = lab.prepare({ script: waits, seed: 1 });
  lab.worker('w1', inputs);
  const driver = lab.driver(inputs);
  await waitFor('the second loop runs', () => events(driver).filter((e) => e['event'] === 'loop-started').length >= 2);
  await loseInRedis(2);
  lab.cutConnections();
  writeFileSync(go, '');
  await succeeded(driver);
  assert.deepEqual(await inOutbox(), [1, 1, 2, 2, 3, 3, 4, 4]);
});

test('a Redis that was replaced knows all loops again, and the bucket gets each result once', async () => {
  const plane = new LabControlPlane(lab).begin();
  const go = join(lab.dir, 'go');
  const script = `library(foreach)
r <- foreach(i = 1:20, .combine = c) %dopar% i
held <- function(i) while (i > 3 && !file.exists("${go}")) Sys.sleep(0.1)
s <- foreach(i = 1:6, .combine = c) %dopar% { held(i); i }
stopifnot(identical(r, 1:20), identical(s, 1:6))`;
  try {
    const inputs = lab.prepare({ script, tasks: { size: 1 } });
    lab.worker('w1', inputs);
    lab.worker('w2', inputs);
    const driver = lab.driver(inputs);
    await waitFor('half of the second loop is saved', () => plane.ledger().length >= 23);
    await waitFor('the driver says so', async () => Number(await lab.redis.hget(redisKeys.loop(2), 'done')) >= 3);
    const told = async (): Promise<unknown[]> => {
      const [driver, first] = [await lab.redis.hgetall(redisKeys.driver), await lab.redis.hgetall(redisKeys.loop(1))];
      delete driver['beatAt'];
      return [driver, first, await lab.redis.lrange(redisKeys.loops, 0, -1), await lab.redis.get(redisKeys.seed)];
    };
    const before = await told();
    await lab.redis.del(await lab.redis.keys('*'));
    await waitFor('the driver has noticed', async () => (await lab.redis.exists(redisKeys.session)) === 1);
    assert.deepEqual(await told(), before);
    await waitFor('what waits is known', async () => (await lab.redis.hget(redisKeys.waiting, '2')) === '1');
    writeFileSync(go, '');
    await succeeded(driver);
    await waitFor('all is backed up', async () => (await lab.redis.xlen(redisKeys.outbox)) === 0);
    const saved = plane.ledger().map((line) => `${line.loop}:${line.iteration}`);
    assert.equal(new Set(saved).size, 26);
    assert.equal(saved.length, 26, 'nothing is saved twice');
  } finally {
    await plane.end();
  }
});

test('a request for addresses that Redis lost is made again: for the ledger, and for a large result', async () => {
  const script = `library(foreach)
r <- foreach(i = 1:2) %dopar% { x <- seq(i, by = 0.5, length.out = 750000); attr(x, "i") <- i; x }
stopifnot(identical(vapply(r, attr, 1L, "i"), 1:2))`;
  const inputs = lab.prepare({ script, seed: 1 });
  await lab.redis.rpush(redisKeys.loops, '1');
  const driver = lab.driver(inputs);
  const isAsked = async (name: string): Promise<boolean> => (await lab.redis.hexists(redisKeys.need, name)) === 1;
  await waitFor('the ledger is asked for', () => isAsked('ledger'));
  await lab.redis.del(redisKeys.need);
  await lab.answerLedger(null);
  lab.worker('w1', inputs);
  await waitFor('two results are asked for', async () => (await lab.redis.hlen(redisKeys.need)) === 2);
  await lab.redis.del(redisKeys.need);
  const plane = new LabControlPlane(lab).begin();
  try {
    await succeeded(driver);
  } finally {
    await plane.end();
  }
});
