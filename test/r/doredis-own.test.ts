// doRedis' own test on this backend. Slow, and its source comes from R's package repository: only in the slow tier.
// Its second file hands a hand-made task to redisWorker() through a package that has left CRAN (rredis): it is
// about doRedis' worker, not about a backend.
import { readFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { Lab } from '../../testing/lab.ts';
import { onlySlow } from '../support/only-slow.ts';
import { packageSource } from './package-source.ts';
import { succeeded } from '../../testing/succeeded.ts';

/** Setting up and taking down bare doRedis is ours to do; everything else stays. */
const SETTING = /redisConnect\(|removeQueue\(|startLocalWorkers\(|registerDoRedis\(|Sys\.sleep\(/;

test("doRedis' own test passes", { ...onlySlow, timeout: 300_000 }, async (context: TestContext) => {
  const lab = await Lab.start();
  try {
    const path = await packageSource(lab, 'doRedis', 'tests/test.R');
    if (path === null) return context.skip("doRedis' source could not be downloaded");
    const lines = readFileSync(path, 'utf8').split('\n');
    const kept = lines.filter((line) => !SETTING.test(line));
    context.diagnostic(`${lines.length - kept.length} lines of setting up and taking down replaced`);
    lab.worker('w1');
    lab.worker('w2');
    await lab.workersReady(2);
    const session = lab.session(
      [
        'Sys.setenv(TEST_DOREDIS = "TRUE")',
        ...kept,
        'stopifnot(getDoParName() == "doFleet", nrow(fleetLoops()) == 2)\n',
      ].join('\n'),
    );
    await succeeded(session);
  } finally {
    await lab.stop();
  }
});
