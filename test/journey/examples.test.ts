/** The examples as they are shipped, on the embedded cloud: their files are the very bytes that plain R with %do% writes. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, describe, it } from 'node:test';
import type { Session } from '../../cli/session.ts';
import { assertNothingLeft, Journey, missingTools, output, plainR, runJob } from '../support/journey.ts';

const examples = fileURLToPath(new URL('../../examples/', import.meta.url));

/** Each with few pieces of work: `commandArgs(trailingOnly = TRUE)` of the scripts says how many. */
const rows: [example: string, pieces: string | null, files: string[]][] = [
  ['hello', null, ['pi.csv']],
  ['bootstrap', '12', ['coefficients.csv', 'prediction.csv']],
  ['heritability', '16', ['heritability.csv', 'replicates.csv']],
];

describe('the examples', { skip: missingTools() }, () => {
  const journey = new Journey();
  let session: Session;

  before(async () => {
    session = await journey.start();
  });
  after(() => journey.cleanUp());

  for (const [example, pieces, files] of rows)
    it(`${example} gives what plain R gives`, async () => {
      const folder = join(journey.folder, example);
      cpSync(join(examples, example), folder, { recursive: true });
      if (existsSync(join(folder, 'make-data.R')) && !existsSync(join(folder, 'panel.RData')))
        execFileSync('Rscript', ['--vanilla', 'make-data.R'], { cwd: folder, stdio: 'ignore' });
      const jobFile = readFileSync(join(folder, 'job.yaml'), 'utf8');
      if (pieces !== null) writeFileSync(join(folder, 'job.yaml'), `${jobFile.trimEnd()}\narguments: ['${pieces}']\n`);
      const status = await runJob(session, folder, example);
      assert.equal(status.phase, 'succeeded', JSON.stringify(status.reason));
      for (const file of files) {
        const expected = await plainR(folder, file, pieces === null ? [] : [pieces]);
        assert.equal((await output(session, example, 1, file)).toString(), expected.toString(), file);
      }
      await assertNothingLeft(session);
    });
});
