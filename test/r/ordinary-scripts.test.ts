// What scripts written for a laptop contain, and must not have to change. Examples are backends of their own, plots and
// files left open, quit() in a task, names that are not ASCII.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { redisKeys } from '../../functions/adapters/redis-keys.ts';
import { type Lab, type Running, said } from '../../testing/lab.ts';
import { labForEach } from '../../testing/lab-hooks.ts';
import { skipsWithout } from '../support/needs-r-package.ts';

let lab: Lab;
labForEach((made) => (lab = made));

async function ends(driver: Running, code: number): Promise<string> {
  assert.equal(await driver.exited, code, driver.lines.join('\n'));
  return driver.lines.join('\n');
}

const registering = `
library(doRedis)
registerDoRedis("mine")
startLocalWorkers(n = 2, queue = "mine")
setChunkSize(5)
first <- foreach(i = 1:6, .combine = c) %dopar% Sys.getenv("FF_POD")
removeQueue("mine")
registerDoSEQ()
second <- foreach(i = 1:3, .combine = c) %dopar% Sys.getenv("FF_POD")
inMulticore <- function(obj, expr, envir, data) stop("computed elsewhere")
setDoPar(inMulticore, NULL, function(data, item) if (item == "name") "doParallelMC")
third <- foreach(i = 1:3, .combine = c) %dopar% Sys.getenv("FF_POD")
stopifnot(c(first, second, third) == "w1", getDoParName() == "doFleet")
fourth <- foreach(i = 1:2, .combine = c) %do% Sys.getenv("FF_POD")
stopifnot(fourth == "driver")
`;

test('a backend that the script registers does not take the loops from the workers, and the log says so', async () => {
  const inputs = lab.prepare({ script: registering });
  lab.worker('w1', inputs);
  const text = await ends(lab.driver(inputs), 0);
  assert.match(
    text,
    /foreach-fleet: run\.R:3: a queue and workers of doRedis are asked for: not needed here, the loops/,
  );
  assert.match(text, /foreach-fleet: run\.R:8: another backend \(doSEQ\) is registered: not needed here/);
  assert.match(text, /foreach-fleet: run\.R:11: another backend \(doParallelMC\) is registered/);
  assert.equal(text.match(/not needed here/g)?.length, 3);
});

const untidy = `
library(foreach)
gr\u00fc\u00df <- function(wer) paste("Gr\u00fc\u00df dich,", wer)
\u00e4rger <- 1:3
args <- commandArgs(trailingOnly = TRUE)
x <- foreach(n = c("J\u00fcrgen", "\u65e5\u672c"), .combine = rbind) %dopar%
  c(gr\u00fc\u00df(n), \u00e4rger[2], commandArgs(trailingOnly = TRUE))
stopifnot(identical(unname(x[2, ]), c("Gr\u00fc\u00df dich, \u65e5\u672c", "2", args)))
out <- file("open.txt", "w")
cat("last words\\n", file = out)
sink("sunk.txt")
print(x)
plot(1:10)
`;

test('plots and files that a script leaves open are complete, and names need not be ASCII', async () => {
  const inputs = lab.prepare({ script: untidy, arguments: ['a b', '\u00fc'] });
  lab.worker('w1', inputs);
  await ends(lab.driver(inputs), 0);
  const outputs = (await lab.redis.lrange(redisKeys.outputs, 0, -1)).map(
    (line) => JSON.parse(line) as { name: string; sha256: string },
  );
  const read = (name: string): Buffer => lab.server.read(`results/lab/attempt-1/${name}`);
  assert.equal(read('open.txt').toString(), 'last words\n');
  assert.match(read('sunk.txt').toString(), /dich/);
  assert.match(read('Rplots.pdf').toString('latin1'), /%%EOF\s*$/);
  assert.deepEqual(outputs.map(({ name }) => name).toSorted(), ['Rplots.pdf', 'driver.log', 'open.txt', 'sunk.txt']);
  for (const { name, sha256 } of outputs) assert.equal(createHash('sha256').update(read(name)).digest('hex'), sha256);
});

const remembering = `
library(foreach)
Account <- setRefClass("Account", fields = list(total = "numeric"),
                       methods = list(add = function(v) total <<- total + v))
account <- Account$new(total = 0)
account$add(0)
memory <- new.env()
memory$n <- 0
count <- local({ n <- 0; function(v) { n <<- n + v; n } })
x <- foreach(i = 1:6, .combine = rbind) %dopar% {
  account$add(i)
  memory$n <- memory$n + i
  c(account$total, memory$n, count(i))
}
stopifnot(identical(unname(x), cbind(1:6, 1:6, 1:6) + 0), account$total == 0)
`;

test('objects that remember begin each iteration as the script left them, whoever had them before', async () => {
  const inputs = lab.prepare({ script: remembering, tasks: { size: 3 } });
  lab.worker('w1', inputs);
  await ends(lab.driver(inputs), 0);
});

