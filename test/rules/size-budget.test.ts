// The size budget: files that a reader takes in at once, functions that fit on a screen, lines that no window cuts off.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import ts from 'typescript';
import { projectFiles, projectRoot } from '../support/source-files.ts';

const largestFunction = 60;
const longestLine = 120;

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

/** Everything that is written by hand and that no formatter wraps by itself. */
const isWritten = (path: string): boolean =>
  /\.(ts|mjs|js|R|c|h|sh|tf|ya?ml|md|Rmd)$|(^|\/)Dockerfile$/.test(path) || path.startsWith('worker-image/bin/');

/** Markdown has no other way to write one. */
const isRowOfTable = (path: string, line: string): boolean => /md$/.test(path) && line.startsWith('|');

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

  it(`no line of code, comment or text is longer than ${longestLine} characters`, () => {
    const long = projectFiles()
      .filter(isWritten)
      .flatMap((path) => {
        const lines = readFileSync(projectRoot + path, 'utf8').split('\n');
        const isLong = (line: string): boolean => line.length > longestLine && !isRowOfTable(path, line);
        return lines.flatMap((line, index) => (isLong(line) ? [`${path}:${index + 1}`] : []));
      });
    assert.deepEqual(long, []);
  });
});
