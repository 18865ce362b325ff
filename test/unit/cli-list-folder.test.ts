/** Which files `submit` sends: links are followed inside the folder and refused where they lead out of it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { listFolder } from '../../cli/list-folder.ts';

describe('the files of a folder', () => {
  let top: string;
  let folder: string;
  const link = (name: string, target: string): void => symlinkSync(target, join(folder, name));

  beforeEach(() => {
    top = mkdtempSync(join(tmpdir(), 'ff-folder-'));
    folder = join(top, 'job');
    mkdirSync(join(folder, 'data', 'deep'), { recursive: true });
    writeFileSync(join(folder, 'run.R'), '1\n');
    writeFileSync(join(folder, 'data', 'deep', 'größe.csv'), '123');
    writeFileSync(join(top, 'outside.csv'), 'secret');
  });
  afterEach(() => rmSync(top, { recursive: true }));

  it('are all below it, in name order, without hidden ones', async () => {
    mkdirSync(join(folder, '.git'));
    writeFileSync(join(folder, '.git', 'config'), '');
    assert.deepEqual(await listFolder(folder), [
      { name: 'data/deep/größe.csv', bytes: 3 },
      { name: 'run.R', bytes: 2 },
    ]);
  });

  it('are there under the name of each link to a file or a folder inside', async () => {
    link('copy.R', 'run.R');
    link('absolute.R', join(folder, 'run.R'));
    link('chain.R', 'copy.R');
    link('same', 'data/deep');
    assert.deepEqual(
      (await listFolder(folder)).map(({ name }) => name),
      ['absolute.R', 'chain.R', 'copy.R', 'data/deep/größe.csv', 'run.R', 'same/größe.csv'],
    );
  });

  it('may be reached by a folder that is itself a link', async () => {
    symlinkSync(folder, join(top, 'by-link'));
    link('copy.R', 'run.R');
    assert.equal((await listFolder(join(top, 'by-link'))).length, 3);
  });

  const refused: [what: string, target: () => string, says: RegExp][] = [
    ['a file outside', () => '../outside.csv', /wrong.csv is a link that leads out of the folder/],
    ['a file outside by a whole path', () => join(top, 'outside.csv'), /leads out of the folder/],
    ['a folder outside', () => '..', /leads out of the folder/],
    ['nothing', () => 'missing.csv', /leads to nothing/],
    ['itself', () => 'wrong.csv', /leads to nothing/],
    ['a folder above it', () => '.', /around in a circle/],
  ];
  for (const [what, target, says] of refused)
    it(`refuse a link to ${what}`, async () => {
      link('wrong.csv', target());
      await assert.rejects(listFolder(folder), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'FF-LINK');
        assert.match(error.message, says);
        return true;
      });
    });

  it('refuse a pipe: it would be read for ever', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    await assert.rejects(listFolder(folder), { code: 'FF-NOT-A-FILE' });
  });
});
