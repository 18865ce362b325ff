// An R that dies before its iteration has begun, while it loads what the iteration needs. That is a try like any other
// death, and an end of the loop that says what was loaded.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { redisKeys } from '../../functions/adapters/redis-keys.ts';
import { killPod } from '../../testing/pod-processes.ts';
import { Lab, rLibrary, said } from '../../testing/lab.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { succeeded } from '../../testing/succeeded.ts';

let lab: Lab;
let library: string;
beforeEach(async () => {
  lab = await Lab.start();
  library = join(lab.dir, 'library');
  mkdirSync(library);
});
afterEach(() => lab.stop());

const own = (): Record<string, string> => ({ R_LIBS: `${library}:${rLibrary}` });

/** A package that does this when a worker loads it; in the session it is harmless. */
function installPackage(name: string, onLoad: string): void {
  const source = join(lab.dir, name);
  mkdirSync(join(source, 'R'), { recursive: true });
  const fields = 'Version: 1.0\nTitle: T\nDescription: D.\nLicense: GPL-2\nAuthor: A\nMaintainer: A <a@b.c>\n';
  writeFileSync(join(source, 'DESCRIPTION'), `Package: ${name}\n${fields}`);
  writeFileSync(join(source, 'NAMESPACE'), 'export(half)\n');
  const code = `half <- function(x) x / 2\n.onLoad <- function(...) if (nzchar(Sys.getenv("FF_POD"))) { ${onLoad} }\n`;
  writeFileSync(join(source, 'R/code.R'), code);
  const args = ['CMD', 'INSTALL', '--no-docs', '--no-byte-compile', `--library=${library}`, source];
  execFileSync('R', args, { stdio: 'pipe' });
}

const deadly = (trace: string): string => `cat("x", file = "${trace}", append = TRUE); tools::pskill(Sys.getpid(), 9)`;

/** How often R began to load it. */
const loads = (trace: string): number => (existsSync(trace) ? readFileSync(trace, 'utf8').length : 0);

async function answers(code: string, options = ''): Promise<string[]> {
  const session = lab.session(`.libPaths(c("${library}", .libPaths()))\n${code}`, options);
  await succeeded(session);
  return session.lines;
}

