// Drivers that die, and attempts that follow attempts: only what is missing runs, and the value is the same to the bit.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { redisKeys } from '../../functions/adapters/redis-keys.ts';
import { events, killR, type Lab } from '../../testing/lab.ts';
import { labForEach } from '../../testing/lab-hooks.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { succeeded } from '../../testing/succeeded.ts';

let lab: Lab;
labForEach((made) => (lab = made));

const script = (trace: string, seconds: number, factor = 2): string => `
library(foreach)
ran <- function(loop, i) cat(loop, i, "\\n", file = "${trace}", append = TRUE)
start <- runif(1)
a <- foreach(i = 1:10, .combine = c) %dopar% { ran(1, i); Sys.sleep(${seconds}); rnorm(1) + start }
b <- foreach(i = 1:10, x = a) %dopar% { ran(2, i); Sys.sleep(${seconds}); list(x * ${factor}, runif(2)) }
saveRDS(list(a, b, runif(1)), "result.rds")
`;

function runs(path: string): string[] {
  return existsSync(path)
    ? readFileSync(path, 'utf8')
        .trim()
        .split('\n')
        .map((line) => line.trim())
    : [];
}

const resultPath = 'results/lab/attempt-1/result.rds';

/** What the control plane does: values become files, entries become lines of the ledger. Returns the ledger's URL. */
async function backUp(some: (loop: number, iteration: number) => boolean): Promise<string> {
  const lines: string[] = [];
  for (const [, list] of await lab.redis.xrange(redisKeys.outbox, '-', '+')) {
    const entry: Record<string, string | null> = {};
    for (let k = 0; k < list.length; k += 2) entry[list[k]!] = list[k + 1]!;
    const value = await lab.redis.hgetBuffer(redisKeys.value(entry['loop']!, entry['iteration']!), 'v');
    if (!value || !some(Number(entry['loop']), Number(entry['iteration']))) continue;
    const name = `values/${entry['loop']}-${entry['iteration']}.rds`;
    lab.server.put(name, value);
    lines.push(JSON.stringify({ ...entry, url: lab.server.url(name), part: null }));
  }
  lab.server.put('ledger.jsonl', lines.join('\n') + '\n');
  return lab.server.url('ledger.jsonl');
}

test('a driver that is killed twice goes on where it was, with the values of a run that nobody disturbed', async () => {
  const trace = join(lab.dir, 'trace');
  const inputs = lab.prepare({ script: script(trace, 0.4), seed: 7 });
  lab.worker('w1', inputs);
  lab.worker('w2', inputs);
  const driver = lab.driver(inputs);
  await waitFor('some of loop 1 done', () => runs(trace).length >= 5);
  killR(driver);
  await waitFor('some of loop 2 done', () => runs(trace).filter((run) => run.startsWith('2')).length >= 5);
  killR(driver);
  await succeeded(driver);
  assert.equal(new Set(runs(trace)).size, 20);
  assert.equal(runs(trace).length, 20, 'nothing ran twice');
  const disturbed = lab.server.read(resultPath);

  await lab.redis.del(await lab.redis.keys('*'));
  const calm = join(lab.dir, 'calm');
  const second = lab.prepare({ script: script(trace, 0).replaceAll(trace, calm), seed: 7 });
  const other = lab.driver(second, { FF_WORK: join(lab.dir, 'driver2') });
  await succeeded(other);
  writeFileSync(join(lab.dir, 'a.rds'), disturbed);
  writeFileSync(join(lab.dir, 'b.rds'), lab.server.read(resultPath));
  execFileSync('Rscript', ['--vanilla', '-e', 'stopifnot(identical(readRDS("a.rds"), readRDS("b.rds")))'], {
    cwd: lab.dir,
  });
});

test('a driver that is killed while all that is missing is under way waits for it', async () => {
  const trace = join(lab.dir, 'trace');
  const text = `library(foreach)
r <- foreach(i = 1:2, .combine = c) %dopar% {
  cat(i, "\\n", file = "${trace}", append = TRUE)
  while (!file.exists("${trace}.go")) Sys.sleep(0.1)
  i
}
stopifnot(identical(r, 1:2))`;
  const inputs = lab.prepare({ script: text });
  lab.worker('w1', inputs);
  lab.worker('w2', inputs);
  const driver = lab.driver(inputs);
  await waitFor('both are under way', () => runs(trace).length >= 2);
  killR(driver);
  await waitFor(
    'the second driver is at the loop',
    () => driver.lines.filter((line) => line.includes('"loop-started"')).length >= 2,
  );
  writeFileSync(`${trace}.go`, '');
  await succeeded(driver);
  assert.equal(runs(trace).length, 2, 'nothing ran twice');
});

