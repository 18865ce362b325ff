/**
 * The schedule of chaos runs: the same for a seed that is run again. How the processes interleave is not part of it.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { coreFaults, workerFaults, type WorkerFault } from '../faults/chaos-schedule.ts';

function take(seed: number, count: number): WorkerFault[] {
  const faults = workerFaults(seed, 2);
  return Array.from({ length: count }, () => faults.next().value);
}

describe('the schedule of a chaos run', () => {
  it('is the same for the same seed, and another one for another', () => {
    assert.deepEqual(coreFaults(7, 20), coreFaults(7, 20));
    assert.deepEqual(take(7, 50), take(7, 50));
    assert.notDeepEqual(coreFaults(7, 20), coreFaults(8, 20));
    assert.notDeepEqual(take(7, 50), take(8, 50));
  });

  it('kills a worker as often as it was asked to, on average', () => {
    const seconds = take(1, 5000).reduce((sum, fault) => sum + fault.afterSeconds, 0) / 5000;
    assert.ok(Math.abs(seconds - 2) < 0.1, `${seconds} s`);
  });

  it('has every kind of fault, in the order of their moments', () => {
    const faults = coreFaults(1, 2000);
    assert.equal(new Set(faults.map(({ kind }) => kind)).size, 7);
    assert.equal(new Set(take(1, 500).map(({ kind }) => kind)).size, 3);
    assert.ok(faults.every(({ atShare }, index) => index === 0 || atShare >= faults[index - 1]!.atShare));
  });
});
