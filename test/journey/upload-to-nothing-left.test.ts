/** Journeys with real R, Redis and doRedis on the embedded cloud: what the product promises, end to end. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { readErrors } from '../../cli/error-reports.ts';
import { readStatus, type Session } from '../../cli/session.ts';
import { submitFolder } from '../../cli/submit-folder.ts';
import { paths } from '../../functions/job/names.ts';
import { readLedger } from '../../functions/reconcile/read-ledger.ts';
import {
  assertNothingLeft,
  cancelWhenSaved,
  ended,
  identicalInR,
  Journey,
  output,
  plainR,
  resumeToEnd,
  runJob,
  patienceSeconds,
} from '../../testing/journey.ts';
import { waitFor } from '../../testing/wait-for.ts';

const twoLoops = `
library(foreach)
first <- foreach(i = 1:6, .combine = c) %dopar% {
  cat("a", i, "\\n", sep = "", file = TRACE, append = TRUE)
  set.seed(i); rnorm(1)
}
second <- foreach(x = first, i = 1:6, .combine = rbind) %dopar% {
  cat("b", i, "\\n", sep = "", file = TRACE, append = TRUE)
  data.frame(i = i, doubled = 2 * x)
}
saveRDS(list(first, second), "value.rds")
writeLines("done", "note.txt")
`;

const slow = (n: number, seconds: number): string => `
library(foreach)
value <- foreach(i = 1:${n}, .combine = c) %dopar% {
  cat(i, "\\n", sep = "", file = TRACE, append = TRUE)
  Sys.sleep(if (nzchar(Sys.getenv("FF_JOB"))) ${seconds} else 0)
  set.seed(i); round(rnorm(1), 6)
}
saveRDS(value, "value.rds")
`;

const quick = 'script: run.R\nworker: {cpu: 1, memory: 1Gi, max: 3}\n';

describe('a job', () => {
  const journey = new Journey();
  let session: Session;

  before(async () => {
    session = await journey.start();
  });
  after(() => journey.cleanUp());

  it('becomes results identical() to plain R, one file per iteration, and nothing is left', async () => {
    const folder = journey.jobFolder('two-loops', twoLoops, quick);
    const status = await runJob(session, folder, 'two-loops');
    assert.equal(status.phase, 'succeeded', JSON.stringify(status.reason));
    assert.ok(
      await identicalInR(await output(session, 'two-loops', 1, 'value.rds'), await plainR(folder, 'value.rds')),
    );
    assert.equal((await output(session, 'two-loops', 1, 'note.txt')).toString(), 'done\n');
    const ledger = await readLedger(session.buckets, 'two-loops');
    assert.equal(ledger.length, 12);
    const first = await session.buckets.results.read(paths.iteration('two-loops', 1, 1, 1), 1e6);
    assert.equal(first?.bytes.subarray(0, 2).toString(), 'X\n');
    await assertNothingLeft(session);
  });

  it('that is cancelled keeps its results, and a resume runs only what is missing', async () => {
    const folder = journey.jobFolder('cancelled', slow(14, 1), quick);
    await submitFolder(session, folder, 'cancelled');
    const kept = await cancelWhenSaved(session, 'cancelled', 3);
    assert.ok(kept.length >= 3);
    const status = await resumeToEnd(session, journey, 'cancelled', kept, (line) => String(line.iteration));
    assert.ok(status.tasks.reused >= kept.length);
    assert.ok(
      await identicalInR(await output(session, 'cancelled', 2, 'value.rds'), await plainR(folder, 'value.rds')),
    );
    await assertNothingLeft(session);
  });

  it('with a syntax error in its script fails in the canary, with the line, on two machines at most', async () => {
    const status = await runJob(session, journey.jobFolder('syntax', 'library(foreach)\nx <- (1 +\n'), 'syntax');
    assert.equal(status.phase, 'failed');
    assert.match(status.reason?.message ?? '', /run\.R:\d+/);
    await assertNothingLeft(session);
  });

  it('whose tasks fail says which, with arguments and traceback', async () => {
    const script =
      'library(foreach)\nx <- foreach(i = 1:3) %dopar% { check <- function(v) stop("bad value ", v); check(i) }\n';
    const status = await runJob(session, journey.jobFolder('failing', script), 'failing');
    assert.equal(status.phase, 'failed');
    const errors = await readErrors(session, 'failing');
    assert.match(errors[0]?.message ?? '', /bad value \d/);
    assert.ok(
      errors[0]?.traceback?.some((line) => line.includes('check')),
      JSON.stringify(errors[0]),
    );
    await assertNothingLeft(session);
  });
});

describe('the whole local cloud killed with kill -9 in mid-job', () => {
  const journey = new Journey();
  after(() => journey.cleanUp());

  it('goes on when it is started again: same result, only unfinished tasks run again', async () => {
    const folder = journey.jobFolder('killed', slow(20, 1), quick);
    let session = await journey.start();
    await submitFolder(session, folder, 'killed');
    await waitFor(
      'four results are saved',
      async () => ((await readStatus(session, 'killed'))?.tasks.inBucket ?? 0) >= 4,
      patienceSeconds,
    );
    await journey.end('SIGKILL');
    session = await journey.start();
    const kept = await readLedger(session.buckets, 'killed');
    assert.ok(kept.length >= 4);
    const status = await ended(session, 'killed', 0);
    assert.equal(status.phase, 'succeeded', JSON.stringify(status.reason));
    const runs = journey.runs('killed');
    for (const { iteration } of kept)
      assert.equal(runs.get(String(iteration)), 1, `iteration ${iteration} was saved and ran again`);
    const value = await output(session, 'killed', status.attempt, 'value.rds');
    assert.ok(await identicalInR(value, await plainR(folder, 'value.rds')));
    await assertNothingLeft(session);
  });
});
