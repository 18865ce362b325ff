// Job ids and written-out quantities: tables of what passes and what does not.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseJobId } from '../../../functions/job/job-id.ts';

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
