// Every example is a job folder that the service would accept, and what its job file names is there.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parseJobId } from '../../../functions/job/job-id.ts';
import { parseJobFile } from '../../../functions/job-file/parse-job-file.ts';
import { projectRoot } from '../../support/source-files.ts';

const folder = `${projectRoot}examples/`;

describe('examples', () => {
  for (const entry of readdirSync(folder, { withFileTypes: true }).filter((item) => item.isDirectory())) {
    it(`${entry.name} is a valid job`, () => {
      const outcome = parseJobFile(readFileSync(`${folder}${entry.name}/job.yaml`), 'job.yaml');
      assert.ok('spec' in outcome, JSON.stringify(outcome));
      assert.deepEqual(parseJobId(entry.name), { jobId: entry.name });
      assert.ok(existsSync(`${folder}${entry.name}/${outcome.spec.script}`));
      const makeData = `${folder}${entry.name}/make-data.R`;
      const made = existsSync(makeData) ? readFileSync(makeData, 'utf8') : '';
      for (const { object } of outcome.spec.data)
        assert.ok(made.includes(`"${object}"`) || existsSync(`${folder}${entry.name}/${object}`), object);
    });
  }
});
