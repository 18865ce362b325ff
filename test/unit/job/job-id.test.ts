// Job ids and written-out quantities: tables of what passes and what does not.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseJobId } from '../../../functions/job/job-id.ts';
import { parseBytes, parseSeconds } from '../../../functions/job-file/units.ts';

describe('job ids', () => {
  for (const id of ['a', 'heritability', 'a1', 'run-2026-11-23', 'a'.repeat(32)]) {
    it(`accepts ${id}`, () => assert.deepEqual(parseJobId(id), { jobId: id }));
  }
  const refused = [
    '',
    '-a',
    'a-',
    '1a',
    'A',
    'a_b',
    'a.b',
    'a/b',
    '..',
    'a b',
    'a\n',
    'аbc',
    'ａbc',
    'a\u200b',
    'a'.repeat(33),
    '$(id)',
    'control\u0000',
  ];
  for (const id of refused) {
    it(`refuses ${JSON.stringify(id).slice(0, 40)}`, () => {
      const outcome = parseJobId(id);
      assert.ok('problem' in outcome);
      assert.equal(outcome.problem.code, 'FF-SPEC-JOB-ID');
    });
  }
  it('suggests a similar name that would do', () => {
    const outcome = parseJobId('Heritability Study (2)');
    assert.ok('problem' in outcome);
    assert.match(outcome.problem.remedy, /"heritability-study-2"/);
  });
});

describe('units', () => {
  const durations: [string, number | undefined][] = [
    ['90m', 5400],
    ['1h30m', 5400],
    ['1.5h', 5400],
    ['0m', 0],
    ['2d', 172_800],
    ['1d2h3m4s', 93_784],
    ['', undefined],
    ['m', undefined],
    ['30m1h', undefined],
    ['1 h', undefined],
    ['-1h', undefined],
    ['1e3s', undefined],
    ['٣h', undefined],
  ];
  for (const [text, seconds] of durations)
    it(`"${text}" is ${seconds} seconds`, () => assert.equal(parseSeconds(text), seconds));
  const sizes: [string, number | undefined][] = [
    ['2Gi', 2 ** 31],
    ['512Mi', 2 ** 29],
    ['1.5G', 1.5e9],
    ['1000k', 1e6],
    ['2g', undefined],
    ['2', undefined],
    ['2GiB', undefined],
  ];
  for (const [text, bytes] of sizes) it(`"${text}" is ${bytes} bytes`, () => assert.equal(parseBytes(text), bytes));
});
