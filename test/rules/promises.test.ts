// What README.md, SECURITY.md and docs/ promise is held by tests. The files of test/promises/ name for each sentence,
// and for each row of their tables, the tests that fail when it is not true any more. What cannot be shown by a test
// says why.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { promisesOf, readHeld, REASONS } from '../support/promises.ts';
import { projectFiles, projectRoot } from '../support/source-files.ts';

interface Document {
  readonly path: string;
  /** Below test/promises/. */
  readonly held: string;
  /** A test that compares the rows of its tables with the code, one by one. */
  readonly tablesBy?: string;
}

const DOCUMENTS: readonly Document[] = [
  { path: 'README.md', held: 'readme.txt' },
  { path: 'SECURITY.md', held: 'security.txt' },
  { path: 'docs/isolation.md', held: 'isolation.txt' },
  { path: 'docs/errors.md', held: 'errors.txt', tablesBy: 'test/unit/error-catalogue.test.ts' },
  { path: 'docs/decision-codes.md', held: 'decision-codes.txt', tablesBy: 'test/unit/job/decision-codes.test.ts' },
  { path: 'docs/redis-protocol.md', held: 'redis-protocol.txt', tablesBy: 'test/unit/adapters/redis-protocol.test.ts' },
];

const read = (path: string): string => readFileSync(projectRoot + path, 'utf8');

/** Whether there is such a reason, or a test (or its data) with such a text. */
function holds(by: string): boolean {
  const [, file = '', text = ''] = /^(\S+): (.+)$/.exec(by) ?? [];
  if (file === 'none') return REASONS.includes(text);
  return existsSync(projectRoot + file) && read(file).includes(text);
}

for (const { path, held: file, tablesBy } of DOCUMENTS)
  describe(path, () => {
    const held = readHeld(read(`test/promises/${file}`));
    const said = promisesOf(read(path)).filter((promise) => tablesBy === undefined || !promise.startsWith('| '));

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

it('every page of docs/ is held, and tables that have a test of their own are read by it', () => {
  const pages = projectFiles().filter((path) => /^docs\/[^/]+\.md$/.test(path));
  assert.deepEqual(
    pages.filter((page) => !DOCUMENTS.some(({ path }) => path === page)),
    [],
  );
  const loose = DOCUMENTS.filter(({ path, tablesBy }) => tablesBy !== undefined && !read(tablesBy).includes(path));
  assert.deepEqual(loose, []);
});
