/**
 * Values too large for Redis on the embedded cloud: results leave as files, a shared export arrives
 * as one, and cancel and resume keep them.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import type { Session } from '../../cli/session.ts';
import { submitFolder } from '../../cli/submit-folder.ts';
import {
  assertNothingLeft,
  cancelWhenSaved,
  identicalInR,
  Journey,
  output,
  plainR,
  resumeToEnd,
} from '../../testing/journey.ts';

const LARGE_BYTES = 20e6;
const FIRST = 4;

/** Two loops that export 30 MB; the results of the first have 20 MB. Attributes must survive. */
const script = `
library(foreach)
base <- data.frame(x = seq(0, 1, length.out = 2500000), y = rep(1:5, 500000))
attr(base, "origin") <- list("here", as.Date("2026-01-01"))
first <- foreach(i = 1:${FIRST}) %dopar% {
  cat("a", i, "\\n", sep = "", file = TRACE, append = TRUE)
  while (i > 3 && nzchar(Sys.getenv("FF_JOB")) && !file.exists(paste0(TRACE, ".go"))) Sys.sleep(0.2)
  structure(base$x * i, origin = attr(base, "origin"))
}
second <- foreach(i = 1:6, .combine = rbind) %dopar% {
  cat("b", i, "\\n", sep = "", file = TRACE, append = TRUE)
  mine <- base
  mine$x[i] <- -1
  data.frame(i = i, sum = sum(mine$x), level = base$y[i])
}
saveRDS(list(first, second), "value.rds", compress = FALSE)
`;

describe('a job with large values', () => {
  const journey = new Journey();
  let session: Session;

  before(async () => {
    session = await journey.start();
  });
  after(() => journey.cleanUp());

  it('is cancelled in mid-job, keeps its files, goes on without computing them again, and equals plain R', async () => {
    const folder = journey.jobFolder('large', script, 'script: run.R\nworker: {cpu: 1, memory: 1Gi, max: 2}\n');
    await submitFolder(session, folder, 'large');
    const kept = await cancelWhenSaved(session, 'large', 3);
    assert.deepEqual(kept.map((line) => `${line.loop}/${line.iteration}`).toSorted(), ['1/1', '1/2', '1/3']);
    for (const line of kept) {
      assert.match(line.object, /^large\/attempt-1\/loop-1\/iteration-00000\d-[0-9a-f]{16}\.rds$/);
      const value = await session.buckets.results.read(line.object, 1e8);
      assert.ok(value!.bytes.length > LARGE_BYTES);
      assert.equal(createHash('sha256').update(value!.bytes).digest('hex'), line.sha256);
    }
    const exported = await session.buckets.results.list('large/attempt-1/exports/');
    assert.equal(exported.length, 1, 'one export for two loops');
    assert.ok(exported[0]!.bytes > 30e6);

    writeFileSync(`${journey.traceFile('large')}.go`, '');
    const status = await resumeToEnd(session, journey, 'large', kept, (line) => `a${line.iteration}`);
    assert.equal(status.tasks.reused, 3);
    assert.ok(await identicalInR(await output(session, 'large', 2, 'value.rds'), await plainR(folder, 'value.rds')));
    await assertNothingLeft(session);
  });
});
