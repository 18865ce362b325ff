// A whole job as the pods run it: files by URL, data once per worker, the script unchanged, output files back.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { redisKeys } from '../../functions/adapters/redis-keys.ts';
import { events, type Lab, rLibrary } from '../../testing/lab.ts';
import { labForAll } from '../../testing/lab-hooks.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { succeeded } from '../../testing/succeeded.ts';

let lab: Lab;
labForAll((made) => (lab = made));

const script = `
library(foreach)
args <- commandArgs(trailingOnly = TRUE)
stopifnot(identical(args, c("--fast", "a b")), !interactive(), file.exists("notes.txt"))
table <- foreach(i = 1:12, .combine = rbind) %dopar% {
  set.seed(i)
  stopifnot(exists("panel"), file.exists("notes.txt"))
  data.frame(i = i, x = rnorm(1), m = mean(panel))
}
scale <- 10
more <- foreach(k = 1:3, .combine = c) %dopar% (k * scale)
print(more)
cat("größer als π\n")
write.csv(table, "table.csv", row.names = FALSE)
dir.create("plots")
saveRDS(list(table, more), "plots/all data.rds")
warning("a late warning")
`;

test('a job runs to its end and brings its files home', async () => {
  const data = join(lab.dir, 'panel.RData');
  execFileSync('Rscript', ['--vanilla', '-e', `panel <- as.numeric(1:1000); save(panel, file = "${data}")`]);
  const inputs = lab.prepare({
    script,
    files: { 'panel.RData': readFileSync(data), 'notes.txt': 'notes\n' },
    load: ['panel.RData'],
    arguments: ['--fast', 'a b'],
  });
  lab.server.failNext = 2;
  const workers = [lab.worker('w1', inputs), lab.worker('w2', inputs)];
  const driver = lab.driver(inputs);
  await succeeded(driver);

  const done = events(driver).at(-1);
  assert.deepEqual([done?.['ff'], done?.['outcome']], ['completed', 'succeeded']);
  assert.ok(driver.lines.some((line) => line.includes('a late warning')));
  assert.ok(driver.lines.some((line) => line.includes('[1] 10 20 30')));
  assert.equal(await lab.redis.hget(redisKeys.driver, 'state'), 'finished');
  const loop = await lab.redis.hgetall(redisKeys.loop(1));
  assert.deepEqual([loop['total'], loop['done'], loop['failed'], loop['reused']], ['12', '12', '0', '0']);
  assert.match(loop['label'] ?? '', /foreach\(i\) at run.R:5/);

  const outputs = (await lab.redis.lrange(redisKeys.outputs, 0, -1)).map(
    (line) => JSON.parse(line) as { name: string; sha256: string },
  );
  assert.deepEqual(outputs.map((o) => o.name).sort(), ['driver.log', 'plots/all data.rds', 'table.csv']);
  // Its log is for people: what was printed, whole, and no line for the control plane.
  const log = lab.server.read('results/lab/attempt-1/driver.log').toString();
  for (const text of ['[1] 10 20 30', 'größer als π']) assert.ok(log.includes(text), log);
  assert.ok(!log.includes('{"ff":'), log);
  const table = lab.server.read('results/lab/attempt-1/table.csv');
  assert.equal(outputs.find((o) => o.name === 'table.csv')?.sha256, createHash('sha256').update(table).digest('hex'));
  const expected = execFileSync('Rscript', [
    '--vanilla',
    '-e',
    'for (i in 1:2) { set.seed(i); cat(format(rnorm(1), digits = 15), "") }',
  ]).toString();
  const column = table
    .toString()
    .split('\n')
    .slice(1, 3)
    .map((line) => Number(line.split(',')[1]).toPrecision(10));
  assert.deepEqual(
    column,
    expected
      .trim()
      .split(' ')
      .map((text) => Number(text).toPrecision(10)),
  );

  // journalled: every iteration has one entry, its value opens with readRDS, and its sum is right
  const entries = await lab.redis.xrange(redisKeys.outbox, '-', '+');
  assert.equal(entries.length, 15);
  const fields = Object.fromEntries(
    (entries[0]?.[1] ?? []).reduce<[string, string][]>(
      (all, value, k, list) => (k % 2 ? all : [...all, [value, list[k + 1] ?? '']]),
      [],
    ),
  );
  const value = await lab.redis.hgetBuffer(redisKeys.value(fields['loop']!, fields['iteration']!), 'v');
  assert.ok(value);
  assert.equal(createHash('sha256').update(value).digest('hex'), fields['sha256']);
  const path = lab.server.put('value.rds', value);
  execFileSync('Rscript', ['--vanilla', '-e', `stopifnot(is.data.frame(readRDS("${path}")))`], {
    env: { ...process.env, R_LIBS: rLibrary },
  });
  assert.equal(lab.server.served.filter((name) => name === 'inputs/panel.RData').length, 3, 'data once per process');

  for (const worker of workers) worker.process.kill('SIGTERM');
  assert.deepEqual(await Promise.all(workers.map((w) => w.exited)), [0, 0]);
  assert.deepEqual(await lab.redis.hgetall(redisKeys.workers), {});
});

test('a syntax error is found with its place, before anything runs', async () => {
  const driver = lab.driver(lab.prepare({ script: 'x <- 1\ny <- (2 +\n}\n' }));
  assert.equal(await driver.exited, 1);
  assert.match(String(events(driver).at(-1)?.['message']), /syntax error in the script: run\.R:3:1: unexpected '}'/);
});

test('an error in the script is reported with line and traceback', async () => {
  const driver = lab.driver(
    lab.prepare({ script: 'f <- function(x) g(x)\ng <- function(y) stop("no good")\n\nf(1)\n' }),
  );
  assert.equal(await driver.exited, 1);
  const text = driver.lines.join('\n');
  assert.match(
    text,
    /Error in g\(x\): no good\n {2}at run\.R line 4\nTraceback \(innermost last\):\n {2}f\(1\)\n {2}g\(x\)/,
  );
  assert.match(String(events(driver).at(-1)?.['message']), /run\.R line 4: no good/);
  await waitFor('state failed', async () => (await lab.redis.hget(redisKeys.driver, 'state')) === 'failed');
});

test('the traceback of a loop that failed ends in the loop, not in what runs it', async () => {
  const script = `library(foreach)
h <- function(n) lapply(n, function(k) foreach(i = 1:k) %dopar% stop("bad value"))
h(2)`;
  const inputs = lab.prepare({ script });
  lab.worker('w1', inputs);
  const driver = lab.driver(inputs);
  assert.equal(await driver.exited, 1);
  const from = driver.lines.indexOf('Traceback (innermost last):');
  const stack = driver.lines.slice(from + 1).filter((line) => line.startsWith('  '));
  assert.equal(stack[0], '  h(2)');
  assert.equal(stack.at(-1), '  foreach(i = 1:k) %dopar% stop("bad value")', driver.lines.join('\n'));
});
