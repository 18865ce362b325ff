/** Quantities with a unit: what has the form of one, and how much it is. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytesOf, durationPattern, memoryPattern, secondsOf } from '../../../functions/job-file/units.ts';

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
    it(`"${text}" is ${seconds} seconds`, () =>
      assert.equal(durationPattern.test(text) ? secondsOf(text) : undefined, seconds));
  const sizes: [string, number | undefined][] = [
    ['2Gi', 2 ** 31],
    ['512Mi', 2 ** 29],
    ['1.5G', 1.5e9],
    ['1000k', 1e6],
    ['2g', undefined],
    ['2', undefined],
    ['2GiB', undefined],
  ];
  for (const [text, bytes] of sizes)
    it(`"${text}" is ${bytes} bytes`, () => assert.equal(memoryPattern.test(text) ? bytesOf(text) : undefined, bytes));
});
