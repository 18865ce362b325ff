// What counts as a try of an iteration and what does not; and what is said of one that is given up.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { redisKeys } from '../../functions/adapters/redis-keys.ts';
import { type Lab, rLibrary } from '../../testing/lab.ts';
import { labForEach } from '../../testing/lab-hooks.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { succeeded } from '../../testing/succeeded.ts';

let lab: Lab;
labForEach((made) => (lab = made));

async function succeeds(code: string, options = ''): Promise<string[]> {
  const session = lab.session(code, options);
  await succeeded(session);
  return session.lines;
}

const deaths = (file: string): string => `
  r <- foreach(i = 1:3, .errorhandling = "pass") %dopar% {
    if (i == 2) { cat("x", file = "${file}", append = TRUE); tools::pskill(Sys.getpid(), 9) }
    i
  }
  cat("began", file.size("${file}"), "and", conditionMessage(r[[2]]), "\\n")`;

test('tries is the number of times that an iteration may end its R', async () => {
  lab.worker('w1');
  await lab.workersReady(1);
  for (const [tries, often] of Object.entries({ 1: 'once', 2: '2 times' })) {
    const lines = await succeeds(deaths(join(lab.dir, `trace-${tries}`)), `, tries = ${tries}`);
    const said = `iteration 2 was given up: it ended its R process ${often} (killed by signal 9`;
    assert.ok(
      lines.some((line) => line.startsWith(`began ${tries} and ${said}`)),
      lines.join('\n'),
    );
  }
});

test('an iteration beyond the time limit is given up at once, and the message says the limit', async () => {
  const inputs = lab.prepare({ script: '', tasks: { maxTimeSeconds: 2 } });
  lab.worker('w1', inputs);
  await lab.workersReady(1);
  const lines = await succeeds(`
    r <- foreach(i = 1:3, .errorhandling = "pass") %dopar% { if (i == 2) Sys.sleep(100); i }
    stopifnot(identical(r[c(1, 3)], list(1L, 3L)))
    cat(conditionMessage(r[[2]]), "\\n", sep = "")`);
  const said = 'iteration 2 was given up: it ran longer than the time limit of 2 s';
  assert.ok(lines.includes(said), lines.join('\n'));
});

test('an iteration that ends its whole container, supervisor included, is given up after its tries', async () => {
  const trace = join(lab.dir, 'trace');
  // as memory that runs out does on cgroup v2: everything in the container is killed at once
  const session = lab.session(
    `r <- foreach(i = 1:2, .errorhandling = "pass") %dopar% {
       if (i == 2) { cat("x", file = "${trace}", append = TRUE); system("kill -KILL 0") }
       i
     }
     cat("began", file.size("${trace}"), "and", conditionMessage(r[[2]]), "\\n")`,
    ', tries = 2L',
  );
  // Kubernetes starts the container again, in the same pod
  for (let starts = 0; starts < 5 && session.process.exitCode === null; starts++)
    await Promise.race([lab.worker('w1').exited, session.exited]);
  await succeeded(session);
  const said = 'began 2 and iteration 2 was given up: it ended its R process 2 times (its container was ended with it';
  assert.ok(
    session.lines.some((line) => line.startsWith(said)),
    session.lines.join('\n'),
  );
});

test('the report of a death has what the iteration printed last, as text', async () => {
  lab.worker('w1', lab.prepare({ script: '', tasks: { maxTimeSeconds: 3 } }));
  await lab.workersReady(1);
  await succeeds(
    `r <- foreach(i = 1:4, .errorhandling = "pass") %dopar% {
       cat("iteration", i, "begins\\n")
       if (i == 1) tools::pskill(Sys.getpid(), 11)
       if (i == 2) {
         cat(sprintf("line %d\\n", 1:500), sep = "")
         message("a message, \\u00fc and \\u001b[31mred")
         cat("no end of the line", rawToChar(as.raw(0xe4)))
         tools::pskill(Sys.getpid(), 9)
       }
       if (i == 3) { cat(strrep("x", 1e6)); Sys.sleep(600) }
       i
     }`,
    ', tries = 1L',
  );
  const entries = await lab.redis.xrange(redisKeys.errors, '-', '+');
  const reports = entries.map(([, [, json = '']]) => JSON.parse(json) as { iteration: number; output: string });
  const output = new Map(reports.map((report) => [report.iteration, report.output]));
  assert.equal(output.get(1), 'iteration 1 begins\n\n *** caught segfault ***');
  const expected = [
    ...Array.from({ length: 18 }, (_, index) => `line ${483 + index}`),
    'a message, ü and \\x1b[31mred',
    'no end of the line <e4>',
  ];
  assert.deepEqual(output.get(2)?.split('\n'), expected);
  assert.match(output.get(3) ?? '', /^x{4000,4096}$/);
  assert.deepEqual([...output.keys()].toSorted(), [1, 2, 3]);
});

test('what a pass says of the end of a container is what is said of its iteration', async () => {
  const inputs = lab.prepare({ script: '' });
  const session = lab.session(
    `r <- foreach(i = 1:2, .errorhandling = "pass") %dopar% { if (i == 2) system("kill -KILL 0"); i }
     cat(conditionMessage(r[[2]]), "\\n", sep = "")`,
    ', tries = 1L',
  );
  await lab.worker('w1', inputs).exited;
  const again = lab.worker('w1', inputs);
  const cause = await waitFor('the death is counted', () => lab.redis.hget(redisKeys.causes, '1:2'));
  const [, began, counted] = /^container w1 ([\d.]+) ([\d.]+)$/.exec(cause) ?? assert.fail(cause);
  assert.ok(Number(began) > 0 && Number(began) <= Number(counted), cause);
  await lab.redis.hset(redisKeys.causes, { '1:2': 'memory limit 64Mi' });
  assert.equal(await session.exited, 0, [...session.lines, ...again.lines].join('\n'));
  const said = 'iteration 2 was given up: it ran out of memory once (limit 64Mi; worker.memory in job.yaml)';
  assert.ok(session.lines.includes(said), session.lines.join('\n'));
});

