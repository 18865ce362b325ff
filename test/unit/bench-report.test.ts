/** The benchmarks' arithmetic and their table; the times themselves are never asserted. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { summarize, takeTurns } from '../../bench/measure.ts';
import { renderTable, row, type Result } from '../../bench/table.ts';

const result = (rows: Result['rows'], notes: string[] = []): Result => ({
  name: 'sample',
  title: 'a sample',
  load: { before: 0.25, after: 3, processors: 2 },
  seconds: 12.4,
  rows,
  notes,
});

describe('summarize', () => {
  it('answers median, least and greatest, whatever the order', () => {
    assert.deepEqual(summarize([3, 1, 2]), { median: 2, min: 1, max: 3, count: 3 });
    assert.deepEqual(summarize([4, 1, 3, 2]), { median: 2.5, min: 1, max: 4, count: 4 });
    assert.deepEqual(summarize([7]), { median: 7, min: 7, max: 7, count: 1 });
  });

  it('refuses to say something about nothing', () => {
    assert.throws(() => summarize([]), RangeError);
  });
});

describe('takeTurns', () => {
  it('takes the variants in turns, every second time in reverse order', async () => {
    const calls: string[] = [];
    const note = (name: string) => async (repetition: number) => calls.push(`${name}${repetition}`);
    const measured = await takeTurns(3, { a: note('a'), b: note('b') });
    assert.deepEqual(calls, ['a0', 'b0', 'b1', 'a1', 'a2', 'b2']);
    assert.deepEqual(measured, { a: [1, 4, 5], b: [2, 3, 6] });
  });
});

describe('the table', () => {
  it('shows ours, the peer and their ratio, with the spread', () => {
    const peer = { name: 'peer', summary: summarize([2, 4, 6]) };
    const text = renderTable(result([row('work', 'ms', summarize([1, 2, 3]), peer, 'ratio <= 1')]));
    assert.match(text, /work +ms +2\.00 \[1\.00 - 3\.00, 3\] +peer: 4\.00 \[2\.00 - 6\.00, 3\] +0\.500 +ratio <= 1/);
  });

  it('shows a figure without a peer, and a single sample without a spread', () => {
    assert.match(renderTable(result([row('size', 'MB', summarize([1234.5]))])), /size +MB +123[45]$/m);
  });

  it('says how busy the machine was', () => {
    assert.match(
      renderTable(result([row('x', 's', summarize([0]))], ['a note'])),
      /12 s; load 0\.3 to 3\.0 on 2 processors/,
    );
  });
});
