// An iteration for which memory ran out is tried again on a worker with more of it. Nothing really uses up memory here:
// the file that the kernel would write says so.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { redisKeys } from '../../functions/adapters/redis-keys.ts';
import type { Lab } from '../../testing/lab.ts';
import { labForEach } from '../../testing/lab-hooks.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { succeeded } from '../../testing/succeeded.ts';

let lab: Lab;
labForEach((made) => (lab = made));

/** The environment of a worker for which memory runs out when its iteration says so. */
function memoryOf(pod: string, mebibytes: number): Record<string, string> {
  const folder = join(lab.dir, `${pod}-memory`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'memory.events'), 'oom_kill 0\n');
  writeFileSync(join(folder, 'memory.max'), `${mebibytes * 1024 ** 2}\n`);
  return { FF_CGROUP: folder };
}

/** `need`: by iteration, the memory that is wanted. */
const script = (need: string): string => `
  library(foreach)
  r <- foreach(i = 1:6, need = ${need}, .errorhandling = "pass") %dopar% {
    group <- Sys.getenv("FF_CGROUP")
    if (need * 2^20 > as.numeric(readLines(file.path(group, "memory.max")))) {
      kills <- as.numeric(sub("oom_kill ", "", readLines(file.path(group, "memory.events"))))
      writeLines(paste("oom_kill", kills + 1), file.path(group, "memory.events"))
      tools::pskill(Sys.getpid(), 9)
    }
    Sys.getenv("FF_POD")
  }
  writeLines(vapply(r, function(x) if (inherits(x, "error")) conditionMessage(x) else x, ""), "r.txt")`;

async function run(need: string, tasks: { moreMemory?: boolean; tries?: number; size?: number }): Promise<string[]> {
  const inputs = lab.prepare({ script: script(need), tasks });
  lab.worker('w1', inputs, memoryOf('w1', 512));
  const driver = lab.driver(inputs);
  if (tasks.moreMemory === true) {
    await waitFor('something needs more memory', async () => (await lab.redis.llen(redisKeys.queueLarge)) > 0);
    lab.worker('large', inputs, { ...memoryOf('large', 4096), FF_LARGE: 'yes' });
  }
  await succeeded(driver);
  return String(lab.server.read('results/lab/attempt-1/r.txt')).trim().split('\n');
}

test('it is tried there once, the others of its task stay where they are', async () => {
  const answers = await run('c(1, 1000, 1, 9000, 1, 1)', { moreMemory: true, tries: 1, size: 6 });
  const lost = 'iteration 4 was given up: it ran out of memory 2 times (limit 4096Mi; machines.types in job.yaml)';
  assert.deepEqual(answers, ['w1', 'large', 'w1', lost, 'w1', 'w1']);
  assert.equal(await lab.redis.exists(redisKeys.queueLarge), 0);
});

test('with moreMemory: false it is tried again where it was', async () => {
  const answers = await run('c(1, 1000, 1, 1, 1, 1)', { moreMemory: false, tries: 2 });
  const lost = 'iteration 2 was given up: it ran out of memory 2 times (limit 512Mi; worker.memory in job.yaml)';
  assert.deepEqual(answers, ['w1', lost, 'w1', 'w1', 'w1', 'w1']);
});
