// doRNG on this backend: the numbers that it gives elsewhere, for any number of workers and task size, and after an
// interruption. doRNG comes from R's package repository into a folder of the test; without it the test is skipped.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { redisKeys } from '../../functions/adapters/redis-keys.ts';
import { Lab, rLibrary, type Running } from '../../testing/lab.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { onlySlow } from '../support/only-slow.ts';
import { succeeded } from '../../testing/succeeded.ts';

const install = (folder: string, packages: string): string => `
  repos <- getOption("repos")
  isUnset <- any(repos[["CRAN"]] %in% c("@CRAN@", "", NA))
  if (isUnset) utils::chooseCRANmirror(graphics = FALSE, ind = 1, local.only = TRUE)
  options(timeout = 60)
  install.packages(${packages}, lib = "${folder}", quiet = TRUE)
  sources <- utils::download.packages("doRNG", "${folder}", type = "source")
  utils::untar(sources[1, 2], exdir = file.path("${folder}", "source"))`;

async function withDoRng(context: TestContext, run: (lab: Lab, library: string) => Promise<void>): Promise<void> {
  const lab = await Lab.start();
  try {
    const library = join(lab.dir, 'library');
    mkdirSync(join(library, 'source'), { recursive: true });
    await lab.run('Rscript', ['-e', install(library, '"doRNG"')], { R_LIBS: rLibrary }).exited;
    if (!existsSync(join(library, 'doRNG'))) context.skip('doRNG could not be installed');
    else await run(lab, library);
  } finally {
    await lab.stop();
  }
}

const code = readFileSync(join(import.meta.dirname, 'dorng.R'), 'utf8');

test('doRNG gives its own numbers, whatever the workers, their number and their deaths', onlySlow, async (context) => {
  await withDoRng(context, async (lab, library) => {
    const program = (pause: number, more = ''): string =>
      `.libPaths(c("${library}", .libPaths()))\npause <- ${pause}\n${more}\n${code}`;
    const digest = async (session: Running): Promise<string> => {
      await succeeded(session);
      return session.lines.find((line) => line.startsWith('digest')) ?? 'none';
    };
    const env = { R_LIBS: `${library}:${rLibrary}` };
    lab.worker('w1', undefined, env);
    await lab.workersReady(1);
    const one = await digest(lab.session(program(0)));
    lab.worker('w2', undefined, env);
    await lab.workersReady(2);
    assert.equal(await digest(lab.session(program(0), ', task_size = 5L')), one);

    const journal = `, journal = "${join(lab.dir, 'journal')}", seed = 1`;
    await lab.redis.del(redisKeys.loop(1));
    const killed = lab.session(program(0.5, 'skip_sequential <- TRUE'), journal);
    await waitFor('some of the first loop', async () => Number(await lab.redis.hget(redisKeys.loop(1), 'done')) >= 4);
    killed.process.kill('SIGKILL');
    await killed.exited;
    const resumed = await digest(lab.session(program(0.5, 'skip_sequential <- TRUE'), journal));
    assert.equal(resumed.replace(/ reused.*/, ''), one.replace(/ reused.*/, ''));
    assert.ok(Number(/reused (\d+)/.exec(resumed)?.[1]) >= 4, resumed);
  });
});
