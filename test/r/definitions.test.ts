// Methods, classes, functions and data that a script defines are on workers as they are in its session.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Lab } from '../../testing/lab.ts';
import { skipsWithout } from '../support/needs-r-package.ts';

let lab: Lab;
before(async () => {
  lab = await Lab.start();
  lab.worker('w1');
  lab.worker('w2');
  await lab.workersReady(2);
});
after(() => lab.stop());

const rScript = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8');

for (const probes of ['definitions.R', 'globals.R', 'lookups.R', 'masks.R']) {
  test(`loops give what %do% gives: ${probes}`, async (context) => {
    if (await skipsWithout(context, 'R6', 'Matrix')) return;
    const session = lab.session(`${rScript('probe.R')}\n${rScript(probes)}`);
    assert.equal(await session.exited, 0, session.lines.join('\n'));
    assert.ok(session.lines.includes('all probes agree'));
  });
}
