// What docs/isolation.md says of the parent and its child beyond the loading. It is about who goes first when memory
// runs out, who goes with whom, and what makes a worker do without a parent.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Lab, password, rLibrary, said } from '../../testing/lab.ts';
import { labForEach } from '../../testing/lab-hooks.ts';
import { rProcess } from '../../testing/pod-processes.ts';
import { succeeded } from '../../testing/succeeded.ts';
import { waitFor } from '../../testing/wait-for.ts';

let lab: Lab;
labForEach((made) => (lab = made));

const ownPids = 'pids <- foreach(i = 1:3, .combine = c) %dopar% Sys.getpid()';
const scoreOf = (pid: number): number => Number(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8'));

test('a child is killed before its parent when memory runs out, and is killed with its parent', async () => {
  const worker = lab.worker('w1');
  await lab.workersReady(1);
  const parent = rProcess(worker);
  assert.ok(parent !== undefined);
  const file = join(lab.dir, 'child');
  const session = lab.session(`r <- foreach(i = 1:2, .combine = c) %dopar% {
    if (i == 1 && !file.exists("${file}")) {
      writeLines(as.character(Sys.getpid()), "${file}.new")
      file.rename("${file}.new", "${file}")
      Sys.sleep(600)
    }
    i
  }
  stopifnot(identical(r, 1:2))`);
  await waitFor('the child works', () => existsSync(file));
  const child = Number(readFileSync(file, 'utf8'));
  assert.ok(scoreOf(child) > scoreOf(parent), `${scoreOf(child)} and ${scoreOf(parent)}`);
  process.kill(parent, 'SIGKILL');
  await waitFor('the child is gone', () => !existsSync(`/proc/${child}`));
  await succeeded(session);
});

test('FF_SINGLE_R switches the parent off', async () => {
  const worker = lab.worker('w1', undefined, { FF_SINGLE_R: '1' });
  await lab.workersReady(1);
  const session = lab.session(`${ownPids}; stopifnot(pids == ${rProcess(worker)})`);
  await succeeded(session);
  await said(worker, /tasks run in the R that has loaded packages and data: FF_SINGLE_R is set/);
});

test('a parent with more than 3 million objects does not fork', async () => {
  const made = join(lab.dir, 'many.rda');
  const maker = lab.run(
    'Rscript',
    ['--vanilla', '-e', `many <- as.list(runif(4e6)); save(many, file = "${made}")`],
    {},
  );
  await succeeded(maker);
  const files = { 'many.rda': readFileSync(made) };
  const worker = lab.worker('w1', lab.prepare({ script: '', files, load: ['many.rda'] }));
  await said(worker, /tasks run in the R that has loaded packages and data: it holds [4-6]\.\d million objects/);
});

test('fleetWorker() in a session of your own has no parent, and ends when its R is dirty', async () => {
  const address = `redis://:${password}@127.0.0.1:${lab.redisPort}`;
  const script = join(lab.dir, 'own.R');
  writeFileSync(script, `print(foreachfleet::fleetWorker("${address}", name = "own"))`);
  const own = lab.run('Rscript', ['--vanilla', script], { R_LIBS: rLibrary });
  const session = lab.session(`
    plain <- foreach(i = 1:2, .combine = c) %dopar% Sys.getpid()
    stopifnot(plain == ${own.process.pid})
    foreach(i = 1) %dopar% { left <<- i; lockEnvironment(globalenv()) }`);
  await succeeded(session);
  await succeeded(own);
  assert.match(own.lines.join('\n'), /\[1\] "an iteration changed what cannot be put back"/);
});
