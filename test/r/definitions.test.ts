// Methods, classes, functions and data that a script defines are on workers as they are in its session.
import { test } from 'node:test';
import type { Lab } from '../../testing/lab.ts';
import { labForAll } from '../../testing/lab-hooks.ts';
import { skipsWithout } from '../support/needs-r-package.ts';
import { probesAgree } from './probes.ts';

let lab: Lab;
labForAll((made) => (lab = made), ['w1', 'w2']);

for (const probes of ['definitions.R', 'globals.R', 'lookups.R', 'masks.R', 'bindings.R']) {
  test(`loops give what %do% gives: ${probes}`, async (context) => {
    if (await skipsWithout(context, 'R6', 'Matrix')) return;
    await probesAgree(lab, probes);
  });
}
