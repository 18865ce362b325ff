/** What scripts and buckets put into texts is shown on a terminal and never obeyed by it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import * as z from 'zod';
import { foreignLine, jsonText, paint, terminalText } from '../../cli/output.ts';
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
    ['tabs stay', 'a\tb', 'a\tb'],
    ['what follows the end of a line is marked as no line of ours', 'a\nok  x\r\n| y', 'a\n  | ok  x\n  | | y'],
    ['an end of line at the end begins nothing', 'message\n', 'message'],
    ['all letters stay', 'Größe, 大きさ, حجم, 👩‍🔬', 'Größe, 大きさ, حجم, 👩‍🔬'],
  ];
  for (const [what, text, shown] of table) it(what, () => assert.equal(terminalText(text), shown));

  it('is shown the same way within colours and parts', () => {
    const shown = terminalText([paint('bold', 'x\u001by'), ' ', 'z\u0007']);
    assert.equal(stripVTControlCharacters(shown), 'x\\u{1b}y z\\u{7}');
  });
});

it('a line of R is marked as one', () => {
  assert.equal(foreignLine('done\u001b[2J'), '  | done\\u{1b}[2J\n');
});

describe('what a command says', () => {
  it('shows the control characters of a message', async () => {
    const { err } = await callHere('demo', '--example', 'no\u001b[2Jexample');
    assert.ok(err.includes('no\\u{1b}[2Jexample'), err);
  });

  it('leaves JSON as it is: its own escapes', async () => {
    const { out } = await callHere('--json', 'demo', '--example', 'no\u001b[2Jexample');
    assert.ok(out.includes('no\\u001b[2Jexample'), out);
    const { error } = z.object({ error: z.object({ message: z.string() }) }).parse(JSON.parse(out));
    assert.ok(error.message.includes('no\u001b[2Jexample'));
  });

  it('has in JSON no character that a terminal obeys, and the same value', () => {
    const value = { name: 'a\u009b2J\u202eb\u007f\n\u001b' };
    const text = jsonText(value);
    assert.match(text, /^[ -~\n]*$/);
    assert.deepEqual(JSON.parse(text), value);
  });

  it('has no line that a name has begun', async () => {
    const { err } = await callHere('demo', '--example', 'none\nsubmitted 1 file to gs://elsewhere');
    assert.doesNotMatch(err, /^submitted/m);
    assert.match(err, /^ {2}\| submitted/m);
  });

  it('goes to the terminal in one place', () => {
    const writers = projectFiles()
      .filter((path) => /^cli\/.*\.ts$/.test(path))
      .filter((path) => /process\.std(out|err)\.write|console\./.test(readFileSync(projectRoot + path, 'utf8')));
    assert.deepEqual(writers, ['cli/output.ts']);
  });
});
