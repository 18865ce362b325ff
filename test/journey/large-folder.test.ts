/** A folder of thousands of small files (one is a link) on the embedded cloud: driver and workers have them all. */
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Session } from '../../cli/session.ts';
import { assertNothingLeft, identicalInR, Journey, output, plainR, runJob } from '../../testing/journey.ts';

/** Their URLs do not fit a Secret. */
const FILES = 1300;

const script = `
library(foreach)
files <- list.files(".", "[.]txt$", recursive = TRUE)
there <- c(length(files), sum(vapply(files, function(file) scan(file, quiet = TRUE), 0)))
seen <- foreach(i = 1:4, .combine = rbind) %dopar% {
  files <- list.files(".", "[.]txt$", recursive = TRUE)
  c(i, length(files), sum(vapply(files, function(file) scan(file, quiet = TRUE), 0)))
}
saveRDS(list(there, unname(seen)), "value.rds")
`;

describe('a job with a large folder', () => {
  const journey = new Journey();
  let session: Session;

  before(async () => {
    session = await journey.start();
  });
  after(() => journey.cleanUp());

  it('has every file at its driver and its workers, and equals plain R', async () => {
    const folder = journey.jobFolder('many', script, 'script: run.R\nworker: {cpu: 1, memory: 1Gi, max: 2}\n');
    for (let i = 0; i < FILES; i++) {
      const place = join(folder, `part ${i % 7}`);
      mkdirSync(place, { recursive: true });
      writeFileSync(join(place, `größe-${i}.txt`), `${i}\n`);
    }
    symlinkSync('größe-0.txt', join(folder, 'part 0', 'link.txt'));
    const status = await runJob(session, folder, 'many');
    assert.equal(status.phase, 'succeeded', JSON.stringify(status.reason));
    assert.ok(await identicalInR(await output(session, 'many', 1, 'value.rds'), await plainR(folder, 'value.rds')));
    await assertNothingLeft(session);
  });
});
