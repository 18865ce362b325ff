// Sentences of documents are short: a first reader keeps one in mind from its beginning to its end.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { sentencesOf } from '../support/sentences.ts';
import { projectFiles, projectRoot } from '../support/source-files.ts';

const MOST_WORDS = 30;

describe(`no sentence has more than ${MOST_WORDS} words`, () => {
  for (const path of projectFiles().filter((file) => /\.R?md$/.test(file)))
    it(path, () => {
      const long = sentencesOf(readFileSync(projectRoot + path, 'utf8')).filter(({ words }) => words > MOST_WORDS);
      assert.deepEqual(
        long.map(({ line, words, text }) => `${path}:${line} has ${words}: ${text}`),
        [],
      );
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

  it('counts code as one word, and of a link its text', () => {
    assert.deepEqual(
      sentencesOf('See `a b c` and [the guide](docs/a.md) – now.').map(({ words }) => words),
      [6],
    );
  });
});
