// What people write in tasks without a thought of where they run: two hundred idioms of R, each beside its value
// under `%do%` in the same session.
import { test } from 'node:test';
import type { Lab } from '../../testing/lab.ts';
import { labForAll } from '../../testing/lab-hooks.ts';
import { probesAgree } from './probes.ts';

let lab: Lab;
labForAll((made) => (lab = made), ['w1', 'w2']);

for (const subject of ['classes', 'calls', 'data', 'loops', 'scope', 'session']) {
  test(`idioms of R give what %do% gives: ${subject}`, async () => {
    await probesAgree(lab, `idioms-${subject}.R`);
  });
}
