// A Redis whose machine vanishes: nothing answers, and no connection is closed. Who waits for it finds the next one.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { redisKeys } from '../../functions/adapters/redis-keys.ts';
import { Lab, password } from '../../testing/lab.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { startCutProxy, type CutProxy } from './cut-proxy.ts';
import { succeeded } from '../../testing/succeeded.ts';

let lab: Lab;
let proxy: CutProxy;
beforeEach(async () => {
  lab = await Lab.start();
  proxy = await startCutProxy(lab.redisPort);
});
afterEach(async () => {
  await lab.stop();
  await proxy.stop();
});

test('worker, supervisor and driver notice that Redis has vanished, and go on with the next one', async () => {
  const [begun, go] = [join(lab.dir, 'begun'), join(lab.dir, 'go')];
  for (const pod of ['w1', 'w2']) lab.worker(pod, undefined, { FF_REDIS_PORT: String(proxy.port) });
  await lab.workersReady(2);
  // one worker has a task when it happens, the other one waits for one; the second loop needs both
  const session = lab.session(
    `registerForeachFleet("redis://:${password}@127.0.0.1:${proxy.port}")
     r <- foreach(i = 1, .combine = c) %dopar% {
       file.create("${begun}")
       while (!file.exists("${go}")) Sys.sleep(0.1)
       i
     }
     both <- file.path("${lab.dir}", c("first", "second"))
     s <- foreach(i = 1:2, .combine = c) %dopar% {
       file.create(both[i])
       while (!all(file.exists(both))) Sys.sleep(0.1)
       i + 1
     }
     stopifnot(identical(r, 1), identical(s, c(2, 3)))`,
  );
  await waitFor('it has begun', () => existsSync(begun));
  proxy.vanish();
  // a supervisor that calls again has given up the call before; each has one that began while nothing had vanished
  await waitFor('the supervisors call again', () => proxy.inVain() > 4);
  proxy.appear();
  const beats = async (): Promise<string> => JSON.stringify(await lab.redis.hgetall(redisKeys.workers));
  const before = await beats();
  await waitFor('a supervisor reaches it again', async () => (await beats()) !== before);
  writeFileSync(go, '');
  await succeeded(session);
});
