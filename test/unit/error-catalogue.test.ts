/** The catalogue of error codes and the sources name the same codes. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import ts from 'typescript';
import { projectFiles, projectRoot } from '../support/source-files.ts';

const CODE = /\bFF-[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)*-?/g;
const rows = readFileSync(`${projectRoot}docs/errors.md`, 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| FF-'))
  .map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
const catalogue = rows.map(([code]) => code ?? '');

/**
 * Codes in strings and templates; comments do not count. A template that ends in
 * `FF-X-` stands for every code that begins so.
 */
function codesOf(path: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddle(node) || ts.isTemplateTail(node))
      found.push(...(node.text.match(CODE) ?? []));
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, readFileSync(projectRoot + path, 'utf8'), ts.ScriptTarget.Latest, false));
  return found;
}

const used = new Map<string, string>();
for (const path of projectFiles().filter((file) => /^(functions|cli)\/.*\.ts$/.test(file)))
  for (const code of codesOf(path)) used.set(code, path);

const matches = (code: string, known: string): boolean =>
  code.endsWith('-') ? known.startsWith(code) : code === known;

describe('the error catalogue', () => {
  it('has every code that the sources use', () => {
    const missing = [...used].filter(([code]) => !catalogue.some((known) => matches(code, known)));
    assert.deepEqual(missing, []);
  });

  it('has no code that nothing uses', () => {
    const unused = catalogue.filter((known) => ![...used.keys()].some((code) => matches(code, known)));
    assert.deepEqual(unused, []);
  });

  it('has each code once, with what happened, why, and what to do', () => {
    assert.deepEqual(catalogue.toSorted(), [...new Set(catalogue)].toSorted());
    const incomplete = rows.filter((row) => row.length !== 4 || row.some((cell) => cell === ''));
    assert.deepEqual(incomplete, []);
  });
});
