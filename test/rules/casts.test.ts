// `any` and casts hide from the compiler what a parser should have checked. So there are none in what runs, and none in
// what sets it up and runs its tests. The linter's rules on `any` find those that come from elsewhere, JSON.parse()
// above all.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import ts from 'typescript';
import { projectFiles, projectRoot } from '../support/source-files.ts';

function countIn(path: string): { any: number; casts: number } {
  const source = ts.createSourceFile(path, readFileSync(projectRoot + path, 'utf8'), ts.ScriptTarget.Latest, true);
  const found = { any: 0, casts: 0 };
  const visit = (node: ts.Node): void => {
    if (node.kind === ts.SyntaxKind.AnyKeyword) found.any += 1;
    if (ts.isAsExpression(node) && node.type.getText() !== 'const') found.casts += 1;
    if (ts.isTypeAssertionExpression(node)) found.casts += 1;
    // A member that is said to be there before anything has set it.
    if (ts.isPropertyDeclaration(node) && node.exclamationToken !== undefined) found.casts += 1;
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

for (const folder of ['functions', 'cli', 'local-cloud', 'scripts']) {
  it(`${folder} has no any and no casts`, () => {
    const files = projectFiles().filter((path) => path.startsWith(`${folder}/`) && path.endsWith('.ts'));
    assert.ok(files.length > 0);
    const found = files.map((path) => ({ path, ...countIn(path) })).filter(({ any, casts }) => any + casts > 0);
    assert.deepEqual(found, []);
  });
}
