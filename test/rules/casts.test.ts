// `any` and casts hide from the compiler what a parser should have checked, so there are none where the product is, but
// for those of the table, each with its reason beside it, and they do not become more.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import ts from 'typescript';
import { projectFiles, projectRoot } from '../support/source-files.ts';

const MOST: Readonly<Record<string, { any: number; casts: number }>> = {
  functions: { any: 0, casts: 0 },
  cli: { any: 0, casts: 0 },
  'local-cloud': { any: 0, casts: 0 },
};

function countIn(path: string): { any: number; casts: number } {
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

for (const [folder, most] of Object.entries(MOST)) {
  it(`${folder} has at most ${most.any} any and ${most.casts} casts`, () => {
    const files = projectFiles().filter((path) => path.startsWith(`${folder}/`) && path.endsWith('.ts'));
    assert.ok(files.length > 0);
    const counts = files.map((path) => ({ path, ...countIn(path) })).filter(({ any, casts }) => any + casts > 0);
    const sum = (what: keyof typeof most): number => counts.reduce((all, each) => all + each[what], 0);
    assert.ok(sum('any') <= most.any && sum('casts') <= most.casts, JSON.stringify(counts));
  });
}
