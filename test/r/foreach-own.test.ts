// foreach's own tests on this backend. Slow, and their source comes from R's
// package repository: only with FF_SLOW_TESTS=1.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Lab } from '../../testing/lab.ts';
import { packageSource } from './package-source.ts';

const slow = process.env['FF_SLOW_TESTS'] === '1';

test(
  "foreach's own tests give what they give on bare doRedis",
  { skip: slow ? false : 'set FF_SLOW_TESTS=1 to run it', timeout: 600_000 },
  async (context: TestContext) => {
    const lab = await Lab.start();
    try {
      const tests = await packageSource(lab, 'foreach', 'tests/testthat');
      if (tests === null) return context.skip("foreach's source could not be downloaded");
      lab.worker('w1');
      lab.worker('w2');
      await lab.workersReady(2);
      const code = readFileSync(join(import.meta.dirname, 'foreach-own.R'), 'utf8');
      const session = lab.session(`commandArgs <- function(...) "${tests}"\n${code}`);
      const status = await session.exited;
      const counts = session.lines.filter((line) => /passed \d+ failed/.test(line));
      for (const line of counts) context.diagnostic(line);
      assert.equal(status, 0, session.lines.join('\n'));
      assert.match(counts[0] ?? '', /passed 5\d\d failed [01] /);
      assert.match(counts[1] ?? '', /failed 0 /);
    } finally {
      await lab.stop();
    }
  },
);
