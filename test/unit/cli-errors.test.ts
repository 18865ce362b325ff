/** How `errors` groups and shows reports, and `results --partial` its values. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { groupErrors, groupLines, noErrorLines } from '../../cli/error-reports.ts';
import type { ErrorReport } from '../../functions/job/error-report.ts';
import { partialLines, type PartialValue } from '../../cli/partial.ts';
import { newRecord } from '../../functions/job/job-record.ts';
import { statusView } from '../../functions/job/job-status.ts';

const report = (iteration: number, changes: ErrorReport = {}): ErrorReport => ({
  loop: 1,
  iteration,
  attempt: 1,
  try: 1,
  worker: 'worker-1',
  node: 'node-1',
  seconds: 0.25,
  message: `no value for ${iteration}, ${iteration / 7} or ${-iteration}e-7`,
  class: ['simpleError', 'error', 'condition'],
  call: `fit(${iteration})`,
  memoryMb: 81.5,
  sessionInfo: 'R version 4.5.0; x86_64; foreach 1.5.2',
  ...changes,
});

describe('errors', () => {
  it('that differ in numbers only are alike; another message, class or loop is another error', () => {
    const others = [{ message: 'other' }, { class: ['badFit', 'error'] }, { loop: 2 }, { call: 'other(3)' }];
    const groups = groupErrors([report(1), report(2), ...others.map((change) => report(3, change)), report(12)]);
    assert.deepEqual(
      groups.map((group) => group.map(({ iteration }) => iteration)),
      [[1, 2, 12], [3], [3], [3], [3]],
    );
  });

  it('show their number, iterations, the first in full, and how to run it again', () => {
    const others = Array.from({ length: 19 }, (_, index) => report(index + 2));
    const text = groupLines('h2', [report(1), ...others]).join('\n');
    assert.match(text, /^20 errors like this, in loop 1, iterations 1, 2, 3, 4, 5, 6, 7, 8 and 12 more; the first:\n/);
    assert.match(text, /\nloop 1, iteration 1 \(try 1 of attempt 1, worker-1 on node-1\): no value for 1,/);
    assert.match(text, /\n {2}took: 0\.25 s; R had 81\.5 MiB of memory\n {2}session: R version 4\.5\.0/);
    assert.match(text, /\n {2}run it again here: foreach-fleet replay h2 1 1$/);
    assert.equal(groupLines('h2', [report(4)])[0]?.startsWith('loop 1, iteration 4'), true);
  });

  it('are not to be found where the script itself failed, and that is said', () => {
    const status = statusView(newRecord('h2', '2026-11-23T12:00:00.000Z'), 0, '1');
    assert.deepEqual(noErrorLines(status), ['no error so far']);
    const reason = { code: 'FF-SCRIPT-FAILED', message: 'run.R line 3: no panel', remedy: null };
    const lines = noErrorLines({ ...status, phase: 'failed', ended: true, reason });
    assert.match(
      lines.join('\n'),
      /another reason: run\.R line 3: no panel\nnext: foreach-fleet logs h2 --role driver/,
    );
  });
});

describe('partial values', () => {
  const value: PartialValue = {
    loop: 2,
    label: 'foreach(i) at run.R:5',
    total: 60,
    combined: 41,
    failed: 0,
    damaged: 0,
    file: 'loop-2.partial.rds',
    problem: null,
    warnings: [],
  };

  it('say how many iterations of how many they have, and where they are', () => {
    assert.deepEqual(partialLines(value), ['loop 2, foreach(i) at run.R:5: 41 of 60 iterations in loop-2.partial.rds']);
    assert.deepEqual(
      partialLines({
        ...value,
        label: '',
        total: null,
        failed: 2,
        damaged: 1,
        file: null,
        problem: 'why',
        warnings: ['w'],
      }),
      ['loop 2: 41 of ? iterations, 2 failed, 1 cannot be read', '  no value: why', '  warning: w'],
    );
  });
});
