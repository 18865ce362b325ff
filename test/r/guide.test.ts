// The guide (the package's vignette) is true: what it does on one machine is done here, and R says what the guide says.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startRedis } from '../../testing/redis-server.ts';
import { Lab, rLibrary } from '../../testing/lab.ts';
import { succeeded } from '../../testing/succeeded.ts';

const guide = readFileSync(join(import.meta.dirname, '../../worker-image/vignettes/laptop-to-cloud.Rmd'), 'utf8');
const chunks = [...guide.matchAll(/^```\{r(.*)\}\n([^]*?)^```$/gm)].map(([, options, code]) => ({
  code: code!,
  needsRedis: options!.includes('eval = FALSE'),
}));
const quoted = [...guide.matchAll(/^ {4}(foreach-fleet: .*)$/gm)].map(([, line]) => line!);

test('the guide can be followed on one machine', async () => {
  const lab = await Lab.start();
  const redis = await startRedis({ password: '' });
  try {
    const address = `localhost:${redis.port}`;
    const code = chunks
      .filter((chunk) => chunk.needsRedis)
      .map((chunk) => chunk.code)
      .join('\n')
      .replaceAll('startFleetWorkers(2)', `startFleetWorkers(2, redis = "${address}")`)
      .replaceAll('"localhost"', `"${address}"`);
    const follow = async (script: string): Promise<string[]> => {
      writeFileSync(join(lab.dir, 'run.R'), script);
      writeFileSync(join(lab.dir, 'follow.R'), `setwd("${lab.dir}")\n${code}`);
      const env = { R_LIBS: rLibrary, TMPDIR: lab.dir };
      const session = lab.run('Rscript', ['--vanilla', join(lab.dir, 'follow.R')], env);
      await succeeded(session);
      // A loop that is slow on a busy machine also reports its progress.
      return session.lines.filter((line) => line.startsWith('foreach-fleet: loop 1') && line.includes('reused'));
    };
    const script = chunks[0]!.code.replace('%do%', '%dopar%');
    const changed = script.replace('rexp(n)', '2 * rexp(n, 2)');
    assert.deepEqual(
      [await follow(script), await follow(script), await follow(changed)],
      [[], [quoted[0]], [quoted[1]]],
    );
  } finally {
    await lab.stop();
    await redis.stop();
  }
});
