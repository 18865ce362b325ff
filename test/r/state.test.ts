// What one iteration leaves behind does not reach the next one on the same worker: settings, the search path, files,
// registrations, objects that are changed by reference.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Lab, type Running } from '../../testing/lab.ts';

let lab: Lab;
let worker: Running;
before(async () => {
  lab = await Lab.start();
  worker = lab.worker('w1');
  await lab.workersReady(1);
});
after(() => lab.stop());

const read = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8');

async function agrees(members: string): Promise<void> {
  const session = lab.session(`${read('state.R')}\n${members}\nfinish_members()`, ', task_size = 4');
  assert.equal(await session.exited, 0, [...session.lines, ...worker.lines.slice(-50)].join('\n'));
}

test('settings, search path, devices, connections and variables', { timeout: 240_000 }, async () => {
  await agrees(read('state-settings.R'));
});
