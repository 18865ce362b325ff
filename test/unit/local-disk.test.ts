/** What waits while the disk is full is written when there is room, whole and in order. /dev/full is the disk. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { appendText, replaceText } from '../../local-cloud/disk.ts';
import { waitFor } from '../../testing/wait-for.ts';

test('appended and replaced texts wait in their order, and nobody has an error', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'ff-disk-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [log, state] = [join(folder, 'log'), join(folder, 'state')];
  symlinkSync('/dev/full', log);
  appendText(log, 'one\n');
  appendText(log, 'two\n');
  replaceText(state, 'old');
  replaceText(state, 'new');
  appendText(state, ' and more');
  assert.equal(existsSync(state), false, 'a snapshot does not overtake the log');
  unlinkSync(log);
  await waitFor('everything is written', () => existsSync(state));
  assert.equal(readFileSync(log, 'utf8'), 'one\ntwo\n');
  assert.equal(readFileSync(state, 'utf8'), 'new and more');
  appendText(log, 'three\n');
  assert.equal(readFileSync(log, 'utf8'), 'one\ntwo\nthree\n');
});

test('another error is thrown to whoever writes', () => {
  assert.throws(() => appendText('/nowhere/log', 'one\n'), { code: 'ENOENT' });
  assert.throws(() => replaceText('/nowhere/state', 'one\n'), { code: 'ENOENT' });
});
