// What tasks print reaches the worker's log line by line while they run; what loops do reaches the driver's log, plain.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { redisKeys } from '../../functions/adapters/redis-keys.ts';
import { events, type Lab, said } from '../../testing/lab.ts';
import { labForEach } from '../../testing/lab-hooks.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { succeeded } from '../../testing/succeeded.ts';

let lab: Lab;
labForEach((made) => (lab = made));

const marked = (lines: string[]): string[] => lines.filter((line) => line.startsWith('[loop '));

test('what a task prints is in the log of its worker while it runs, marked, and in the order of printing', async () => {
  const worker = lab.worker('w1');
  await lab.workersReady(1);
  const gate = join(lab.dir, 'gate');
  const session = lab.session(`
    r <- foreach(i = 1:2) %dopar% {
      cat("one of", i, ""); cat("two\\n"); message("said \\u00e4"); print(list(i))
      warning("careful"); cat("to stderr\\n", file = stderr())
      writeLines("lines"); message("dots", appendLF = FALSE); for (k in 1:3) message(".", appendLF = FALSE); message("")
      cat("no end of line")
      if (i == 2) { cat("\\nwaiting\\n"); while (!file.exists("${gate}")) Sys.sleep(0.1) }
      i
    }`);
  await waitFor('the second task is seen to wait', () => worker.lines.includes('[loop 1 iteration 2] waiting'));
  writeFileSync(gate, '');
  await succeeded(session);
  const block = (i: number): string[] =>
    [
      `one of ${i} two`,
      'said ä',
      '[[1]]',
      `[1] ${i}`,
      '',
      'Warning: In eval(xpr, envir = envir): careful',
      'to stderr',
      'lines',
      'dots...',
      'no end of line',
    ].map((text) => `[loop 1 iteration ${i}] ${text}`);
  assert.deepEqual(marked(worker.lines), [...block(1), ...block(2), '[loop 1 iteration 2] waiting']);
});

test('a row of dots and a progress bar are seen to move, without a line for each step', async () => {
  const worker = lab.worker('w1');
  await lab.workersReady(1);
  const gate = join(lab.dir, 'gate');
  const session = lab.session(`
    r <- foreach(i = 1:2) %dopar% {
      if (i == 1) while (!file.exists("${gate}1")) { cat("."); Sys.sleep(0.2) }
      if (i == 2) {
        bar <- txtProgressBar(0, 1e4, style = 3); k <- 0
        while (!file.exists("${gate}2")) { k <- k + 1; setTxtProgressBar(bar, k * 50); Sys.sleep(0.05) }
      }
      i
    }`);
  await waitFor('dots', () => marked(worker.lines).some((line) => /iteration 1\] \.{3,}$/.test(line)));
  writeFileSync(`${gate}1`, '');
  await waitFor('the bar', () => marked(worker.lines).some((line) => /iteration 2\].*%/.test(line)));
  writeFileSync(`${gate}2`, '');
  await succeeded(session);
  assert.ok(marked(worker.lines).length < 20, worker.lines.join('\n'));
});

test('printing of every kind does no harm: much, own sinks, closed connections, bytes, programs', async () => {
  const worker = lab.worker('w1');
  await lab.workersReady(1);
  const session = lab.session(
    `
    r <- foreach(i = 1:6, .errorhandling = "pass") %dopar% {
      if (i == 1) for (k in 1:20000) cat("line", k, "\\n")
      if (i == 2) { sink(tempfile()); cat("hidden\\n") }
      if (i == 3) closeAllConnections()
      if (i == 4) { cat("\\xff\\xfe bytes\\n"); cat(strrep("x", 2e5), "\\n") }
      if (i == 5) { cat(capture.output(print(1:3)), "\\n"); system("echo from a shell") }
      if (i == 6) { cat("last words\\n"); for (k in 1:5000) cat("much", k, ""); stop("the end") }
      as.character(i)
    }
    stopifnot(identical(unlist(r[1:5]), as.character(1:5)))`,
    ', task_size = 2L',
  );
  await succeeded(session);
  await said(worker, /^\[loop 1 iteration 1\] line 20000 $/);
  await said(worker, /^\[loop 1 iteration 5\] \[1\] 1 2 3 $/);
  await said(worker, /^from a shell$/);
  assert.ok(!worker.lines.some((line) => line.includes('hidden')));
  const [[, fields]] = (await lab.redis.xrange(redisKeys.errors, '-', '+')) as [[string, string[]]];
  const output = (JSON.parse(fields[1]!) as { output: string }).output;
  assert.ok(output.startsWith('...') && output.endsWith('much 5000 ') && output.length < 9000, `${output.length}`);
});

test("the driver's log has plain lines for the beginning, the course and the end of each loop", async () => {
  const inputs = lab.prepare({
    script: `library(foreach)
for (k in 1:2) r <- foreach(i = 1:8, .combine = c) %dopar% { Sys.sleep(if (k == 1) 0.8 else 0); i }
`,
  });
  lab.worker('w1', inputs);
  const driver = lab.driver(inputs);
  await succeeded(driver);
  for (const loop of [1, 2]) {
    const told = events(driver).filter((event) => event['loop'] === loop);
    assert.equal(told[0]?.['event'], 'loop-started');
    assert.deepEqual([told.at(-1)?.['event'], told.at(-1)?.['done']], ['loop-ended', 8]);
  }
  assert.ok(
    driver.lines.some((line) =>
      /^foreach-fleet: loop 1, foreach\(i\) at run.R:2: [1-7] of 8 done, \d+ running, \d+ s so far$/.test(line),
    ),
    driver.lines.join('\n'),
  );
  assert.ok(
    driver.lines.some((line) => /^foreach-fleet: loop 1, foreach\(i\) at run.R:2: 8 of 8 done in \d+ s$/.test(line)),
  );
  // eslint-disable-next-line no-control-regex
  assert.ok(driver.lines.every((line) => !/[\u001b\r]/.test(line)));
});
