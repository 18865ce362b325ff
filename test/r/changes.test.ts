// What changed since an earlier run is noticed for each loop by itself: what does not depend on it is
// reused, and the log says why the rest is not.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Lab } from '../../testing/lab.ts';
import { labForEach } from '../../testing/lab-hooks.ts';
import { succeeded } from '../../testing/succeeded.ts';

let lab: Lab;
labForEach((made) => (lab = made));

/** A job from its beginning to its end, with a worker of its own; answers what the driver printed. */
async function runAlone(inputs: string, pod: string): Promise<string[]> {
  const worker = lab.worker(pod, inputs);
  const driver = lab.driver(inputs);
  await succeeded(driver);
  worker.process.kill('SIGTERM');
  await worker.exited;
  return driver.lines;
}

test('code, arguments, exported objects, functions that they call, packages, random numbers', async () => {
  lab.worker('w1');
  await lab.workersReady(1);
  const journal = join(lab.dir, 'journal');
  const text = `
    offset <- 1; helper <- function(x) x + offset; values <- c(1, 2, 3)
    add <- function(k) { own <- k; function(x) x + own }; plus <- add(5)
    v1 <- as.numeric(1:2e5); v2 <- v1 + 1; v3 <- v1 + 2; unused <- v1
    set.seed(8)
    a <- foreach(i = 1:3, .combine = c) %dopar% i
    b <- foreach(v = values, .combine = c) %dopar% helper(v)
    c <- foreach(i = 1:3, .combine = c, .packages = "tools") %dopar% plus(i)
    d <- foreach(i = 1:3, .combine = c) %dopar% rnorm(1)
    e <- foreach(i = 1:3, .combine = c) %dopar% sum(get(paste0("v", i)))
    cat("reused", fleetLoops()$reused, "\\n")`;
  const run = async (changed: string): Promise<string[]> => {
    const copy = mkdtempSync(join(lab.dir, 'copy-'));
    if (existsSync(journal)) cpSync(journal, copy, { recursive: true });
    const session = lab.session(changed, `, journal = "${existsSync(journal) ? copy : journal}"`);
    await succeeded(session);
    return session.lines.filter((line) => /reused/.test(line));
  };
  await run(text);
  // the last loop could call any function by name
  const cases: [string, string, string, RegExp | null][] = [
    ['nothing, in other words', text.replace('x + offset }', 'x + offset # as before\n }'), 'reused 3 3 3 3 3 ', null],
    ['code', text.replace('%dopar% i\n', '%dopar% (i + 0L)\n'), 'reused 0 3 3 3 3 ', /loop 1, .*not reused: code: 3/],
    [
      'one argument',
      text.replace('c(1, 2, 3)', 'c(1, 9, 3)'),
      'reused 3 2 3 3 3 ',
      /loop 2, .*not reused: arguments: 1/,
    ],
    [
      'an object of a function',
      text.replace('offset <- 1', 'offset <- 2'),
      'reused 3 0 3 3 0 ',
      /loop 2, .*not reused: object offset: 3/,
    ],
    [
      'a function',
      text.replace('function(x) x + offset', 'function(x) x - offset'),
      'reused 3 0 3 3 0 ',
      /loop 2, .*not reused: function helper: 3/,
    ],
    [
      'what a closure holds',
      text.replace('add(5)', 'add(6)'),
      'reused 3 3 0 3 0 ',
      /loop 3, .*not reused: function plus: 3/,
    ],
    ['packages', text.replace('"tools"', 'c("tools", "stats4")'), 'reused 3 3 0 3 3 ', /loop 3, .*packages: 3/],
    ['an unused object', text.replace('unused <- v1', 'unused <- v2'), 'reused 3 3 3 3 3 ', null],
    [
      'an object whose name the code makes',
      text.replace('v2 <- v1 + 1', 'v2 <- v1 + 3'),
      'reused 3 3 3 3 2 ',
      /loop 5, .*not reused: objects looked up by name: 1/,
    ],
    [
      'random numbers',
      text.replace('c <- foreach', 'runif(1); c <- foreach'),
      'reused 3 3 0 0 0 ',
      /loop 4, .*random numbers: 3/,
    ],
  ];
  for (const [what, changed, reused, reason] of cases) {
    assert.notEqual(changed, what === 'nothing, in other words' ? '' : text, what);
    const lines = await run(changed);
    assert.ok(lines.includes(reused), `${what}: ${lines.join('\n')}`);
    if (reason)
      assert.ok(
        lines.some((line) => reason.test(line)),
        `${what}: ${lines.join('\n')}`,
      );
  }
});

