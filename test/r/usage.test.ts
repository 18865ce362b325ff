// What each iteration has used is recorded with its result: CPU time as R itself tells it, and its own peak of memory.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redisKeys } from '../../functions/adapters/redis-keys.ts';
import { redisTaskQueues } from '../../functions/adapters/redis-task-queue.ts';
import { backedUp, type Lab, password } from '../../testing/lab.ts';
import { labForEach } from '../../testing/lab-hooks.ts';
import { succeeded } from '../../testing/succeeded.ts';

let lab: Lab;
labForEach((made) => (lab = made));

const LARGE_BYTES = 400 * 2 ** 20;

test('CPU seconds and peak memory are those of the iteration', async () => {
  lab.worker('w1');
  await lab.workersReady(1);
  const session = lab.session(`${backedUp}
    used <- function() sum(proc.time()[c(1, 2, 4, 5)])
    r <- foreach(i = 1:3, .combine = c) %dopar% {
      before <- used()
      if (i == 2) {
        large <- rep(1, ${LARGE_BYTES / 8})
        while (used() - before < 0.5) sum(large)
        system("k=0; while [ $k -lt 100000 ]; do k=$((k + 1)); done")
      }
      used() - before
    }
    cat("used", r, "\\n")`);
  await succeeded(session);
  const line = session.lines.find((text) => text.startsWith('used')) ?? '';
  const told = line.trim().split(' ').slice(1).map(Number);
  const queue = await redisTaskQueues.open({ host: '127.0.0.1', port: lab.redisPort, password });
  const { items } = await queue.outbox(10, 1e6);
  queue.close();
  assert.equal(items.length, 3, String(await lab.redis.xlen(redisKeys.outbox)));
  const [first, second, third] = items
    .map(({ entry }) => entry)
    .toSorted((a, b) => a.iteration - b.iteration)
    .map(({ cpuSeconds = -1, peakBytes = -1, peakOf }) => ({ cpuSeconds, peakBytes, peakOf }));
  // R's own clock counts in milliseconds
  [first, second, third].forEach((entry, index) => {
    assert.ok(entry!.cpuSeconds >= (told[index] ?? Infinity) - 0.01, `${entry?.cpuSeconds} ${told[index]}`);
  });
  assert.ok(third!.cpuSeconds < second!.cpuSeconds);
  assert.ok(second!.peakBytes > LARGE_BYTES && first!.peakBytes > 2 ** 20);
  // where the kernel does not let it begin anew, the peak stays, and is marked
  if (third!.peakOf === 'process') assert.ok(third!.peakBytes >= second!.peakBytes);
  else assert.ok(second!.peakBytes - first!.peakBytes > LARGE_BYTES / 2);
});