test('a package that ends R whenever it is loaded ends the loop, whatever the loop does with errors', async () => {
  const trace = join(lab.dir, 'trace');
  installPackage('deadly', deadly(trace));
  for (const pod of ['w1', 'w2']) lab.worker(pod, undefined, own());
  await lab.workersReady(2);
  const lines = await answers(
    `run <- function(handling, n = 40) foreach(i = 1:n, .packages = "deadly", .errorhandling = handling) %dopar% half(i)
     cat("stop:", tryCatch(run("stop"), error = conditionMessage), "\\n")
     pass <- run("pass")
     cat("pass:", length(pass), all(sapply(pass, inherits, "fleetLoadError")), "\\n")
     cat("remove:", length(run("remove")), "\\n")
     cat("after:", foreach(i = 1:3, .combine = c) %dopar% (i + 1), "\\n")`,
    ', tries = 2',
  );
  const given = /stop: task \d+ failed - "iteration \d+ was (given up|not begun): R died 2 times, /;
  const what = /last while it loaded package deadly \(killed by signal 9/;
  assert.ok(
    lines.some((line) => given.test(line) && what.test(line)),
    lines.join('\n'),
  );
  for (const line of ['pass: 40 TRUE ', 'remove: 0 ', 'after: 2 3 4 '])
    assert.ok(lines.includes(line), lines.join('\n'));
  // three loops; of each no iteration is loaded more often than it has tries, and not every iteration is tried
  assert.ok(loads(trace) < 3 * 20, `${loads(trace)} loads`);
});

test('arguments that end R when they are read cost their own iteration only', async () => {
  const trace = join(lab.dir, 'trace');
  installPackage('deadly', deadly(trace));
  lab.worker('w1', undefined, own());
  await lab.workersReady(1);
  const lines = await answers(
    `f <- list(identity, deadly::half, sqrt, exp)
     r <- foreach(f = f, .errorhandling = "pass") %dopar% f(4)
     stopifnot(identical(r[-2], list(4, 2, exp(4))))
     cat(conditionMessage(r[[2]]), "\\n", sep = "")`,
    ', tries = 2, task_size = 4',
  );
  const report = "iteration 2 was given up: R died 2 times, last while it loaded the iteration's arguments (killed by";
  assert.ok(
    lines.some((line) => line.startsWith(report)),
    lines.join('\n'),
  );
  assert.equal(loads(trace), 2);
});

test('data of the loop that end R when they are read end the loop', async () => {
  const trace = join(lab.dir, 'trace');
  installPackage('deadly', deadly(trace));
  lab.worker('w1', undefined, own());
  await lab.workersReady(1);
  const lines = await answers(
    `g <- deadly::half
     h <- local({ inner <- deadly::half; function(x) inner(x) })
     cat(tryCatch(foreach(i = 1:3) %dopar% h(g(i)), error = conditionMessage), "\\n")`,
    ', tries = 1',
  );
  const report = /R died once, while it loaded (the loop's data|package deadly) \(killed by signal 9/;
  assert.ok(
    lines.some((line) => report.test(line)),
    lines.join('\n'),
  );
});

/** Of two workers one dies of the loop's package. The other one goes on loading until it has died as it should. */
async function loadsOnOne(died: RegExp, code: string, options: string): Promise<void> {
  const go = join(lab.dir, 'go');
  const slowly = `while (!file.exists("${go}")) Sys.sleep(0.1)`;
  const dies = deadly(join(lab.dir, 'trace'));
  installPackage('deadly', `if (Sys.getenv("FF_POD") == "w1") { ${dies} } else ${slowly}`);
  const pods = ['w1', 'w2'].map((pod) => lab.worker(pod, undefined, own()));
  await lab.workersReady(2);
  const session = lab.session(`.libPaths(c("${library}", .libPaths()))\n${code}`, options);
  await said(pods[0]!, died);
  writeFileSync(go, '');
  await succeeded(session);
}

test('where another worker can load the loop, what one cannot load is left to it', async () => {
  const code = `r <- foreach(i = 1:30, .packages = "deadly", .combine = c) %dopar% half(i)
    stopifnot(identical(r, 1:30 / 2))`;
  await loadsOnOne(/"event":"worker-lost"/, code, ', tries = 2');
  const tries = Object.values(await lab.redis.hgetall(redisKeys.tries));
  assert.deepEqual([...new Set(tries)], ['1']);
});

test('where another worker can load the loop, one that cannot costs only what it was given', async () => {
  const code = `r <- foreach(i = 1:30, .packages = "deadly", .errorhandling = "pass") %dopar% half(i)
    ok <- !sapply(r, inherits, "error")
    stopifnot(any(ok), identical(unlist(r[ok]), which(ok) / 2))`;
  await loadsOnOne(/iteration \d+ was given up/, code, ', tries = 1');
});

test('a container that is ended while it loads has had a try; a machine that is lost then has not', async () => {
  const trace = join(lab.dir, 'trace');
  installPackage('deadly', `cat("x", file = "${trace}", append = TRUE); if (file.size("${trace}") < 3) Sys.sleep(600)`);
  const session = lab.session(
    `.libPaths(c("${library}", .libPaths()))
     r <- foreach(i = 1, .packages = "deadly", .combine = c) %dopar% half(i)
     stopifnot(identical(r, 0.5))`,
  );
  for (const boot of ['', 'the machine before\n']) {
    const begun = loads(trace);
    const worker = lab.worker('w1', undefined, own());
    await waitFor('it loads', () => loads(trace) > begun);
    await killPod(worker);
    if (boot) writeFileSync(join(lab.dir, 'w1/tmp/supervisor/boot'), boot);
  }
  lab.worker('w1', undefined, own());
  await succeeded(session);
  assert.deepEqual(await lab.redis.hgetall(redisKeys.tries), { '1:1': '1' });
  assert.deepEqual(await lab.redis.hgetall(redisKeys.loading), { '1:1': 'package deadly' });
});

test('an R that is never ready for a task is not started for ever: its container says why, and ends', async () => {
  const inputs = lab.prepare({ script: '', files: { 'old.RData': 'no data of R' }, load: ['old.RData'] });
  const worker = lab.worker('w1', inputs);
  assert.equal(await worker.exited, 1);
  const text = worker.lines.join('\n');
  assert.equal(text.match(/R \(pid \d+\) ended with status 1/g)?.length, 5);
  assert.match(text, /old\.RData/);
  assert.match(
    worker.lines.at(-1) ?? '',
    /never ready for a task: 5 times it ended before, the last time with status 1/,
  );
  assert.equal(await lab.redis.hlen(redisKeys.workers), 0);
});
