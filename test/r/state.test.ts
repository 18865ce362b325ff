// What one iteration leaves behind does not reach the next one on the same worker: settings, the search path, files,
// registrations, objects that are changed by reference.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { redisKeys } from '../../functions/adapters/redis-keys.ts';
import { events, Lab, type Running, said } from '../../testing/lab.ts';
import { skipsWithout } from '../support/needs-r-package.ts';
import { succeeded } from '../../testing/succeeded.ts';

let lab: Lab;
let worker: Running;
before(async () => {
  lab = await Lab.start();
  worker = lab.worker('w1');
  await lab.workersReady(1);
});
after(() => lab.stop());

const read = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8');

async function agrees(members: string): Promise<void> {
  const session = lab.session(`${read('state.R')}\n${members}\nfinish_members()`, ', task_size = 4');
  assert.equal(await session.exited, 0, [...session.lines, ...worker.lines.slice(-50)].join('\n'));
}

test('settings, search path, devices, connections and variables', { timeout: 60_000 }, async (context) => {
  if (await skipsWithout(context, 'data.table', 'MASS', 'R6')) return;
  await agrees(read('state-settings.R'));
});

test('methods, classes and functions of packages', { timeout: 60_000 }, async (context) => {
  if (await skipsWithout(context, 'MASS')) return;
  await agrees(read('state-registrations.R'));
});

test('objects that are changed by reference', { timeout: 60_000 }, async (context) => {
  if (await skipsWithout(context, 'data.table')) return;
  await agrees(read('state-references.R'));
});

test("classes and methods of a task beside the script's own", { timeout: 60_000 }, async () => {
  const session = lab.session(read('state-classes.R'), ', task_size = 4');
  assert.equal(await session.exited, 0, [...session.lines, ...worker.lines.slice(-50)].join('\n'));
});

test('what a task locks, and what the script has locked', { timeout: 60_000 }, async () => {
  const session = lab.session(read('state-locks.R'), ', task_size = 4');
  assert.equal(await session.exited, 0, [...session.lines, ...worker.lines.slice(-50)].join('\n'));
});

const locking = `
member("an environment that nobody can unlock", {
  found <- environmentIsLocked(globalenv())
  left_behind <<- i
  lockEnvironment(globalenv())
  found
})`;

test('what cannot be put back gets a new R, and counts as no try', { timeout: 60_000 }, async () => {
  const renewals = (): number => worker.lines.filter((line) => line.includes('a new R takes the next')).length;
  const before = renewals();
  await agrees(locking);
  assert.equal((await said(worker, /a new R takes the next/, before + 4)).length - before, 4);
  assert.equal(events(worker).filter(({ event }) => event === 'worker-lost').length, 0);
  assert.equal(await lab.redis.exists(redisKeys.tries), 0);
});

test(
  'what the script has told R holds in its loops: options, environment, locale, packages, folder',
  { timeout: 60_000 },
  async (context) => {
    if (await skipsWithout(context, 'data.table')) return;
    const session = lab.session(`${read('setting.R')}\n${read('script-settings.R')}\nfinish_settings()`);
    assert.equal(await session.exited, 0, [...session.lines, ...worker.lines.slice(-50)].join('\n'));
  },
);

test('what the script has changed inside packages holds in its loops', { timeout: 60_000 }, async (context) => {
  if (await skipsWithout(context, 'ggplot2', 'knitr', 'MASS', 'lattice')) return;
  const session = lab.session(`${read('setting.R')}\n${read('script-packages.R')}\nfinish_settings()`);
  assert.equal(await session.exited, 0, [...session.lines, ...worker.lines.slice(-50)].join('\n'));
});

test('caches of packages are told nobody; what cannot travel is told before the first task', async (context) => {
  if (await skipsWithout(context, 'ggplot2', 'knitr', 'lattice')) return;
  const session = lab.session(read('state-inside-packages.R'));
  assert.equal(await session.exited, 0, [...session.lines, ...worker.lines.slice(-50)].join('\n'));
  const told = session.lines.filter((line) => /cannot be sent to workers/.test(line));
  assert.equal(told.length, 1, session.lines.join('\n'));
  assert.match(told[0] ?? '', /changed defaults in package knitr \(knitr:::opts_chunk\)/);
  const at = (text: string): number => session.lines.findIndex((line) => line.includes(text));
  assert.ok(at('ordinary use') < at('cannot be sent') && at('cannot be sent') < at('after the loop'));
});

