// doRedis' own test on this backend. Slow, and its source comes from R's package repository: only with FF_SLOW_TESTS=1.
// Its second file hands a hand-made task to redisWorker() through a package that has left CRAN (rredis): it is about doRedis' worker, not about a backend.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Lab } from './lab.ts';

const slow = process.env['FF_SLOW_TESTS'] === '1';

const download = `
  repos <- getOption("repos")
  if (any(repos[["CRAN"]] %in% c("@CRAN@", "", NA))) utils::chooseCRANmirror(graphics = FALSE, ind = 1, local.only = TRUE)
  options(timeout = 60)
  got <- utils::download.packages("doRedis", commandArgs(TRUE)[1], type = "source")
  utils::untar(got[1, 2], exdir = commandArgs(TRUE)[1])`;

/** Setting up and taking down bare doRedis is ours to do; everything else stays. */
const SETTING = /redisConnect\(|removeQueue\(|startLocalWorkers\(|registerDoRedis\(|Sys\.sleep\(/;

test(
  "doRedis' own test passes",
  { skip: slow ? false : 'set FF_SLOW_TESTS=1 to run it', timeout: 300_000 },
  async (context: TestContext) => {
    const lab = await Lab.start();
    try {
      const folder = join(lab.dir, 'source');
      mkdirSync(folder);
      await lab.run('Rscript', ['-e', download, folder], {}).exited;
      const path = join(folder, 'doRedis/tests/test.R');
      if (!existsSync(path)) {
        context.skip("doRedis' source could not be downloaded");
        return;
      }
      const lines = readFileSync(path, 'utf8').split('\n');
      const kept = lines.filter((line) => !SETTING.test(line));
      context.diagnostic(`${lines.length - kept.length} lines of setting up and taking down replaced`);
      lab.worker('w1');
      lab.worker('w2');
      await lab.workersReady(2);
      const session = lab.session(
        `Sys.setenv(TEST_DOREDIS = "TRUE")\n${kept.join('\n')}\nstopifnot(getDoParName() == "doFleet", nrow(fleetLoops()) == 2)\n`,
      );
      assert.equal(await session.exited, 0, session.lines.join('\n'));
    } finally {
      await lab.stop();
    }
  },
);
