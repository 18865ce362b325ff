/** The one way for a test to wait for a process that must end well. */
import assert from 'node:assert/strict';
import type { Running } from './lab.ts';

/** Of each process the last lines, when the first one has failed. */
const LAST_LINES = 200;

/** Ends when the process has ended with 0; else fails with what it and the `others` have said. */
export async function succeeded(running: Running, ...others: Running[]): Promise<void> {
  const told = (): string => [running, ...others].flatMap(({ lines }) => lines.slice(-LAST_LINES)).join('\n');
  assert.equal(await running.exited, 0, told());
}
