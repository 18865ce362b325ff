// An R that runs no code of the user keeps what was loaded; a child of it takes tasks, or one for each iteration.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { redisKeys } from '../../functions/adapters/redis-keys.ts';
import { events, Lab, rLibrary, said, type Running } from '../../testing/lab.ts';
import { rProcess } from '../../testing/pod-processes.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { succeeded } from '../../testing/succeeded.ts';
import { tracedLines } from '../support/traced-lines.ts';

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.start();
});
afterEach(() => lab.stop());

const lines = (path: string): string[] => tracedLines(path);

/** A package that writes a line each time it is loaded, and one when R runs its finalizers. */
function installPackage(name: string, files: Record<string, string>): { library: string; loads: string } {
  const [source, library, loads] = [join(lab.dir, name), join(lab.dir, 'library'), join(lab.dir, `${name}-loads`)];
  for (const folder of [library, join(source, 'R'), join(source, 'src')]) mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(source, 'DESCRIPTION'),
    `Package: ${name}\nVersion: 1.0\nTitle: T\nDescription: D.\nLicense: GPL\n`,
  );
  const note = (what: string): string => `cat("${what}", Sys.getpid(), "\\n", file = "${loads}", append = TRUE)`;
  const hook = `.onLoad <- function(libname, pkgname) {
    ${note('load')}
    reg.finalizer(parent.env(environment()), function(e) ${note('finalizer')}, onexit = TRUE)
  }\n`;
  writeFileSync(join(source, 'NAMESPACE'), 'exportPattern("^[a-z]")\n');
  writeFileSync(join(source, 'R/code.R'), hook);
  for (const [path, text] of Object.entries(files)) writeFileSync(join(source, path), text);
  const options = ['CMD', 'INSTALL', '--no-docs', '--no-test-load', '--no-byte-compile', '-l', library, source];
  execFileSync('R', options, { stdio: 'ignore' });
  writeFileSync(loads, '');
  return { library, loads };
}

const withLibrary = (library: string): Record<string, string> => ({ R_LIBS: `${library}:${rLibrary}` });

/** Also of workers; the session's own lines are left out. */
const notes = (path: string, what: string, session: Running): number[] =>
  lines(path)
    .map((line) => line.split(' '))
    .filter(([word, pid]) => word === what && Number(pid) !== session.process.pid)
    .map(([, pid]) => Number(pid));

const dieOnce = (folder: string): string => `
  die_once <- function(i) {
    file <- file.path("${folder}", paste0("died-", i))
    if (!file.exists(file)) { file.create(file); tools::pskill(Sys.getpid(), 9) }
  }
`;

const lost = (worker: Running): number => events(worker).filter(({ event }) => event === 'worker-lost').length;

/** What a task writes and waits for */
const meeting = (folder: string): string => `
  meet <- function(name) {
    writeLines(as.character(Sys.getpid()), file.path("${folder}", paste0(name, ".new")))
    file.rename(file.path("${folder}", paste0(name, ".new")), file.path("${folder}", name))
    while (!file.exists(file.path("${folder}", paste0(name, "-go")))) Sys.sleep(0.05)
  }
`;

async function met(name: string): Promise<number> {
  const path = join(lab.dir, name);
  await waitFor(`${name} is reached`, () => existsSync(path));
  return Number(readFileSync(path, 'utf8'));
}

test('packages, data and large objects are loaded once, however often a child dies', async () => {
  const { library, loads } = installPackage('counted', {});
  const inputs = lab.prepare({ script: '', files: { 'data.rda': savedData() }, load: ['data.rda'] });
  const worker = lab.worker('w1', inputs, withLibrary(library));
  await lab.workersReady(1);
  const parent = rProcess(worker);
  const session = lab.session(`${dieOnce(lab.dir)} ${meeting(lab.dir)}
    .libPaths(c("${library}", .libPaths())); library(counted)
    large <- runif(3e6)
    r <- foreach(i = 1:6, .combine = c, .noexport = "held") %dopar% {
      if (i == 1) meet("first")
      if (i %in% c(2, 5)) die_once(i)
      sum(large) + isNamespaceLoaded("counted") + length(held)
    }
    stopifnot(identical(r, rep(sum(large) + 1 + 1e6, 6)))`);
  await met('first');
  const exported = await lab.redis.keys(redisKeys.exported('*'));
  const sizes = await Promise.all(exported.map((key) => lab.redis.strlen(key)));
  const large = exported.filter((_, index) => (sizes[index] ?? 0) > 2 ** 24);
  assert.equal(await lab.redis.del(...large), 1); // nobody can fetch it again
  writeFileSync(join(lab.dir, 'first-go'), '');
  await succeeded(session, worker);
  assert.equal(lost(worker), 2);
  assert.equal(rProcess(worker), parent);
  assert.deepEqual(notes(loads, 'load', session), [parent]);
});

