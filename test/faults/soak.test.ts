/** The functions' process over thousands of passes: flat in memory, sockets and files, with the deployed heap. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { it } from 'node:test';
import { startRedis } from '../../testing/redis-server.ts';
import { projectRoot } from '../support/source-files.ts';

const PASSES = 10_000;
const LONGEST_MS = 30 * 60_000;
/** Between the second tenth of the passes and the last one: what is compiled and cached grows at first. */
const MOST_GROWTH_BYTES = 8 * 1024 ** 2;

interface Figures {
  passes: number;
  heapBytes: number;
  bufferBytes: number;
  files: number;
}

it(`${PASSES} passes leave nothing behind`, { timeout: LONGEST_MS }, async (t) => {
  const redis = await startRedis({ asInCluster: true });
  t.after(() => redis.stop());
  const deployed = readFileSync(`${projectRoot}terraform/functions.tf`, 'utf8');
  const options = /NODE_OPTIONS = "([^"]+)"/.exec(deployed)?.[1]?.split(' ') ?? [];
  const program = `${projectRoot}test/faults/soak-passes.ts`;
  const args = [...options, '--expose-gc', program, String(PASSES), String(redis.port), redis.password];
  // The log of the passes goes to its standard output.
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const [said, ended] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  assert.equal(ended[0], 0, said);
  const lines = said.split('\n').filter((line) => line.startsWith('{"passes"'));
  const figures = lines.map((line) => JSON.parse(line) as Figures);
  for (const line of lines) t.diagnostic(line);
  const [, early] = figures;
  const last = figures.at(-1);
  assert.ok(early !== undefined && last !== undefined && figures.length === 10);
  assert.ok(last.passes >= PASSES);
  assert.ok(last.heapBytes - early.heapBytes < MOST_GROWTH_BYTES, `the heap grows to ${last.heapBytes} bytes`);
  assert.ok(last.bufferBytes - early.bufferBytes < MOST_GROWTH_BYTES, `buffers grow to ${last.bufferBytes} bytes`);
  assert.equal(last.files, early.files);
});