test('a changed data file is noticed by the loops that use it', async () => {
  const script = `library(foreach)
a <- foreach(i = 1:3, .combine = c) %dopar% (i + mean(panel))
b <- foreach(i = 1:3, .combine = c) %dopar% i
cat("values", a, b, "\\n")`;
  const run = async (values: string, pod: string): Promise<string[]> => {
    const path = join(lab.dir, 'panel.RData');
    execFileSync('Rscript', ['--vanilla', '-e', `panel <- ${values}; save(panel, file = "${path}")`]);
    const inputs = lab.prepare({
      script,
      files: { 'panel.RData': readFileSync(path) },
      load: ['panel.RData'],
      seed: 1,
    });
    // a driver in the same place keeps the files of its attempt
    rmSync(join(lab.dir, 'driver/tmp/files'), { recursive: true, force: true });
    return runAlone(inputs, pod);
  };
  assert.ok((await run('c(1, 3)', 'w1')).includes('values 3 4 5 1 2 3 '));
  const lines = await run('c(2, 4)', 'w2');
  assert.ok(lines.includes('values 4 5 6 1 2 3 '), lines.join('\n'));
  const told = lines.filter((line) => /iterations reused/.test(line));
  assert.match(told[0] ?? '', /loop 1, .*: 0 of 3 iterations reused; not reused: object panel: 3/);
  assert.match(told[1] ?? '', /loop 2, .*: 0 of 3 iterations reused; finished before the driver began again: 3$/);
});

test('methods and classes count always, other definitions and data when an iteration can reach them', async () => {
  lab.worker('w1');
  await lab.workersReady(1);
  const journal = join(lab.dir, 'journal');
  const text = `
    setClass("P", representation(x = "numeric")); p <- new("P", x = 2)
    setGeneric("area", function(s) standardGeneric("area")); setMethod("area", "P", function(s) s@x^2)
    summary.trial <- function(object, ...) scale * 2; scale <- 1; trial <- structure(list(), class = "trial")
    unrelated <- 1; unused <- function() 1
    set.seed(8)
    a <- foreach(i = 1:3, .combine = c) %dopar% summary(trial)
    b <- foreach(i = 1:3, .combine = c) %dopar% area(p)
    cat("reused", fleetLoops()$reused, "values", a, b, "\\n")`;
  const run = async (changed: string): Promise<string[]> => {
    const copy = mkdtempSync(join(lab.dir, 'copy-'));
    if (existsSync(journal)) cpSync(journal, copy, { recursive: true });
    const session = lab.session(changed, `, journal = "${existsSync(journal) ? copy : journal}"`);
    await succeeded(session);
    return session.lines;
  };
  assert.ok((await run(text)).includes('reused 0 0 values 2 2 2 4 4 4 '));
  const cases: [string, string, string, RegExp][] = [
    ['unrelated data', text.replace('unrelated <- 1', 'unrelated <- 2'), 'reused 3 3 values 2 2 2 4 4 4 ', /reused/],
    ['an unused function', text.replace('function() 1', 'function() 2'), 'reused 3 3 values 2 2 2 4 4 4 ', /reused/],
    ['data of a method', text.replace('scale <- 1', 'scale <- 2'), 'reused 0 0 values 4 4 4 4 4 4 ', /object scale: 3/],
    [
      'an S3 method',
      text.replace('scale * 2', 'scale * 3'),
      'reused 0 0 values 3 3 3 4 4 4 ',
      /not reused: function summary\.trial: 3/,
    ],
    ['an S4 method', text.replace('s@x^2', 's@x^3'), 'reused 0 0 values 2 2 2 8 8 8 ', /not reused: method area: 3/],
    [
      'a class',
      text.replace('x = "numeric")', 'x = "numeric", y = "list")'),
      'reused 0 0 values 2 2 2 4 4 4 ',
      /not reused: .*class P: 3/,
    ],
    [
      'a registered method',
      `registerS3method("print", "trial", function(x, ...) "t")\n${text}`,
      'reused 0 0 values 2 2 2 4 4 4 ',
      /not reused: method print\.trial: 3/,
    ],
  ];
  for (const [what, changed, expected, reason] of cases) {
    const lines = await run(changed);
    assert.ok(lines.includes(expected), `${what}: ${lines.join('\n')}`);
    assert.ok(
      lines.some((line) => reason.test(line)),
      `${what}: ${lines.join('\n')}`,
    );
  }
});

test('arguments of the command line count for the loops that read them', async () => {
  const script = `library(foreach)
power <- function(x) x^as.numeric(commandArgs(trailingOnly = TRUE)[1])
a <- foreach(i = 1:3, .combine = c) %dopar% power(i)
b <- foreach(i = 1:3, .combine = c) %dopar% i
cat("values", a, b, "\\n")`;
  const run = (argument: string, pod: string): Promise<string[]> =>
    runAlone(lab.prepare({ script, arguments: [argument], seed: 1 }), pod);
  assert.ok((await run('2', 'w1')).includes('values 1 4 9 1 2 3 '));
  const lines = await run('3', 'w2');
  assert.ok(lines.includes('values 1 8 27 1 2 3 '), lines.join('\n'));
  const told = lines.filter((line) => /iterations reused/.test(line));
  assert.match(told[0] ?? '', /loop 1, .*: 0 of 3 iterations reused; not reused: settings \(arguments\): 3/);
  assert.match(told[1] ?? '', /loop 2, .*finished before the driver began again: 3$/);
});
