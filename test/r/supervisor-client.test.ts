// The supervisors' client against a Redis that is played here, so that what happens in between is no chance.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { promisify } from 'node:util';
import { redisKeys } from '../../functions/adapters/redis-keys.ts';
import { rLibrary } from '../../testing/lab.ts';

const client = join(rLibrary, 'foreachfleet/exec/supervisor-client');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fleet-client-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Commands of RESP that are complete, as their words. */
function readCommands(text: string): string[][] {
  return [...text.matchAll(/\*(\d+)\r\n((?:\$\d+\r\n[^\r]*\r\n)*)/g)]
    .map(([, count, words = '']) => ({
      count: Number(count),
      words: words.split('\r\n').filter((_, at) => at % 2 === 1),
    }))
    .filter(({ count, words }) => words.length === count)
    .map(({ words }) => words);
}

/**
 * A Redis that answers once it has heard so many commands as make a round trip, and does `before` ahead of its answer.
 */
async function beat(state: string, roundTrips: number[], before: () => void): Promise<string[][]> {
  const heard: string[][] = [];
  const server = createServer((socket) => {
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes.toString();
      const commands = readCommands(text);
      if (commands.length < (roundTrips[0] ?? Infinity)) return;
      roundTrips.shift();
      text = '';
      heard.push(...commands);
      before();
      socket.write(commands.map(([verb]) => (verb === 'HGET' ? '$-1\r\n' : ':0\r\n')).join(''));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const env = { FF_REDIS_PORT: String((server.address() as AddressInfo).port), FF_POD: 'w1' };
  try {
    await promisify(execFile)(client, ['beat-worker', state, 'no'], { env });
  } finally {
    server.close();
  }
  return heard;
}

const entries = (heard: string[][]): unknown[] =>
  heard.filter(([verb]) => verb === 'HSET').map((words) => (JSON.parse(words[3]!) as { state: string }).state);

test('a beat tells its entry and asks whether R is to be replaced in one round trip', async () => {
  const state = join(folder, 'state');
  writeFileSync(state, 'idle\n"loop":null\n');
  const heard = await beat(state, [2], () => undefined);
  assert.deepEqual(
    heard.map(([verb, key]) => [verb, key]),
    [
      ['HSET', redisKeys.workers],
      ['HGET', redisKeys.replace],
    ],
  );
  assert.deepEqual(entries(heard), ['idle']);
});

test('a beat that may stand in place of something newer is written again', async () => {
  const state = join(folder, 'state');
  writeFileSync(state, 'idle\n"loop":null\n');
  // R has begun a task and told Redis so itself, just before the older entry arrives
  const heard = await beat(state, [2, 2], () => writeFileSync(state, 'busy\n"loop":1\n'));
  assert.deepEqual(entries(heard), ['idle', 'busy']);
});
