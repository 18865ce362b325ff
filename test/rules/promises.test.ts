// What README.md, SECURITY.md and docs/ promise is held by tests: test/promises/ names for each sentence, and for each
// row of their tables, the tests that fail when it is not true any more. What cannot be shown by a test says why.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { promisesOf, readHeld, REASONS } from '../support/promises.ts';
import { projectRoot } from '../support/source-files.ts';

const DOCUMENTS: Readonly<Record<string, string>> = {
  'README.md': 'readme.txt',
  'SECURITY.md': 'security.txt',
  'docs/isolation.md': 'isolation.txt',
};

const read = (path: string): string => readFileSync(projectRoot + path, 'utf8');

/** Whether there is such a reason, or a test (or its data) with such a text. */
function holds(by: string): boolean {
  const [, file = '', text = ''] = /^(\S+): (.+)$/.exec(by) ?? [];
  if (file === 'none') return REASONS.includes(text);
  return existsSync(projectRoot + file) && read(file).includes(text);
}

for (const [document, file] of Object.entries(DOCUMENTS))
  describe(document, () => {
    const held = readHeld(read(`test/promises/${file}`));
    const said = promisesOf(read(document));

    it('says nothing of which nobody says how it is held', () => {
      const known = new Set(held.map(({ promise }) => promise));
      assert.deepEqual(
        said.filter((promise) => !known.has(promise)),
        [],
      );
    });

    it('still says what is held', () => {
      assert.deepEqual(
        held.map(({ promise }) => promise).filter((promise) => !said.includes(promise)),
        [],
      );
    });

    it('is held by tests that there are', () => {
      const loose = held.flatMap(({ promise, by }) =>
        by.length === 0 ? [promise] : by.filter((each) => !holds(each)).map((each) => `${promise} ${each}`),
      );
      assert.deepEqual(loose, []);
    });
  });