function savedData(): Buffer {
  const path = join(lab.dir, 'made.rda');
  execFileSync('Rscript', ['--vanilla', '-e', `held <- runif(1e6); save(held, file = "${path}")`]);
  return readFileSync(path);
}

test('a child that is dirty is replaced by another of the same R, and so is one that ran too long', async () => {
  const inputs = lab.prepare({ script: '', tasks: { maxTimeSeconds: 1 } });
  const worker = lab.worker('w1', inputs);
  await lab.workersReady(1);
  const parent = rProcess(worker);
  const session = lab.session(
    `
    pids <- foreach(i = 1:3, .combine = c) %dopar% { left <<- i; lockEnvironment(globalenv()); Sys.getpid() }
    stopifnot(!anyDuplicated(pids), !${parent} %in% pids)
    slow <- foreach(i = 1:2, .errorhandling = "pass") %dopar% { if (i == 2) Sys.sleep(600); i }
    stopifnot(identical(slow[[1]], 1L), grepl("time limit", conditionMessage(slow[[2]])))`,
    ', tries = 1',
  );
  await succeeded(session, worker);
  assert.equal(rProcess(worker), parent);
  assert.equal(lost(worker), 1);
});

const staticCounter = `#include <Rinternals.h>
static int count = 0;
SEXP next_count(void) { return ScalarInteger(++count); }
`;
const countedInC = {
  'src/count.c': staticCounter,
  NAMESPACE: 'exportPattern("^[a-z]")\nuseDynLib(inc, next_count)\n',
  'R/count.R': 'following <- function() .Call(next_count)\n',
};

test('isolate: an iteration finds nothing of what another one has done, in compiled code either', async () => {
  const { library } = installPackage('inc', countedInC);
  const worker = lab.worker('w1', undefined, withLibrary(library));
  await lab.workersReady(1);
  const loop = `.libPaths(c("${library}", .libPaths()))
    r <- foreach(i = 1:5, .packages = "inc") %dopar%
      list(following(), compiler::enableJIT(0), getOption("mine"), options(mine = i))
    seen <- vapply(r, function(x) paste(x[[1]], x[[2]], is.null(x[[3]])), "")`;
  const apart = lab.session(
    `${loop}; stopifnot(identical(seen, rep("1 3 TRUE", 5)))`,
    ', isolate = "iteration", task_size = 5',
  );
  await succeeded(apart, worker);
  const together = lab.session(`${loop}; stopifnot(!identical(seen, rep("1 3 TRUE", 5)))`, ', task_size = 5');
  await succeeded(together, worker);
});

test('isolate: values, errors, warnings, random numbers and deaths are those of a loop without it', async () => {
  const worker = lab.worker('w1');
  await lab.workersReady(1);
  const loop = `${dieOnce(lab.dir)}
    set.seed(7)
    r <- foreach(i = 1:8, .errorhandling = "pass") %dopar% {
      if (i == 3) stop("wrong: ", i)
      if (i == 4) { warning("careful"); print("shown") }
      if (i == 5) die_once(i)
      if (i == 6) return(rnorm(3e5))
      c(i, rnorm(2))
    }
    r[[3]] <- conditionMessage(r[[3]])`;
  const sum = async (options: string): Promise<string> => {
    const digest = 'tools::md5sum({ saveRDS(r, f <- tempfile()); f })';
    const session = lab.session(`${loop}; cat("value", ${digest}, "\\n")`, options);
    await succeeded(session, worker);
    return (await said(session, /^value/))[0]!;
  };
  const apart = await sum(', isolate = "iteration"');
  assert.equal(lost(worker), 1);
  assert.match(worker.lines.join('\n'), /\[loop 1 iteration 4\] Warning: .*careful/);
  assert.equal(await sum(''), apart);
});

