// Packages that people use, by their own foreach idioms: the answers on workers are plain R's. `npm test` runs the fast
// cases; `npm run test:slow` all of them, and installs Debian's packages for that.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { Lab, rLibrary } from '../../testing/lab.ts';
import { skipsWithout } from '../support/needs-r-package.ts';
import { onlySlow, runsSlowTests } from '../support/only-slow.ts';
import { cases, type Case } from './packages/cases.ts';
import { installFromDebian } from './packages/install.ts';
import { succeeded } from '../../testing/succeeded.ts';

const folder = join(import.meta.dirname, 'packages');

describe('packages', () => {
  let lab: Lab;
  before(async () => {
    if (runsSlowTests) process.stdout.write(`${await installFromDebian(cases.flatMap(({ packages }) => packages))}\n`);
    lab = await Lab.start();
    for (const name of ['w1', 'w2']) lab.worker(name);
    await lab.workersReady(2);
  });
  after(() => lab.stop());

  for (const one of cases) {
    test(one.name, one.isFast ? {} : { ...onlySlow, timeout: 300_000 }, async (context) => {
      if (await skipsWithout(context, ...one.packages)) return;
      const answers = await runBoth(lab, one);
      const names = new Set(answers.map(({ name }) => name));
      assert.deepEqual(
        Object.keys(one.knownFailures ?? {}).filter((name) => !names.has(name)),
        [],
      );
      assert.ok(names.size > 0);
      for (const answer of answers) await report(context, one, answer);
    });
  }
});

type Answer = { readonly name: string; readonly differs: string };

/** A known failure that has become right is told by the slow tier, so that its entry goes. */
async function report(context: TestContext, one: Case, { name, differs }: Answer): Promise<void> {
  const reason = one.knownFailures?.[name];
  const isOutdated = reason !== undefined && differs === '' && runsSlowTests;
  await context.test(name, reason === undefined || isOutdated ? {} : { todo: reason }, () => {
    assert.ok(!isOutdated, 'agrees now: take it off the known failures');
    assert.ok(differs === '', differs);
  });
}

/** Side by side: plain R, and a session on the workers. */
async function runBoth(lab: Lab, { name }: Case): Promise<Answer[]> {
  const file = join(folder, `${name}.R`);
  const [plainFile, fleetFile] = [join(lab.dir, `${name}-plain.rds`), join(lab.dir, `${name}-fleet.rds`)];
  const env = { R_LIBS: rLibrary, TMPDIR: lab.dir };
  const plain = lab.run('Rscript', ['--vanilla', join(folder, 'plain.R'), file, plainFile], env);
  const code = [join(folder, 'harness.R'), file].map((path) => readFileSync(path, 'utf8')).join('\n');
  const fleet = lab.session(`${code}\nsaveRDS(answers, "${fleetFile}")\n`);
  await succeeded(plain);
  await succeeded(fleet);
  const compared = lab.run('Rscript', ['--vanilla', join(folder, 'compare.R'), plainFile, fleetFile], env);
  await succeeded(compared);
  return compared.lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Answer);
}
