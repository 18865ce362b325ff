import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WorkQueue } from '../../local-cloud/kubernetes/controllers/work-queue.ts';
import { ManualClock } from '../support/manual-clock.ts';

function queue(work: (key: string) => number | undefined): { clock: ManualClock; queue: WorkQueue; failed: string[] } {
  const clock = new ManualClock(0);
  const failed: string[] = [];
  return { clock, failed, queue: new WorkQueue(clock, { work, failed: (key) => void failed.push(key) }) };
}

test('work queue: a key added many times is worked on once; one added meanwhile comes again', () => {
  const worked: string[] = [];
  let again = true;
  const made = queue((key) => {
    worked.push(key);
    if (key === 'b' && again) made.queue.add('b');
    again = false;
    return undefined;
  });
  for (const key of ['b', 'a', 'b', 'a']) made.queue.add(key);
  assert.deepEqual(worked, []);
  made.clock.advance(1000);
  assert.deepEqual(worked, ['b', 'a', 'b']);
  assert.equal(made.clock.pending(), 0);
});

test('work queue: failures come back later and later, until the work succeeds', () => {
  const times: number[] = [];
  const made = queue(() => {
    times.push(made.clock.nowMs());
    if (times.length < 5) throw new Error('not yet');
    return undefined;
  });
  made.queue.add('a');
  made.clock.advance(10_000);
  assert.equal(times.length, 5);
  assert.deepEqual(made.failed, ['a', 'a', 'a', 'a']);
  const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  assert.deepEqual(
    pauses,
    pauses.toSorted((a, b) => a - b),
  );
  assert.ok((pauses.at(-1) ?? 0) >= 40);
});

test('work queue: of several times for later the earliest counts, and a change does not wait for it', () => {
  const times: number[] = [];
  const made = queue(() => {
    times.push(made.clock.nowMs());
    return times.length === 1 ? 60_000 : undefined;
  });
  made.queue.add('a');
  made.clock.advance(1000);
  made.queue.addAfter('a', 5000);
  made.queue.addAfter('a', 90_000);
  made.clock.advance(10_000);
  assert.equal(times.length, 2);
  made.queue.add('a');
  made.clock.advance(10);
  assert.equal(times.length, 3);
});

test('work queue: stopped, it does nothing more', () => {
  let worked = 0;
  const made = queue(() => {
    worked += 1;
    return undefined;
  });
  made.queue.add('a');
  made.queue.addAfter('b', 100);
  made.queue.stop();
  made.queue.add('c');
  made.clock.advance(1000);
  assert.equal(worked, 0);
  assert.equal(made.clock.pending(), 0);
});
