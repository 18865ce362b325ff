// What a worker has taken is its own, also in the moment before it has said so: nobody else begins it.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { redisKeys } from '../../functions/adapters/redis-keys.ts';
import { killR, Lab, said } from '../../testing/lab.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { startCutProxy, type CutProxy } from './cut-proxy.ts';
import { succeeded } from '../../testing/succeeded.ts';

let lab: Lab;
let proxy: CutProxy | undefined;
beforeEach(async () => {
  lab = await Lab.start();
});
afterEach(async () => {
  await proxy?.stop();
  proxy = undefined;
  await lab.stop();
});

test('a driver that begins again leaves to a worker what it has taken and said nothing of', async () => {
  const trace = join(lab.dir, 'trace');
  const script = `library(foreach)
r <- foreach(i = 1:1) %dopar% {
  cat(i, "\\n", file = "${trace}", append = TRUE)
  while (!file.exists("${trace}.go")) Sys.sleep(0.1)
  i
}`;
  const inputs = lab.prepare({ script });
  proxy = await startCutProxy(lab.redisPort);
  lab.worker('w1', inputs, { FF_REDIS_PORT: String(proxy.port) });
  await lab.workersReady(1);
  proxy.holdNextTask();
  const driver = lab.driver(inputs);
  await waitFor('w1 does not know what Redis has given it', () => proxy!.holding());
  lab.worker('w2', inputs);
  await lab.workersReady(2);
  killR(driver);
  await said(driver, /"loop-started"/, 2);
  proxy.release();
  await waitFor('it is at work', () => existsSync(trace));
  writeFileSync(`${trace}.go`, '');
  await succeeded(driver);
  assert.equal(await lab.redis.hget(redisKeys.loop(1), 'tasks'), '0', 'the second driver has submitted nothing');
  assert.equal(readFileSync(trace, 'utf8'), '1 \n');
});
