// The backend without any cloud, as the guide shows it: a redis-server that asks for
// no password, and workers of this machine.
import { afterEach, beforeEach, test } from 'node:test';
import { startRedis, type RunningRedis } from '../../testing/redis-server.ts';
import { freePort } from '../../testing/free-ports.ts';
import { Lab, rLibrary } from '../../testing/lab.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { succeeded } from '../../testing/succeeded.ts';

let lab: Lab;
let redis: RunningRedis;
beforeEach(async () => {
  lab = await Lab.start();
  redis = await startRedis({ password: '' });
});
afterEach(async () => {
  await lab.stop();
  await redis.stop();
});

test('startFleetWorkers() works without a password', async () => {
  const address = `localhost:${redis.port}`;
  const code = `library(foreach); library(foreachfleet)
    startFleetWorkers(2, redis = "${address}")
    registerForeachFleet("${address}")
    r <- foreach(i = 1:4, .combine = c) %dopar% i
    stopifnot(identical(r, 1:4))
    stopFleetWorkers()`;
  const session = lab.run('Rscript', ['--vanilla', '-e', code], { R_LIBS: rLibrary, TMPDIR: lab.dir });
  await succeeded(session);
});

test('workers end with their session also when there is no Redis', async () => {
  const redis = `localhost:${await freePort()}`;
  const code = `library(foreachfleet); cat("pid", startFleetWorkers(1, redis = "${redis}"), "\\n")`;
  const session = lab.run('Rscript', ['--vanilla', '-e', code], { R_LIBS: rLibrary, TMPDIR: lab.dir });
  await succeeded(session);
  const pid = Number(/pid (\d+)/.exec(session.lines.join('\n'))![1]);
  try {
    await waitFor('the worker has ended', () => !isAlive(pid));
  } finally {
    if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  }
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
