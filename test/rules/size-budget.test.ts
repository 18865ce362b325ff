// The size budget: files that a reader takes in at once, functions that fit on a screen, lines that no window cuts off.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import ts from 'typescript';
import { projectFiles, projectRoot } from '../support/source-files.ts';

const largestFunction = 60;
const longestLine = 120;

/**
 * Texts in quotes that are longer: scripts and titles of tests, messages of the real cloud word by word. Their number
 * by folder may only fall.
 */
const longTexts: Record<string, number> = {
  bench: 2,
  cli: 7,
  functions: 2,
  'local-cloud': 9,
  scripts: 3,
  test: 93,
  testing: 1,
};

/** Other code that is wider still, by file (in Terraform texts, which take no joins): the numbers may only fall. */
const longLines: Record<string, number> = {
  'terraform/identities.tf': 2,
  'terraform/outputs.tf': 3,
  'terraform/variables.tf': 8,
};

const sources = projectFiles().filter((path) => /\.(ts|mjs|js|R|c|h)$/.test(path) && !path.startsWith('examples/'));

function countLines(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

/** Protocol files of the local cloud carry long tables of routes; nothing else may exceed 300 lines. */
function largestFile(path: string): number {
  return path.startsWith('local-cloud/') ? 400 : 300;
}

function findLongFunctions(path: string): string[] {
  const source = ts.createSourceFile(path, readFileSync(projectRoot + path, 'utf8'), ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const first = source.getLineAndCharacterOfPosition(node.getStart()).line;
      const lines = source.getLineAndCharacterOfPosition(node.end).line - first + 1;
      if (lines > largestFunction) found.push(`${path}:${first + 1} has ${lines} lines`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** What prettier leaves behind a text on its line, as `, async () => {` behind the title of a test. */
const longestTail = 20;

/** A line counts as text when a quoted text, a template or a regular expression makes it pass the limit. */
function findLongLines(path: string): { code: string[]; texts: number } {
  const text = readFileSync(projectRoot + path, 'utf8');
  const long = text.split('\n').flatMap((line, index) => (line.length > longestLine ? [index] : []));
  if (long.length === 0) return { code: [], texts: 0 };
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const starts = source.getLineStarts();
  const inText = new Set<number>();
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node) || ts.isRegularExpressionLiteral(node)) {
      for (const line of long) {
        const limit = (starts[line] ?? 0) + longestLine;
        if (node.getStart() < limit && limit - longestTail <= node.end) inText.add(line);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  const code = long.filter((line) => !inText.has(line)).map((line) => `${path}:${line + 1}`);
  return { code, texts: inText.size };
}

describe('size budget', () => {
  it('no file is longer than 300 lines (local cloud: 400)', () => {
    const long = sources.map((path) => ({ path, lines: countLines(readFileSync(projectRoot + path, 'utf8')) }));
    assert.deepEqual(
      long.filter(({ path, lines }) => lines > largestFile(path)),
      [],
    );
  });

  it(`no function is longer than ${largestFunction} lines`, () => {
    const checked = sources.filter((path) => /\.(ts|mjs)$/.test(path) && !/^(test|testing|bench)\//.test(path));
    assert.deepEqual(checked.flatMap(findLongFunctions), []);
  });

  it(`no line of code or comment is longer than ${longestLine} characters, and texts that are become no more`, () => {
    const found = sources
      .filter((path) => /\.(ts|mjs|js)$/.test(path))
      .map((path) => ({ path, ...findLongLines(path) }));
    assert.deepEqual(
      found.flatMap(({ code }) => code),
      [],
    );
    const texts = new Map<string, number>();
    for (const { path, texts: more } of found) {
      const folder = path.split('/')[0] ?? '';
      texts.set(folder, (texts.get(folder) ?? 0) + more);
    }
    for (const [folder, count] of texts) {
      assert.ok(
        count <= (longTexts[folder] ?? 0),
        `${folder} has ${count} texts beyond column ${longestLine}: split one`,
      );
    }
  });

  it(`no line of R, C, shell or Terraform code is longer than ${longestLine} characters`, () => {
    const found = projectFiles().flatMap((path) => {
      if (!/\.(R|c|h|sh|tf)$/.test(path) && !path.startsWith('worker-image/bin/')) return [];
      const lines = readFileSync(projectRoot + path, 'utf8').split('\n');
      const count = lines.filter((line) => line.length > longestLine).length;
      return count === 0 ? [] : [[path, count] as const];
    });
    const worse = found.filter(([path, count]) => count > (longLines[path] ?? 0));
    assert.deepEqual(worse, []);
  });
});
