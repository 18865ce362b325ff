/** What every phase begins with: the progress that is kept, and since when nothing has moved although there is work. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JobRecord } from '../../../functions/job/job-record.ts';
import type { Observation } from '../../../functions/job/observation.ts';
import { plan } from '../../../functions/reconcile/plan.ts';
import { settings } from '../../support/job-world.ts';
import { ago, observation, progressOf, recordIn } from '../../support/plan-fixtures.ts';

const before = progressOf();
const stalled = { progress: before, stalledSince: ago(60) };
const nothing = { waiting: 0, running: 0, workersBusy: 0 };

const rows: [name: string, record: Partial<JobRecord>, progress: Observation['progress'], since: string | null][] = [
  ['the first look is no standstill', {}, before, null],
  ['as many have ended as before: since now', { progress: before }, before, ago(0)],
  ['and still: since then', stalled, before, ago(60)],
  ['one that runs is work', { progress: before }, progressOf({ ...nothing, running: 1 }), ago(0)],
  ['one that waits is work', { progress: before }, progressOf({ ...nothing, waiting: 1 }), ago(0)],
  ['without work nothing stands still', stalled, progressOf(nothing), null],
  ['one has ended', stalled, progressOf({ done: 11 }), null],
  ['one has failed', stalled, progressOf({ failed: 1 }), null],
  ['what cannot be read is no movement', stalled, 'unknown', ago(60)],
  ['what is not there is no movement', stalled, null, ago(60)],
];

describe('plan(): nothing has moved although there is work', () => {
  for (const [name, record, progress, since] of rows)
    it(name, () => {
      const step = plan(recordIn('running', record), observation({ progress }), settings);
      assert.equal(step.record.stalledSince, since);
      const isSeen = progress !== null && progress !== 'unknown';
      assert.deepEqual(step.record.progress, isSeen ? progress : (record.progress ?? null));
    });
});
