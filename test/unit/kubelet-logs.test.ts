/** Log files of a container: rotation, tail over several files, following while it grows, the run before. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { readLog, restartToRead, type LogQuery } from '../../local-cloud/kubelet/logs/log-reader.ts';
import { ContainerLog, listSegments } from '../../local-cloud/kubelet/logs/log-writer.ts';

const ALL: LogQuery = {
  previous: false,
  follow: false,
  timestamps: false,
  tailLines: undefined,
  sinceMs: undefined,
  limitBytes: undefined,
};

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'kubelet-logs-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Writes one run of a container that prints the text. */
async function writeRun(dir: string, restart: number, text: string): Promise<ContainerLog> {
  const log = new ContainerLog(dir, restart, Date.now, () => undefined);
  const stream = new PassThrough();
  log.attach('stdout', stream);
  stream.end(text);
  await once(stream, 'end');
  await log.end();
  return log;
}

async function read(dir: string, restart: number, query: Partial<LogQuery>): Promise<string> {
  const pieces: Buffer[] = [];
  const source = { dir, restart, live: undefined };
  for await (const piece of readLog(source, { ...ALL, ...query }, new AbortController().signal)) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

test('the log turns over at 10 MiB and a tail reaches back over files', async (t) => {
  const dir = folder(t);
  const log = new ContainerLog(dir, 0, Date.now, () => undefined);
  const stream = new PassThrough();
  log.attach('stdout', stream);
  for (let line = 0; line < 1300; line++) {
    if (!stream.write(`${line} ${'x'.repeat(9000)}\n`)) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'end');
  await log.end();
  assert.equal(listSegments(dir).length, 2);
  const lines = (await read(dir, 0, { tailLines: 400 })).trimEnd().split('\n');
  assert.equal(lines.length, 400);
  assert.deepEqual([Number.parseInt(lines[0]!, 10), Number.parseInt(lines[399]!, 10)], [900, 1299]);
  assert.equal((await read(dir, 0, {})).trimEnd().split('\n').length, 1300);
});

test('tail, byte limit and since', async (t) => {
  const dir = folder(t);
  await writeRun(dir, 0, 'one\ntwo\nthree\n');
  assert.equal(await read(dir, 0, { tailLines: 2 }), 'two\nthree\n');
  assert.equal(await read(dir, 0, { tailLines: 0 }), '');
  assert.equal(await read(dir, 0, { tailLines: 9 }), 'one\ntwo\nthree\n');
  assert.equal(await read(dir, 0, { limitBytes: 5 }), 'one\nt');
  assert.equal(await read(dir, 0, { sinceMs: Date.now() + 60_000 }), '');
});

test('the present run and the one before are kept', async (t) => {
  const dir = folder(t);
  for (const run of [0, 1, 2]) await writeRun(dir, run, `run ${run}\n`);
  assert.deepEqual(
    listSegments(dir).map((segment) => segment.restart),
    [1, 2],
  );
  assert.equal(restartToRead(dir, 2, true), 1);
  assert.equal(restartToRead(dir, 2, false), 2);
  assert.equal(restartToRead(dir, 1, true), undefined);
});

test('a follower sees what comes and ends with the run', async (t) => {
  const dir = folder(t);
  const log = new ContainerLog(dir, 0, Date.now, () => undefined);
  const stream = new PassThrough();
  log.attach('stdout', stream);
  stream.write('first\n');
  const follower = readLog({ dir, restart: 0, live: log }, { ...ALL, follow: true }, new AbortController().signal);
  const next = async (): Promise<string> => String((await follower.next()).value);
  assert.equal(await next(), 'first\n');
  stream.end('second\n');
  assert.equal(await next(), 'second\n');
  await log.end();
  assert.equal((await follower.next()).done, true);
});

test('what is written between looking and waiting wakes the follower', { timeout: 10_000 }, async (t) => {
  const dir = folder(t);
  const log = await writeRun(dir, 0, 'first\n');
  let looks = 0;
  // The second look is the one before the follower waits: it has read all that there was.
  const live = {
    changes: log.changes,
    changeCount: 0,
    get ended() {
      looks += 1;
      if (looks !== 2) return looks > 3;
      appendFileSync(join(dir, '0.0.log'), '2026-01-01T00:00:00.000000000Z stdout F second\n');
      this.changeCount += 1;
      this.changes.emit('changed');
      return false;
    },
  };
  const follower = readLog({ dir, restart: 0, live }, { ...ALL, follow: true }, t.signal);
  const pieces: string[] = [];
  for await (const piece of follower) pieces.push(piece.toString());
  assert.deepEqual(pieces, ['first\n', 'second\n']);
});

test('lines are handed on whole, with their stream', async (t) => {
  const seen: [string, number][] = [];
  const log = new ContainerLog(folder(t), 0, Date.now, (stream, _time, line) => seen.push([stream, line.length]));
  const out = new PassThrough();
  const err = new PassThrough();
  log.attach('stdout', out);
  log.attach('stderr', err);
  out.write('x'.repeat(50_000));
  err.end('short\n');
  await once(err, 'end');
  out.end('\nlast');
  await once(out, 'end');
  await log.end();
  assert.deepEqual(seen, [
    ['stderr', 5],
    ['stdout', 50_000],
    ['stdout', 4],
  ]);
});
