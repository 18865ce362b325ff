// The tests of a file begin with the first that is defined. What a file defines after it has waited for something else
// may come when the others have ended already, and is then lost without a word. So a file waits before its first test.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import ts from 'typescript';
import { projectFiles, projectRoot } from '../support/source-files.ts';

const DEFINES = /^(describe|it|suite|test)(\.\w+)?$/;

/** Whether the statement does it itself: what is in functions comes later. */
function does(node: ts.Node, what: (node: ts.Node) => boolean): boolean {
  if (ts.isFunctionLike(node)) return false;
  return what(node) || (ts.forEachChild(node, (child) => does(child, what) || undefined) ?? false);
}

const waits = (node: ts.Node): boolean =>
  ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier !== undefined);
const defines = (node: ts.Node): boolean => ts.isCallExpression(node) && DEFINES.test(node.expression.getText());

function waitsBetweenTests(text: string): boolean {
  const { statements } = ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest, true);
  const first = statements.findIndex((statement) => does(statement, defines));
  return first >= 0 && statements.slice(first + 1).some((statement) => does(statement, waits));
}

it('knows a file that waits between its tests', () => {
  assert.equal(waitsBetweenTests("describe('a', f);\nconst b = await start();\ndescribe('b', g);"), true);
  assert.equal(waitsBetweenTests("const b = await start();\ndescribe('b', async () => { await g(); });"), false);
});

it('no test file waits between its tests', () => {
  const files = projectFiles().filter((path) => path.endsWith('.test.ts'));
  assert.deepEqual(
    files.filter((path) => waitsBetweenTests(readFileSync(projectRoot + path, 'utf8'))),
    [],
  );
});