test('what belongs to a machine or a terminal stays there', async () => {
  const session = lab.session(`
    told <- quote(list(getOption("mc.cores"), getOption("with.environment"), Sys.getenv("HOME"), .libPaths(),
                       getOption("my.own")))
    options(mc.cores = 77, with.environment = new.env(), my.own = "mine")
    Sys.setenv(HOME = "/home-of-the-session")
    dir.create(own <- tempfile()); .libPaths(c(own, .libPaths()))
    there <- eval(bquote(foreach(i = 1) %dopar% .(told)))[[1]]
    stopifnot(is.null(there[[1]]), is.null(there[[2]]), there[[3]] != "/home-of-the-session", !own %in% there[[4]])
    stopifnot(there[[5]] == "mine")`);
  await succeeded(session, worker);
});

test('a large data table that a task has changed by reference gets a new R', async (context) => {
  if (await skipsWithout(context, 'data.table')) return;
  const before = worker.lines.filter((line) => line.includes('a new R takes the next')).length;
  const session = lab.session(`library(data.table)
    table <- data.table(x = numeric(17.5e6))
    r <- foreach(i = 1:2, .combine = c) %dopar% { table[1L, x := x + 1]; table$x[1L] }
    stopifnot(identical(r, c(1, 1)))`);
  await succeeded(session, worker);
  assert.equal((await said(worker, /a new R takes the next/, before + 2)).length - before, 2);
});

test('a resume notices that a setting has changed, and says which', { timeout: 60_000 }, async () => {
  const resumed = `, journal = "${join(lab.dir, 'journal')}", seed = 1`;
  const loop = 'x <- foreach(i = 1:6, .combine = c) %dopar% i';
  const run = async (before: string): Promise<string> => {
    const session = lab.session(`${before}\n${loop}`, resumed);
    await succeeded(session);
    return session.lines.join('\n');
  };
  await run('');
  assert.match(await run('options(digits = 7); Sys.setenv(TERM = "dumb")'), /6 of 6 iterations reused/);
  const changed = 'options(contrasts = c("contr.sum", "contr.poly")); Sys.setenv(TZ = "Asia/Tokyo"); library(splines)';
  assert.match(await run(changed), /0 of 6 iterations reused; not reused: settings \(contrasts, attached, TZ\): 6/);
});

const inJob = `
library(foreach)
library(splines)
dir.create("sub")
setwd("sub")
options(contrasts = c("contr.sum", "contr.poly"), scipen = -3, OutDec = ",", warn = 2)
Sys.setenv(MY_OWN = "mine", TZ = "Asia/Tokyo")
state <- quote(list(getOption("contrasts"), Sys.getenv("MY_OWN"), format(as.POSIXct(0, origin = "1970-01-01")),
  basename(getwd()), basename(dirname(getwd())), search(), format(1e6 / 3), Sys.getlocale("LC_COLLATE"), paste(1e5),
  tryCatch(as.integer("x"), error = function(e) "converted")))
onWorkers <- eval(bquote(foreach(i = 1:3) %dopar% .(state)))
inDriver <- eval(bquote(foreach(i = 1:3) %do% .(state)))
options(warn = 0)
if (!identical(onWorkers, inDriver)) stop(paste(deparse(all.equal(onWorkers, inDriver)), collapse = " "))
combined <- foreach(i = 1:3, .combine = function(a, b) paste(a, format(b / 3))) %dopar% i
stopifnot(identical(combined, foreach(i = 1:3, .combine = function(a, b) paste(a, format(b / 3))) %do% i))
`;

test('the same in a job: below its folder, and with options that change how numbers are written', async () => {
  const job = await Lab.start();
  try {
    const inputs = job.prepare({ script: inJob });
    const pod = job.worker('w1', inputs);
    const driver = job.driver(inputs);
    assert.equal(await driver.exited, 0, [...driver.lines, ...pod.lines].join('\n'));
  } finally {
    await job.stop();
  }
});
