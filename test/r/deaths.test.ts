// Driver, workers, Redis and all of them die in turn, in a script with loops that depend on each other and loops in a
// function. The value is that of a calm run.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Lab, type Running } from '../../testing/lab.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { onlySlow } from '../support/only-slow.ts';
import { succeeded } from '../../testing/succeeded.ts';
import { tracedLines } from '../support/traced-lines.ts';

const resultPath = 'results/lab/attempt-1/result.rds';
const ITERATIONS = 8 + 5 * 4 + 5;

const script = (trace: string, seconds: number): string => `
library(foreach)
ran <- function(loop, i) { cat(loop, i, "\\n", file = "${trace}", append = TRUE); Sys.sleep(${seconds}) }
estimate <- function(k, mean) foreach(i = 1:4, .combine = c) %dopar% { ran(paste0("b", k), i); rnorm(1, mean) }
a <- foreach(i = 1:8, .combine = c) %dopar% { ran("a", i); rnorm(1) }
b <- sapply(1:5, function(k) estimate(k, a[k]))
c <- foreach(x = iterators::iter(b, by = "column"), i = iterators::icount(), .combine = rbind) %dopar% {
  ran("c", i); list(mean(x), runif(1))
}
saveRDS(list(a, b, c, runif(1)), "result.rds")
`;

function runs(path: string): string[] {
  return tracedLines(path);
}

function kill(running: Running): void {
  try {
    process.kill(-running.process.pid!, 'SIGKILL');
  } catch {
    // it had ended
  }
}

function killR(supervisor: Running, entry: string): void {
  const children = execFileSync('pgrep', ['-P', String(supervisor.process.pid), '-f', entry]).toString();
  process.kill(Number(children.trim().split('\n')[0]), 'SIGKILL');
}

async function calmResult(): Promise<Buffer> {
  const lab = await Lab.start();
  try {
    const inputs = lab.prepare({ script: script(join(lab.dir, 'trace'), 0), seed: 7 });
    lab.worker('w1', inputs);
    const driver = lab.driver(inputs);
    await succeeded(driver);
    return lab.server.read(resultPath);
  } finally {
    await lab.stop();
  }
}

async function disturbed(lab: Lab, lostDisk: boolean): Promise<Buffer> {
  const trace = join(lab.dir, 'trace');
  const inputs = lab.prepare({ script: script(trace, 0.7), seed: 7 });
  const reached = (count: number): Promise<true> =>
    waitFor(`${count} iterations begun`, () => runs(trace).length >= count);
  let workers = ['w1', 'w2'].map((pod) => lab.worker(pod, inputs));
  let driver = lab.driver(inputs);
  await reached(3);
  killR(workers[0]!, 'runFleetWorker');
  await reached(7);
  killR(driver, 'runFleetDriver');
  await reached(11);
  await lab.killRedis();
  await lab.startRedis();
  await reached(16);
  // everything at once
  for (const running of [driver, ...workers]) kill(running);
  await lab.killRedis();
  await Promise.all([driver, ...workers].map((running) => running.exited));
  await lab.startRedis();
  const work = { FF_WORK: join(lab.dir, lostDisk ? 'another-place' : 'driver') };
  workers = ['w3', 'w4'].map((pod) => lab.worker(pod, inputs));
  driver = lab.driver(inputs, work);
  if (lostDisk) {
    await lab.answerLedger(null);
  }
  await reached(24);
  for (const worker of workers) kill(worker);
  killR(driver, 'runFleetDriver');
  lab.worker('w5', inputs);
  await succeeded(driver);
  assert.equal(new Set(runs(trace)).size, ITERATIONS);
  // what was under way when its worker died runs again: at most five times two workers, and
  // what Redis had not yet written when it died
  assert.ok(runs(trace).length <= ITERATIONS + 12, `${runs(trace).length} starts for ${ITERATIONS} iterations`);
  return lab.server.read(resultPath);
}

for (const lostDisk of [false, true]) {
  const where = lostDisk ? 'in another place, without its disk' : 'where it was';
  test(
    `a driver that is started again ${where}, after everything died, gives the value of a calm run`,
    onlySlow,
    async (context) => {
      const lab = await Lab.start();
      try {
        writeFileSync(join(lab.dir, 'a.rds'), await disturbed(lab, lostDisk));
        writeFileSync(join(lab.dir, 'b.rds'), await calmResult());
        const code = 'stopifnot(identical(readRDS("a.rds"), readRDS("b.rds")))';
        execFileSync('Rscript', ['--vanilla', '-e', code], { cwd: lab.dir });
        context.diagnostic(`${runs(join(lab.dir, 'trace')).length} starts for ${ITERATIONS} iterations`);
      } finally {
        await lab.stop();
      }
    },
  );
}
