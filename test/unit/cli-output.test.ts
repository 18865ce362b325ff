/** What scripts and buckets put into texts is shown on a terminal and never obeyed by it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { paint, terminalText } from '../../cli/output.ts';
import { callHere } from '../support/command.ts';
import { projectFiles, projectRoot } from '../support/source-files.ts';

describe('a text on its way to the terminal', () => {
  const table: [what: string, text: string, shown: string][] = [
    ['a colour and its end', '\u001b[31mred\u001b[0m', '\\u{1b}[31mred\\u{1b}[0m'],
    ['a new title of the window', '\u001b]0;title\u0007', '\\u{1b}]0;title\\u{7}'],
    ['the single character that begins a sequence, too', '\u009b2J', '\\u{9b}2J'],
    ['a return to the beginning of the line', 'failed\rdone  ', 'failed\\u{d}done  '],
    ['backspaces and delete', 'no\b\b\u007fyes', 'no\\u{8}\\u{8}\\u{7f}yes'],
    ['text that turns its direction', 'invoice\u202efdp.exe', 'invoice\\u{202e}fdp.exe'],
    ['ends of lines and tabs stay', 'a\tb\nc\r\nd', 'a\tb\nc\nd'],
    ['letters of every language stay', 'Größe, 大きさ, حجم, 👩‍🔬', 'Größe, 大きさ, حجم, 👩‍🔬'],
  ];
  for (const [what, text, shown] of table) it(what, () => assert.equal(terminalText(text), shown));

  it('is shown the same way within colours and parts', () => {
    const shown = terminalText([paint('bold', 'x\u001by'), ' ', 'z\u0007']);
    assert.equal(stripVTControlCharacters(shown), 'x\\u{1b}y z\\u{7}');
  });
});

describe('what a command says', () => {
  it('shows the control characters of a message', async () => {
    const { err } = await callHere('demo', '--example', 'no\u001b[2Jexample');
    assert.ok(err.includes('no\\u{1b}[2Jexample'), err);
  });

  it('leaves JSON as it is: its own escapes', async () => {
    const { out } = await callHere('--json', 'demo', '--example', 'no\u001b[2Jexample');
    assert.ok(out.includes('no\\u001b[2Jexample'), out);
    assert.ok(JSON.parse(out).error.message.includes('no\u001b[2Jexample'));
  });

  it('goes to the terminal in one place', () => {
    const writers = projectFiles()
      .filter((path) => /^cli\/.*\.ts$/.test(path))
      .filter((path) => /process\.std(out|err)\.write|console\./.test(readFileSync(projectRoot + path, 'utf8')));
    assert.deepEqual(writers, ['cli/output.ts']);
  });
});