test('a new attempt runs what the ledger lacks, draws the same random numbers, and says why it runs', async () => {
  const trace = join(lab.dir, 'trace');
  const first = lab.prepare({ script: script(trace, 0) });
  lab.worker('w1', first);
  const driver = lab.driver(first);
  await succeeded(driver);
  const full = lab.server.read(resultPath);
  const ledger = await backUp((loop, iteration) => loop === 1 || iteration % 2 === 0);

  const attempt = async (number: number, text: string): Promise<ReturnType<Lab['driver']>> => {
    await lab.redis.del(
      ...(await lab.redis.keys('*')).filter(
        (key) => !key.includes('workers') && !key.includes('.live') && !key.includes('.count'),
      ),
    );
    writeFileSync(trace, '');
    const inputs = lab.prepare({ script: text, attempt: number, ledger });
    const running = lab.driver(inputs, { FF_WORK: join(lab.dir, `driver-${number}`), FF_ATTEMPT: String(number) });
    await succeeded(running);
    return running;
  };

  const second = await attempt(2, script(trace, 0));
  assert.deepEqual(runs(trace).sort(), ['2 1', '2 3', '2 5', '2 7', '2 9']);
  writeFileSync(join(lab.dir, 'a.rds'), full);
  writeFileSync(join(lab.dir, 'b.rds'), lab.server.read(resultPath));
  execFileSync('Rscript', ['--vanilla', '-e', 'stopifnot(identical(readRDS("a.rds"), readRDS("b.rds")))'], {
    cwd: lab.dir,
  });
  const ended = events(second).filter((e) => e['event'] === 'loop-ended');
  assert.deepEqual(
    ended.map((e) => e['reused']),
    [10, 5],
  );
  assert.equal(await lab.redis.hget(redisKeys.loop(2), 'reused'), '5');
  assert.equal((await lab.redis.xrange(redisKeys.outbox, '-', '+')).length, 5);

  const third = await attempt(3, script(trace, 0, 3));
  assert.equal(runs(trace).length, 10);
  assert.ok(
    third.lines.some((line) =>
      /loop 2, .* 0 of 10 iterations reused; not reused: not finished before: 5; changed: code: 5/.test(line),
    ),
    third.lines.join('\n'),
  );
  assert.match(String(await lab.redis.hget(redisKeys.loop(2), 'reuse')), /^0 of 10 iterations reused; not reused: /);
});

test('files of several values are read by part, and a damaged one is run again', async () => {
  const trace = join(lab.dir, 'trace');
  const text = `library(foreach)
r <- foreach(i = 1:4, .combine = c) %dopar% { cat(i, "\\n", file = "${trace}", append = TRUE); i * 10 }
stopifnot(identical(r, 1:4 * 10))`;
  const first = lab.prepare({ script: text });
  lab.worker('w1', first);
  const driver = lab.driver(first);
  await succeeded(driver);
  const entries = (await lab.redis.xrange(redisKeys.outbox, '-', '+')).map(([, list]) => {
    const entry: Record<string, string> = {};
    for (let k = 0; k < list.length; k += 2) entry[list[k]!] = list[k + 1]!;
    return entry;
  });
  const r =
    'v <- lapply(1:3 * 10, function(x) serialize(x, NULL)); names(v) <- c("p1", "p2", "p3"); ' +
    `v$p3 <- serialize(31, NULL); saveRDS(v, "${join(lab.dir, 'pack.rds')}")`;
  execFileSync('Rscript', ['--vanilla', '-e', r]);
  lab.server.put('pack.rds', readFileSync(join(lab.dir, 'pack.rds')));
  const lines = entries.slice(0, 3).map((entry) => ({
    ...entry,
    sha256: entry['iteration'] === '3' ? entry['sha256'] : undefined,
    url: lab.server.url('pack.rds'),
    part: `p${entry['iteration']}`,
  }));
  lab.server.put('ledger.jsonl', lines.map((line) => JSON.stringify(line)).join('\n') + '\n');
  await lab.redis.del(...(await lab.redis.keys('*')).filter((key) => !key.includes('workers')));
  writeFileSync(trace, '');
  const second = lab.driver(lab.prepare({ script: text, attempt: 2, ledger: lab.server.url('ledger.jsonl') }), {
    FF_WORK: join(lab.dir, 'driver-2'),
    FF_ATTEMPT: '2',
  });
  await succeeded(second);
  assert.deepEqual(runs(trace).sort(), ['3', '4']);
  assert.ok(second.lines.some((line) => line.includes('its SHA-256 differs')));
});

