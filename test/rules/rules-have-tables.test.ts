// A rule is held by a table of values: each file that decides has a test of its name, which calls it. What the whole
// machinery does with it is seen elsewhere, and shows a wrong decision late.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { projectFiles } from '../support/source-files.ts';
import { importsOf } from '../support/source-imports.ts';

/** In functions/: rules, what they are put together of, and the diagram of phases. */
const DECIDES = /^functions\/(reconcile\/((plan|size|choose)(-.*)?|step|tend-workload)|job\/phase)\.ts$/;

function testOf(path: string): string {
  return path.replace('functions/', 'test/unit/').replace(/\.ts$/, '.test.ts');
}

it('each rule has a table of its name, which calls it', () => {
  const files = projectFiles();
  const rules = files.filter((path) => DECIDES.test(path));
  assert.ok(rules.length > 20);
  const without = rules.filter((path) => {
    const test = testOf(path);
    return !files.includes(test) || !importsOf(test).some(({ to, isTypeOnly }) => to === path && !isTypeOnly);
  });
  assert.deepEqual(without, []);
});
