// The local cloud reads objects of the official client's types and narrows what comes over a wire: `any` and casts
// hide from the compiler what a parser should have checked, so there are few of them and they do not become many.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import ts from 'typescript';
import { projectFiles, projectRoot } from '../support/source-files.ts';

const MOST = { any: 7, casts: 62 };

function countIn(path: string): typeof MOST {
  const source = ts.createSourceFile(path, readFileSync(projectRoot + path, 'utf8'), ts.ScriptTarget.Latest, true);
  const found = { any: 0, casts: 0 };
  const visit = (node: ts.Node): void => {
    if (node.kind === ts.SyntaxKind.AnyKeyword) found.any += 1;
    if (ts.isAsExpression(node) && node.type.getText() !== 'const') found.casts += 1;
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

it(`the local cloud has at most ${MOST.any} any and ${MOST.casts} casts`, () => {
  const counts = projectFiles()
    .filter((path) => /^local-cloud\/.*\.ts$/.test(path))
    .map(countIn);
  const sum = (what: keyof typeof MOST): number => counts.reduce((all, each) => all + each[what], 0);
  const found = { any: sum('any'), casts: sum('casts') };
  assert.ok(found.any <= MOST.any && found.casts <= MOST.casts, JSON.stringify(found));
});
