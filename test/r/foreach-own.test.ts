// foreach's own tests on this backend. Slow, and their source comes from R's
// package repository: only in the slow tier.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Lab } from '../../testing/lab.ts';
import { onlySlow } from '../support/only-slow.ts';
import { packageSource } from './package-source.ts';

test(
  "foreach's own tests give what they give on bare doRedis",
  { ...onlySlow, timeout: 600_000 },
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
