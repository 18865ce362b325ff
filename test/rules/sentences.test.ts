// Sentences of documents and comments are short: a first reader keeps one in mind from its beginning to its end.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { commentText } from '../support/comment-text.ts';
import { sentencesOf, sentencesOfCells } from '../support/sentences.ts';
import { projectFiles, projectRoot } from '../support/source-files.ts';

const MOST_WORDS = 30;

function longSentences(path: string, toText = (text: string): string => text): string[] {
  const text = toText(readFileSync(projectRoot + path, 'utf8'));
  return [...sentencesOf(text), ...sentencesOfCells(text)]
    .filter(({ words }) => words > MOST_WORDS)
    .map(({ line, words, text }) => `${path}:${line} has ${words}: ${text}`);
}

describe(`no sentence has more than ${MOST_WORDS} words`, () => {
  for (const path of projectFiles().filter((file) => /\.R?md$/.test(file)))
    it(path, () => assert.deepEqual(longSentences(path), []));

  it('in the comments of what runs, is installed or tests it', () => {
    const sources = projectFiles().filter(
      (path) => /\.(ts|mjs|js|R|c|h|sh|tf|ya?ml)$/.test(path) || path.startsWith('worker-image/bin/'),
    );
    // The first lines of these are what a test expects.
    const written = sources.filter((path) => !path.includes('/bad-job-files/'));
    assert.deepEqual(
      written.flatMap((path) => longSentences(path, (text) => commentText(path, text))),
      [],
    );
  });
});

describe('the search for comments', () => {
  it('takes blocks and lines, each at its place, and no code', () => {
    const text = '/**\n * One.\n * Two,\n * goes on.\n */\nconst a = 1; // not this\n// Three.\nb();\n';
    assert.deepEqual(
      sentencesOf(commentText('a.ts', text)).map(({ line, text: sentence }) => [line, sentence]),
      [
        [2, 'One.'],
        [2, 'Two, goes on.'],
        [7, 'Three.'],
      ],
    );
  });

  it('begins anew at a tag, and at a line that is indented', () => {
    const texts = (path: string, text: string): string[] =>
      sentencesOf(commentText(path, text)).map((sentence) => sentence.text);
    assert.deepEqual(texts('a.R', "#' One\n#' @return two\n#'   goes on\nf <- 1\n"), ['One', '@return two goes on']);
    assert.deepEqual(texts('a.R', '# One:\n#   a: this\n#   b: that\n#!/bin/sh\n'), ['One:', 'a: this', 'b: that']);
  });
});

describe('the search for sentences', () => {
  const textsOf = (markdown: string): string[] => sentencesOf(markdown).map(({ text }) => text);

  it('ends one at a point, also in brackets or behind bold text, and not in code or at a shortened word', () => {
    assert.deepEqual(textsOf('**One.** Two of `a.b. c` (e.g. this one). (Three!)\nFour, 0.5 s'), [
      '**One.**',
      'Two of `a.b. c` (e.g. this one).',
      '(Three!)',
      'Four, 0.5 s',
    ]);
  });

  it('takes items of a list one by one, and neither headings, tables, code nor comments', () => {
    const markdown =
      '# Head\n\nFirst\nline.\n\n- one\n  goes on\n- two\n\n| a | b |\n\n```r\nx. y.\n```\n<!-- no -->\n1. three\n';
    assert.deepEqual(textsOf(markdown), ['First line.', 'one goes on', 'two', 'three']);
    assert.deepEqual(
      sentencesOf(markdown).map(({ line }) => line),
      [3, 6, 8, 16],
    );
  });

  it('takes the cells of tables apart', () => {
    const rows = sentencesOfCells('One.\n\n| a | b |\n| - | - |\n| Two. Three | `x \\| y` four |\n');
    assert.deepEqual(
      rows.filter(({ line }) => line === 5).map(({ text }) => text),
      ['Two.', 'Three', '`x \\| y` four'],
    );
  });

  it('counts code as one word, and of a link its text', () => {
    assert.deepEqual(
      sentencesOf('See `a b c` and [the guide](docs/a.md) – now.').map(({ words }) => words),
      [6],
    );
  });
});
