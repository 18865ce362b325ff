/**
 * The examples as they are shipped, on the embedded cloud: their files are the very
 * bytes that plain R with %do% writes.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Session } from '../../cli/session.ts';
import { exampleFolder } from '../support/example-folder.ts';
import { assertNothingLeft, Journey, output, plainFiles, runJob } from '../../testing/journey.ts';

/** Each with few pieces of work: `commandArgs(trailingOnly = TRUE)` of the scripts says how many. */
const rows: [example: string, pieces: string | null, files: string[]][] = [
  ['hello', null, ['pi.csv']],
  ['bootstrap', '12', ['coefficients.csv', 'prediction.csv']],
  ['heritability', '16', ['heritability.csv', 'replicates.csv']],
];

describe('the examples', () => {
  const journey = new Journey();
  let session: Session;

  before(async () => {
    session = await journey.start();
  });
  after(() => journey.cleanUp());

  for (const [example, pieces, files] of rows)
    it(`${example} gives what plain R gives`, async () => {
      const folder = exampleFolder(journey.folder, example, pieces);
      const [status, expected] = await Promise.all([
        runJob(session, folder, example),
        plainFiles(folder, files, pieces === null ? [] : [pieces]),
      ]);
      assert.equal(status.phase, 'succeeded', JSON.stringify(status.reason));
      for (const [index, file] of files.entries())
        assert.equal((await output(session, example, 1, file)).toString(), expected[index]?.toString(), file);
      await assertNothingLeft(session);
    });
});
