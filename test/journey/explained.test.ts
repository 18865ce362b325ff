/**
 * What a job can say of itself, with real R on the local cloud: values so far, errors and their
 * replay, and when too many errors end it.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { request } from '../../cli/control.ts';
import { readStatus, type Session } from '../../cli/session.ts';
import { submitFolder } from '../../cli/submit-folder.ts';
import { readLedger } from '../../functions/reconcile/read-ledger.ts';
import { CommandOf } from '../support/command.ts';
import {
  assertNothingLeft,
  ended,
  identicalInR,
  Journey,
  output,
  runJob,
  patienceSeconds,
} from '../../testing/journey.ts';
import { waitFor } from '../../testing/wait-for.ts';

const SMALL = 'script: run.R\nworker: {cpu: 1, memory: 1Gi, max: 2}\n';

/** Iterations above 8 wait until they are released; 3 fails for good. */
const fitted = (release: string): string => `
library(foreach)
label <- "fit"
add <- function(a, b) { stopifnot(is.data.frame(b)); rbind(a, b) }
fit <- function(x) stop(structure(class = c("badFit", "error", "condition"),
                                  list(message = paste("no", label, "at", x), call = quote(fit(x)))))
table <- foreach(i = 1:14, .combine = add, .final = function(x) x[order(-x$i), ], .errorhandling = "remove") %dopar% {
  cat(i, "\\n", sep = "", file = TRACE, append = TRUE)
  while (i > 8 && nzchar(Sys.getenv("FF_JOB")) && !file.exists(${JSON.stringify(release)})) Sys.sleep(0.1)
  if (i == 3) {
    warning("odd data"); message("about to fail"); print(dim(panel)); print(commandArgs(trailingOnly = TRUE))
    fit(mean(panel) + rnorm(1))
  }
  data.frame(i = i, x = rnorm(1))
}
nested <- foreach(a = 1:2, .combine = rbind) %:% foreach(b = 1:3, .combine = c) %dopar% (10 * a + b)
saveRDS(table, "table.rds")
saveRDS(nested, "nested.rds")
`;