test('quit() in a task counts as a death of R, and the others go on', async () => {
  const script = `library(foreach)
    x <- foreach(i = 1:3, .errorhandling = "pass") %dopar% { if (i == 2) quit("no"); i }
    stopifnot(identical(x[c(1, 3)], list(1L, 3L)))
    message("told: ", conditionMessage(x[[2]]))\n`;
  const inputs = lab.prepare({ script, tasks: { tries: 2, size: 1 } });
  const worker = lab.worker('w1', inputs);
  const text = await ends(lab.driver(inputs), 0);
  assert.match(text, /told: iteration 2 was given up: it ended its R process 2 times \(R left by itself, as quit\(\)/);
  assert.equal((await said(worker, /"event":"worker-lost"/, 2)).length, 2);
  assert.ok(!worker.lines.some((line) => line.includes('null byte')), worker.lines.join('\n'));
});

test('files that tasks write are named by the logs and the loop, and also where to write instead', async () => {
  const script = `library(foreach)
dir.create("tables")
r <- foreach(i = 1:3) %dopar% { cat(i, file = tempfile()); i }
r <- foreach(i = 1:5) %dopar% {
  dir.create("tables", showWarnings = FALSE); write.csv(i, sprintf("tables/%d.csv", i))
  i
}
writeLines("kept", "tables/all.csv")`;
  const inputs = lab.prepare({ script, tasks: { size: 5 } });
  const worker = lab.worker('w1', inputs);
  const text = await ends(lab.driver(inputs), 0);
  const told = /a task wrote tables(, .*)? on worker w1: files of tasks are lost; return the values, and write/;
  assert.match(text, told);
  await said(worker, told);
  assert.equal(await lab.redis.hget(redisKeys.loop(1), 'strays'), null);
  assert.match((await lab.redis.hget(redisKeys.loop(2), 'strays')) ?? '', told);
  assert.deepEqual(
    (await lab.redis.lrange(redisKeys.outputs, 0, -1)).map((line) => (JSON.parse(line) as { name: string }).name),
    ['tables/all.csv', 'driver.log'],
  );
});

const withPackages = `
library(foreach)
fit <- function(i) {
  x <- with(MASS::Boston, medv[seq_len(20 * i)])
  list(huber = MASS::huber(x)$mu, rank = as.integer(Matrix::rankMatrix(outer(1:3, 1:3) + diag(3))))
}
packages <- c("MASS", "Matrix", "boot", "mgcv", "nlme", "survival")
onWorkers <- foreach(i = 1:4, .packages = packages) %dopar% fit(i)
inDriver <- foreach(i = 1:4, .packages = packages) %do% fit(i)
stopifnot(identical(onWorkers, inDriver))
`;

test('packages whose version has a dash, as the recommended ones have, can be named', async (context) => {
  if (await skipsWithout(context, 'MASS', 'Matrix', 'boot', 'mgcv', 'nlme', 'survival')) return;
  const inputs = lab.prepare({ script: withPackages });
  lab.worker('w1', inputs);
  await ends(lab.driver(inputs), 0);
});

const strictness = `
library(foreach)
task <- quote({
  options(warn = level)
  got <- tryCatch({ as.integer("x"); log(-1); "no error" }, error = function(e) conditionMessage(e))
  outer <- tryCatch({
    withCallingHandlers(as.integer("y"), warning = function(w) stop("mine"))
    "none"
  }, error = function(e) conditionMessage(e))
  c(got, outer)
})
levels <- c(-1, 0, 1, 2, 3)
onWorkers <- eval(substitute(foreach(level = levels) %dopar% task, list(task = task)))
inDriver <- eval(substitute(foreach(level = levels) %do% task, list(task = task)))
options(warn = 0)
stopifnot(identical(onWorkers, inDriver), inDriver[[4]][1] != "no error", inDriver[[2]][1] == "no error")
failed <- tryCatch(foreach(i = 1) %dopar% { options(warn = 2); as.integer("x") }, error = conditionMessage)
stopifnot(grepl("converted from warning", failed))
`;

test('options(warn) means in a task what it means in R', async () => {
  const inputs = lab.prepare({ script: strictness });
  lab.worker('w1', inputs);
  await ends(lab.driver(inputs), 0);
});

const divided = `
library(foreach)
w <- getDoParWorkers()
stopifnot(identical(w, 7L))
r <- foreach(n = rep(70 / w, w), .combine = c) %dopar% sum(rep(1, n))
stopifnot(identical(r, rep(10, 7)), identical(getDoParWorkers(), 7L))
`;

test('getDoParWorkers() is as many as the job may have, for scripts that divide their work by it', async () => {
  const inputs = lab.prepare({ script: divided, workers: 7 });
  lab.worker('w1', inputs);
  await ends(lab.driver(inputs), 0);
});