test('isolate: a task that ends its process again and again is set aside after its tries', async () => {
  const worker = lab.worker('w1');
  const session = lab.session(
    `
    r <- foreach(i = 1:4, .errorhandling = "remove", .combine = c) %dopar% { if (i == 2) quit(status = 3); i }
    stopifnot(identical(r, c(1L, 3L, 4L)))`,
    ', isolate = "iteration", tries = 2',
  );
  await succeeded(session, worker);
  await said(worker, /R ended: R ended with status 3, iteration 1:2/, 2);
});

const threaded = {
  'src/thread.c': `#include <pthread.h>
#include <unistd.h>
#include <Rinternals.h>
static void *wait_for_ever(void *nothing) { for (;;) pause(); return nothing; }
SEXP start_thread(void) {
  pthread_t thread;
  return ScalarLogical(pthread_create(&thread, NULL, wait_for_ever, NULL) == 0);
}
`,
  'src/Makevars': 'PKG_LIBS = -lpthread\n',
  NAMESPACE: 'exportPattern("^[a-z]")\nuseDynLib(threaded, start_thread)\n',
  'R/code.R': '.onLoad <- function(libname, pkgname) .Call(start_thread)\nanything <- function() 1\n',
};

test('with a second thread all runs in one R, and an isolated iteration in a new one', async () => {
  const { library } = installPackage('threaded', threaded);
  const worker = lab.worker('w1', undefined, withLibrary(library));
  await lab.workersReady(1);
  const parent = rProcess(worker);
  const loop = `.libPaths(c("${library}", .libPaths()))
    pids <- foreach(i = 1:3, .combine = c, .packages = "threaded") %dopar% Sys.getpid()`;
  await succeeded(lab.session(`${loop}; stopifnot(identical(pids, rep(${parent}L, 3)))`), worker);
  await said(worker, /tasks run in the R that has loaded packages and data: 2 threads run in it/);
  await succeeded(lab.session(`${loop}; stopifnot(!anyDuplicated(pids))`, ', isolate = "iteration"'), worker);
  await said(worker, /each iteration is to have an R of its own, which cannot be forked: 2 threads/, 3);
});

/** Beside what it writes to */
const connections = (pid: number): number => {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).filter((fd) => Number(fd) > 2 && linkOf(join(folder, fd)).startsWith('socket:')).length;
};
const linkOf = (path: string): string => {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
};

test('a child has its own session folder and its own connection, which go with it', async () => {
  const worker = lab.worker('w1');
  await lab.workersReady(1);
  const parent = rProcess(worker)!;
  const session = lab.session(`${dieOnce(lab.dir)} ${meeting(lab.dir)}
    r <- foreach(i = 1:2, .combine = c) %dopar% {
      file <- tempfile()
      writeLines(dirname(file), file)
      if (i == 1) { cat(file, file = "${join(lab.dir, 'place')}"); meet("there"); die_once(i) }
      readLines(file) == tempdir()
    }
    stopifnot(r)`);
  const child = await met('there');
  const file = readFileSync(join(lab.dir, 'place'), 'utf8');
  const [, folderOfParent] = /^(.*\/Rtmp[^/]+)\/child/.exec(file) ?? [];
  assert.ok(folderOfParent && existsSync(file), file);
  assert.deepEqual([connections(parent), connections(child) > 0], [0, true]);
  writeFileSync(join(lab.dir, 'there-go'), '');
  await succeeded(session, worker);
  assert.equal(existsSync(file), false);
  assert.ok(existsSync(folderOfParent));
});

test("finalizers of the parent's objects run in the parent, however a child ends", async () => {
  const { library, loads } = installPackage('counted', {});
  const worker = lab.worker('w1', undefined, withLibrary(library));
  await lab.workersReady(1);
  const parent = rProcess(worker);
  for (const isolate of ['worker', 'iteration']) {
    const session = lab.session(
      `.libPaths(c("${library}", .libPaths())); library(counted)
      r <- foreach(i = 1:4, .combine = c, .errorhandling = "remove") %dopar% {
        if (i == 2) quit()
        if (i == 3) { left <<- i; lockEnvironment(globalenv()) }
        gc()
        i
      }
      stopifnot(identical(r, c(1L, 3L, 4L)))`,
      `, tries = 1, isolate = "${isolate}"`,
    );
    await succeeded(session, worker);
    assert.deepEqual(notes(loads, 'finalizer', session), []);
    writeFileSync(loads, '');
  }
  worker.process.kill('SIGTERM');
  assert.equal(await worker.exited, 0);
  assert.deepEqual(lines(loads), [`finalizer ${parent} `]);
});
