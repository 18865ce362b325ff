/** Probes: scripts beside these tests that compare a loop on workers with `%do%`, and say so. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from '../../testing/lab.ts';
import { succeeded } from '../../testing/succeeded.ts';

export const rScript = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8');

export async function probesAgree(lab: Lab, probes: string): Promise<void> {
  const session = lab.session(`${rScript('probe.R')}\n${rScript(probes)}`);
  await succeeded(session);
  assert.ok(session.lines.includes('all probes agree'));
}