test('a supervisor that outlives an R without memory says so', async () => {
  // as the kernel keeps it for a group of processes, and says when it kills one of them
  const cgroup = join(lab.dir, 'cgroup');
  mkdirSync(cgroup);
  writeFileSync(join(cgroup, 'memory.events'), 'low 0\nhigh 0\nmax 7\noom 3\noom_kill 3\n');
  writeFileSync(join(cgroup, 'memory.max'), '536870912\n');
  lab.worker('w1', undefined, { FF_CGROUP: cgroup });
  await lab.workersReady(1);
  const lines = await succeeds(
    `r <- foreach(i = 1:3, .errorhandling = "pass") %dopar% {
       if (i == 2) writeLines("oom_kill 4", "${join(cgroup, 'memory.events')}")
       if (i > 1) tools::pskill(Sys.getpid(), 9)
       i
     }
     for (e in r[2:3]) cat(conditionMessage(e), "\\n", sep = "")`,
    ', tries = 1L',
  );
  const out = 'iteration 2 was given up: it ran out of memory once (limit 512Mi; worker.memory in job.yaml)';
  const killed = 'iteration 3 was given up: it ended its R process once (killed by signal 9';
  assert.ok(lines.includes(out) && lines.some((line) => line.startsWith(killed)), lines.join('\n'));
});

test('a machine that begins again, and a worker that was told to go, are no tries', async () => {
  const trace = join(lab.dir, 'trace');
  const session = lab.session(
    `r <- foreach(i = 1, .combine = c) %dopar% {
       cat("x", file = "${trace}", append = TRUE)
       if (file.size("${trace}") < 3) Sys.sleep(600)
       i
     }
     stopifnot(identical(r, 1))`,
    ', tries = 1L',
  );
  const began = (times: number): Promise<true> =>
    waitFor(`begun ${times} times`, () => existsSync(trace) && statSync(trace).size >= times, 60);
  const lost = lab.worker('w1');
  await began(1);
  process.kill(-lost.process.pid!, 'SIGKILL');
  await lost.exited;
  writeFileSync(join(lab.dir, 'w1/tmp/supervisor/boot'), 'the machine before\n');
  const drained = lab.worker('w1', undefined, { FF_GRACE_SECONDS: '1' });
  await began(2);
  drained.process.kill('SIGTERM');
  assert.equal(await drained.exited, 0);
  lab.worker('w1');
  await succeeded(session);
  assert.equal(await lab.redis.hlen(redisKeys.tries), 0);
});

/** A package whose loading takes longer than any patience with workers that have taken a task and say nothing. */
function installSlowPackage(library: string): void {
  const source = join(lab.dir, 'slowly');
  mkdirSync(join(source, 'R'), { recursive: true });
  mkdirSync(library);
  const fields = 'Version: 1.0\nTitle: T\nDescription: D.\nLicense: GPL-2\nAuthor: A\nMaintainer: A <a@b.c>\n';
  writeFileSync(join(source, 'DESCRIPTION'), `Package: slowly\n${fields}`);
  writeFileSync(join(source, 'NAMESPACE'), 'export(half)\n');
  const onLoad = '.onLoad <- function(...) if (nzchar(Sys.getenv("FF_POD"))) Sys.sleep(8)';
  writeFileSync(join(source, 'R/code.R'), `half <- function(x) x / 2\n${onLoad}\n`);
  const args = ['CMD', 'INSTALL', '--no-docs', '--no-byte-compile', `--library=${library}`, source];
  execFileSync('R', args, { stdio: 'pipe' });
}

test('workers that load packages for long have lost nothing: each iteration runs once', async () => {
  const library = join(lab.dir, 'library');
  installSlowPackage(library);
  const own = { R_LIBS: `${library}:${rLibrary}` };
  for (const pod of ['w1', 'w2']) lab.worker(pod, undefined, own);
  await lab.workersReady(2);
  const trace = join(lab.dir, 'trace');
  const lines = await succeeds(`
    .libPaths(c("${library}", .libPaths()))
    ran <- function(i) cat(i, "", file = "${trace}", append = TRUE)
    r <- foreach(i = 1:2, .combine = c, .packages = "slowly") %dopar% { ran(i); half(i) }
    stopifnot(identical(r, c(0.5, 1)))
    cat("ran", sort(scan("${trace}", quiet = TRUE)), "\\n")`);
  assert.ok(lines.includes('ran 1 2 '), lines.join('\n'));
  assert.ok(!lines.some((line) => /lost|again/.test(line)), lines.join('\n'));
  assert.equal(await lab.redis.hlen(redisKeys.tries), 0);
});

test("a script that registers itself, as on a laptop, runs on its job's workers", async () => {
  const inputs = lab.prepare({
    script: `library(foreach); library(foreachfleet)
      startFleetWorkers(2, "localhost:1"); registerForeachFleet("localhost:1", tries = 1)
      saveRDS(foreach(i = 1:3, .combine = c) %dopar% i, "r.rds")
      stopFleetWorkers()`,
  });
  lab.worker('w1', inputs);
  const driver = lab.driver(inputs);
  await succeeded(driver);
  assert.ok(
    driver.lines.some((line) => /run.R:2: .* not needed here/.test(line)),
    driver.lines.join('\n'),
  );
});
