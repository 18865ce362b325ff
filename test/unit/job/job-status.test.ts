/** The numbers of a status have one definition each, whatever the driver said last, and they add up. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { statusLines } from '../../../cli/render-status.ts';
import { newRecord, type JobRecord } from '../../../functions/job/job-record.ts';
import { statusView, type JobStatus } from '../../../functions/job/job-status.ts';
import { summarize, type LoopProgress, type WorkerProgress } from '../../../functions/job/progress.ts';

const driver = { state: 'running' as const, message: '', startedSeconds: 1, beatSeconds: 2 };

function loopOf(changes: Partial<LoopProgress>): LoopProgress {
  const counts = { total: 400, done: 0, failed: 0, reused: 0, waiting: 0, seconds: 0, maxSeconds: 0 };
  return { loop: 1, label: 'foreach(i)', ...counts, ended: false, ...changes };
}

const busy = (iterations: number): WorkerProgress => {
  return { pod: 'w1', state: 'busy', loop: 1, iterations, sinceSeconds: 1, beatSeconds: 1 };
};

function statusOf(loops: LoopProgress[], changes: Partial<JobRecord> = {}, workers = [busy(2)]): JobStatus {
  const record = { ...newRecord('demo', '2026-11-23T12:00:00.000Z'), phase: 'running' as const };
  const progress = summarize(driver, loops, workers, 0);
  return statusView({ ...record, progress, ...changes }, 0, '1');
}

const saved = (results: number): Pick<JobRecord, 'ledger'> => ({
  ledger: { ...newRecord('demo', '').ledger, results },
});

describe('the numbers of a status', () => {
  const count = fc.nat(500);
  const loops = fc.array(
    fc.record({ done: count, failed: count, waiting: count, reused: count, left: count, ended: fc.boolean() }),
  );

  it('add up: total = done + failed + running + waiting, of which some are reused and some saved', () => {
    const check = fc.property(loops, count, fc.boolean(), (drawn, results, ended) => {
      const given = drawn.map(({ left, reused, ...one }, index) =>
        loopOf({ ...one, loop: index + 1, reused: Math.min(reused, one.done), total: one.done + one.failed + left }),
      );
      const phase = ended ? ('stopped' as const) : ('running' as const);
      const { tasks, loops: shown } = statusOf(given, { ...saved(results), phase });
      for (const one of [tasks, ...shown]) {
        assert.equal(one.total ?? 0, one.done + one.failed + one.running + one.waiting);
        assert.ok(one.reused <= one.done);
      }
      assert.ok(tasks.inBucket <= tasks.done);
      if (ended) assert.equal(tasks.running, 0);
    });
    fc.assert(check, { numRuns: 300 });
  });

  it('what a worker has begun is waiting until the driver says that it runs', () => {
    const { tasks } = statusOf([loopOf({ waiting: 400 })]);
    assert.deepEqual([tasks.done, tasks.running, tasks.waiting], [0, 0, 400]);
  });

  it('what is saved is never more than what is done, and reused values are saved', () => {
    assert.equal(statusOf([loopOf({ done: 49 })], saved(57)).tasks.inBucket, 49);
    assert.equal(statusOf([loopOf({ done: 120, reused: 99 })], saved(10)).tasks.inBucket, 109);
  });

  it('a bar is as full as the numbers beside it say', () => {
    const lines = statusLines(statusOf([loopOf({ total: 45, done: 40, failed: 5, reused: 3 })]));
    assert.ok(
      lines.includes(`  loop 1 ${'█'.repeat(24)} 40/45 done (3 reused), 5 failed, 0.00 s each`),
      lines.join('\n'),
    );
  });

  it('warnings of iterations that succeeded are told', () => {
    const ledger = { ...newRecord('demo', '').ledger, warnings: 3 };
    const status = statusOf([loopOf({ done: 2 })], { ledger });
    assert.equal(status.warnings, 3);
    const line = '  3 warnings of iterations that succeeded: foreach-fleet logs demo --role driver';
    assert.ok(statusLines(status).includes(line), statusLines(status).join('\n'));
  });

  it('the most that an iteration has used is told, once one was measured', () => {
    assert.deepEqual(statusOf([loopOf({})]).mostUsed, { peakBytes: null, cpuSeconds: null });
    const ledger = { ...newRecord('demo', '').ledger, peakBytes: 5e8, cpuSeconds: 0 };
    assert.deepEqual(statusOf([loopOf({})], { ledger }).mostUsed, { peakBytes: 5e8, cpuSeconds: 0 });
  });

  it('reports of errors are called reports, for an iteration that is tried again has several', () => {
    const ledger = { ...newRecord('demo', '').ledger, errors: 2 };
    const lines = statusLines(statusOf([loopOf({ failed: 1, waiting: 399 })], { ledger }));
    assert.ok(lines.includes('  2 error reports, one a try: foreach-fleet errors demo'), lines.join('\n'));
  });
});