describe('a job explains itself', () => {
  const journey = new Journey();
  const command = new CommandOf(journey.stateDir, journey.folder);
  const release = join(journey.folder, 'release');
  const out = join(journey.folder, 'out');
  let session: Session;

  before(async () => {
    session = await journey.start();
    const folder = journey.jobFolder(
      'fitted',
      fitted(release),
      `${SMALL}arguments: [quick]\ntasks: {size: 1}\ndata: [{object: panel.RData}]\n`,
    );
    const save = `panel <- matrix(as.numeric(1:20), 4); save(panel, file = "${folder}/panel.RData")`;
    execFileSync('Rscript', ['--vanilla', '-e', save]);
    await submitFolder(session, folder, 'fitted');
  });
  after(() => journey.cleanUp());

  const partial = async (): Promise<any[]> =>
    (await command.ask(0, 'results', 'fitted', '--to', out, '--partial')).partial;

  it('has a value of its loop in mid-job, and after it was cancelled', async () => {
    await waitFor(
      'seven results are saved',
      async () => (await readLedger(session.buckets, 'fitted')).length >= 7,
      patienceSeconds,
    );
    // The worker's report of the error is saved a moment before the driver has counted it in its loop.
    await waitFor(
      'the error is saved and counted',
      async () => {
        const status = await readStatus(session, 'fitted');
        return (status?.errors.count ?? 0) > 0 && status?.loops.some(({ failed }) => failed > 0) === true;
      },
      patienceSeconds,
    );
    const [loop] = await partial();
    assert.deepEqual([loop.loop, loop.combined, loop.total, loop.problem], [1, 7, 14, null]);
    assert.equal((await readStatus(session, 'fitted'))?.ended, false);
    const order = 'cat(readRDS("out/loop-1.partial.rds")$i)';
    const shown = execFileSync('Rscript', ['--vanilla', '-e', order], { cwd: journey.folder }).toString();
    assert.equal(shown, '8 7 6 5 4 2 1');
    await request(session, 'fitted', 'cancel');
    assert.equal((await ended(session, 'fitted', 0)).phase, 'cancelled');
    const { out: text } = await command.run('results', 'fitted', '--to', out, '--partial');
    assert.match(text, /loop 1, foreach\(i\) at run\.R:\d+: 7 of 14 iterations, 1 failed in loop-1\.partial\.rds/);
  });

  it('shows an error with all that is known of it, and how to run it again', async () => {
    const { out: text } = await command.runHere('errors', 'fitted');
    for (const expected of [
      /loop 1, iteration 3 \(try 1 of attempt 1, .+ on .+\): no fit at \d+/,
      /class: badFit/,
      /arguments: i = 3/,
      /call: fit\(x\)/,
      /traceback: .*fit\(/,
      /warnings: .*odd data/,
      /output: Warning: .*odd data\n {2}\| about to fail\n {2}\| \[1\] 4 5\n {2}\| \[1\] "quick"/,
      /took: [\d.]+ s; R had [\d.]+ MiB of memory/,
      /session: R version /,
      /next: foreach-fleet replay fitted 1 3\n/,
    ])
      assert.match(text, expected);
  });

  it('replays the error with its data and random numbers: exit code 7', async () => {
    const [report] = await command.askHere(0, 'errors', 'fitted');
    const done = await command.ask(7, 'replay', 'fitted', '1', '3');
    assert.deepEqual([done.outcome.outcome, done.outcome.message], ['same-error', report.message]);
    assert.deepEqual(done.outcome.class, ['badFit', 'error', 'condition']);
    assert.deepEqual(
      done.files.map((file: any) => [file.name, file.downloaded]),
      [['panel.RData', true]],
    );
    const again = await command.run('replay', 'fitted', '1', '3', '--batch');
    assert.equal(again.code, 7, again.out + again.err);
    assert.ok(!again.out.includes('fetching'), 'data are fetched once');
    assert.match(again.err, /Warning: .*odd data\n {2}\| about to fail\n[^]*Error in fit\(x\): no fit at/);
    assert.match(again.err, /Traceback \(innermost last\):\n {2}\| {3}(?:#\d+: )?fit\(/);
    assert.match(again.out, /\[1\] 4 5\n {2}\| \[1\] "quick"\nthe same error again: no fit at/);
  });

  it('replays what did not fail, with the value that it had', async () => {
    const done = await command.ask(0, 'replay', 'fitted', '1', '5', '--to', 'five');
    assert.equal(done.outcome.outcome, 'succeeded');
    const journalled = readFileSync(join(out, 'attempt-1/loop-1/iteration-000005.rds'));
    assert.ok(await identicalInR(readFileSync(join(journey.folder, 'five/value.rds')), journalled));
  });

  it('replays in an R session on a terminal', async () => {
    const ran = await command.onTerminal('print(i)\nlabel\nreplay()\n0\nq()\n', 'replay', 'fitted', '1', '3');
    const text = ran.out.replaceAll('\r', '');
    assert.equal(ran.code, 0, text);
    assert.match(text, /This is loop 1, iteration 3 of job fitted, attempt 1\.\nIt failed with: no fit at/);
    assert.match(text, /Its arguments: {2}i = 3L\nIts objects: {4}.*label/);
    assert.match(text, /Type {2}replay\(\)/);
    assert.match(text, /> print\(i\)\n\[1\] 3\n> label\n\[1\] "fit"\n> replay\(\)\n[^]*Error: no fit at/);
  });

  it('says why something cannot be replayed', async () => {
    assert.equal((await command.askHere(2, 'replay', 'fitted', '9', '1')).error.code, 'FF-NOT-FAILED');
    assert.equal((await command.ask(2, 'replay', 'fitted', '1', '4000')).error.code, 'FF-NO-REPLAY');
    assert.equal((await command.askHere(2, 'replay', 'fitted', '1', 'three')).error.code, 'FF-USAGE');
    assert.equal(
      (await command.askHere(2, 'replay', 'fitted', '1', '3', '--attempt', '7')).error.code,
      'FF-NOT-FAILED',
    );
    assert.equal((await command.askHere(5, 'replay', 'nobody', '1', '1')).error.code, 'FF-NO-JOB');
  });

  it('has the loops own values in the end, nested ones too', async () => {
    writeFileSync(release, '');
    await request(session, 'fitted', 'resume');
    const status = await ended(session, 'fitted', 1);
    assert.equal(status.phase, 'succeeded', JSON.stringify(status.reason));
    const [table, nested] = await partial();
    assert.deepEqual([table.combined, nested.combined, nested.total], [13, 6, 6]);
    for (const [loop, name] of [
      [1, 'table.rds'],
      [2, 'nested.rds'],
    ] as const) {
      const value = readFileSync(join(out, `loop-${loop}.partial.rds`));
      assert.ok(await identicalInR(value, await output(session, 'fitted', 2, name)), name);
    }
    await assertNothingLeft(session);
  });

  it('replays an iteration that ends R', async () => {
    const script = `library(foreach)
      x <- foreach(i = 1:3, .errorhandling = "pass") %dopar% if (i == 2) tools::pskill(Sys.getpid(), 9) else i\n`;
    const status = await runJob(session, journey.jobFolder('poison', script, `${SMALL}tasks: {tries: 1}\n`), 'poison');
    assert.equal(status.phase, 'succeeded', JSON.stringify(status.reason));
    assert.match((await command.askHere(0, 'errors', 'poison'))[0].message, /given up: it ended its R process/);
    const { outcome } = await command.ask(7, 'replay', 'poison', '1', '2', '--to', 'poison-replay');
    assert.match(outcome.message, /SIGKILL/);
  });

  it('ends when nearly everything fails, says which limit, and can go on', async () => {
    const script = `library(foreach)
      x <- foreach(i = 1:60, .combine = c, .errorhandling = "remove") %dopar% {
        cat(i, "\\n", sep = "", file = TRACE, append = TRUE); Sys.sleep(0.02)
        if (i > 6) stop("no data for ", i)
        i
      }
      saveRDS(x, "x.rds")\n`;
    const limits = (text: string): string => `${SMALL}tasks: {size: 1, errors: ${text}}\n`;
    const folder = journey.jobFolder('limited', script, limits('{count: 8, rate: 0.5, sample: 12}'));
    const status = await runJob(session, folder, 'limited');
    assert.deepEqual([status.phase, status.reason?.code], ['failed', 'FF-TOO-MANY-ERRORS']);
    const message = status.reason?.message ?? '';
    assert.match(message, /too many errors: \d+ of \d+ finished iterations of loop 1 failed /);
    assert.ok(message.includes('failed (limits: 8 errors, 50 %, after at least 12 iterations)'), message);
    assert.match(status.reason?.remedy ?? '', /tasks\.errors.*errors: null/);
    const { out: text } = await command.runHere('errors', 'limited');
    assert.match(
      text,
      /\d+ errors like this, in loop 1, iterations [\d, ]+ and \d+ more; the first:\nloop 1, iteration \d+/,
    );
    assert.equal(text.split('no data for').length, 2 + text.split('traceback').length - 1, 'the first only');
    assert.equal((await readLedger(session.buckets, 'limited')).length, 6);
    await assertNothingLeft(session);
    writeFileSync(join(folder, 'job.yaml'), limits('null'));
    await submitFolder(session, folder, 'limited');
    await request(session, 'limited', 'resume');
    const second = await ended(session, 'limited', 1);
    assert.deepEqual([second.phase, second.tasks.reused], ['succeeded', 6], JSON.stringify(second.reason));
    for (let i = 1; i <= 6; i += 1) assert.equal(journey.runs('limited').get(String(i)), 1);
    await assertNothingLeft(session);
  });
});