test('a driver that lost its disk runs nothing that the ledger has, nor does a task that comes back', async () => {
  const trace = join(lab.dir, 'trace');
  const text = `library(foreach)
r <- foreach(i = 1:6, .combine = c) %dopar% {
  cat(i, "\\n", file = "${trace}", append = TRUE)
  if (i == 5) while (!file.exists("${trace}.go")) Sys.sleep(0.1) else Sys.sleep(0.15)
  i
}
stopifnot(identical(r, 1:6))`;
  const inputs = lab.prepare({ script: text, tasks: { size: 6 } });
  const worker = lab.worker('w1', inputs);
  const first = lab.driver(inputs);
  await waitFor('the fifth is under way', () => runs(trace).length >= 5);
  await waitFor('four are fetched', async () => Number(await lab.redis.hget(redisKeys.loop(1), 'done')) >= 4);
  process.kill(-first.process.pid!, 'SIGKILL');
  const ledger = await backUp(() => true);
  // what is in the bucket and was fetched is gone from Redis
  for (const i of [1, 2, 3, 4]) await lab.redis.del(redisKeys.value(1, i));
  const second = lab.driver(inputs, { FF_WORK: join(lab.dir, 'driver-2') });
  await lab.answerLedger(ledger);
  await waitFor('it is at the loop', () => second.lines.some((line) => line.includes('"loop-started"')));
  killR(worker, 'runFleetWorker');
  await waitFor('the fifth has begun again', () => runs(trace).filter((run) => run === '5').length >= 2);
  writeFileSync(`${trace}.go`, '');
  await succeeded(second);
  assert.deepEqual(runs(trace).sort(), ['1', '2', '3', '4', '5', '5', '6']);
});

test('a driver that lost its disk and is killed once more still knows what only the ledger has', async () => {
  const trace = join(lab.dir, 'trace');
  const text = `library(foreach)
ran <- function(loop, i) cat(loop, i, "\\n", file = "${trace}", append = TRUE)
a <- foreach(i = 1:2, .combine = c) %dopar% { ran(1, i); i }
while (!file.exists("${trace}.between")) Sys.sleep(0.1)
b <- foreach(i = 1:3, .combine = c) %dopar% {
  ran(2, i); while (i == 3 && !file.exists("${trace}.go")) Sys.sleep(0.1)
  i
}
stopifnot(identical(a, 1:2), identical(b, 1:3))`;
  const inputs = lab.prepare({ script: text, tasks: { size: 1 } });
  lab.worker('w1', inputs);
  writeFileSync(`${trace}.between`, '');
  const first = lab.driver(inputs);
  await waitFor('the last is under way', () => runs(trace).length >= 5);
  await waitFor('the others are fetched', async () => Number(await lab.redis.hget(redisKeys.loop(2), 'done')) >= 2);
  process.kill(-first.process.pid!, 'SIGKILL');
  const ledger = await backUp(() => true);
  await lab.redis.del(redisKeys.value(1, 1), redisKeys.value(1, 2), redisKeys.value(2, 1), redisKeys.value(2, 2));
  rmSync(`${trace}.between`);
  const second = lab.driver(inputs, { FF_WORK: join(lab.dir, 'driver-2') });
  await lab.answerLedger(ledger);
  await waitFor('it is behind the first loop', () => second.lines.some((line) => line.includes('"loop-ended"')));
  killR(second);
  writeFileSync(`${trace}.between`, '');
  await waitFor(
    'it is at the second loop',
    () => second.lines.filter((line) => line.includes('"loop-started","loop":2')).length >= 1,
  );
  writeFileSync(`${trace}.go`, '');
  await succeeded(second);
  assert.equal(runs(trace).length, 5, runs(trace).join('; '));
});
