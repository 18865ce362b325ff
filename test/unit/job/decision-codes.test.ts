/**
 * The tables of codes, the documents and the sources say the same. Types refuse a code without a
 * sentence; this finds sentences without a use.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { FLEET_CODES, PHASE_CODES, REASON_CODES } from '../../../functions/job/decision.ts';
import { ENDING_CODES } from '../../../functions/job/ending.ts';
import { WAIT_REASONS } from '../../../functions/job/waiting.ts';
import { projectFiles, projectRoot } from '../../support/source-files.ts';

/** First and second cell of each row of a Markdown table, below the given heading (or in the whole document). */
function rowsOf(document: string, heading?: string): [code: string, sentence: string][] {
  const text = readFileSync(projectRoot + document, 'utf8');
  const part = heading === undefined ? text : (text.split(/^## /m).find((one) => one.startsWith(heading)) ?? '');
  return part
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (code|-+) +\|/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, code = '', sentence = '']) => [code, sentence]);
}

describe('the page of decision codes', () => {
  const tables: [heading: string, codes: Readonly<Record<string, string>>][] = [
    ['Why nothing was done', REASON_CODES],
    ['Why the fleet has its size', FLEET_CODES],
    ['Phases', PHASE_CODES],
  ];
  for (const [heading, codes] of tables)
    it(`has the codes and sentences of "${heading}", and no others`, () => {
      assert.deepEqual(rowsOf('docs/decision-codes.md', heading), Object.entries(codes));
    });
});

describe('the reasons of waiting', () => {
  it('are those of the page, with what happens after how long', () => {
    const text = readFileSync(`${projectRoot}docs/decision-codes.md`, 'utf8').split('## Why a job waits')[1] ?? '';
    const rows = text.split('\n').filter((line) => line.startsWith('| ') && !/^\| (code|-+) +\|/.test(line));
    const expected = Object.entries(WAIT_REASONS).map(([code, { sentence, limitSeconds, then }]) => {
      return [code, sentence, limitSeconds === null ? '' : `${limitSeconds / 60} minutes`, then];
    });
    const cells = rows.map((row) => row.split('|').slice(1, -1));
    assert.deepEqual(
      cells.map((row) => row.map((cell) => cell.trim())),
      expected,
    );
  });
});

describe('the codes of endings', () => {
  const catalogue = new Map(rowsOf('docs/errors.md'));
  for (const [code, sentence] of Object.entries(ENDING_CODES).filter(([code]) => code !== 'done'))
    it(`${code} means the same in docs/errors.md`, () => assert.equal(catalogue.get(code), sentence));
});

describe('every code is used', () => {
  const rules = projectFiles()
    .filter((path) => /^functions\/(reconcile\/.*|job\/job-record)\.ts$/.test(path))
    .map((path) => readFileSync(projectRoot + path, 'utf8'))
    .join('\n');
  for (const code of Object.keys({ ...REASON_CODES, ...FLEET_CODES, ...ENDING_CODES }))
    it(code, () => assert.ok(rules.includes(`'${code}'`), `no rule gives ${code}`));
});
