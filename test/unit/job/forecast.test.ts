/** Time and money still to come, for people: said only where there is something to say it from. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { forecastUsd, secondsLeft } from '../../../functions/job/forecast.ts';
import type { JobRecord } from '../../../functions/job/job-record.ts';
import { progressOf, recordIn } from '../../support/plan-fixtures.ts';

/** Three workers wanted; 0.10 USD spent, 0.20 USD an hour. An iteration takes 100 s, one that runs is half done. */
const rows: [name: string, part: Partial<JobRecord>, seconds: number | null, usd: number | null][] = [
  ['nothing is seen yet', { progress: null }, null, null],
  ['nothing is measured yet', { progress: progressOf({ meanSeconds: null }) }, null, null],
  ['three run and three wait', { progress: progressOf() }, 150, 0.1 + (0.2 * (150 + 480)) / 3600],
  ['all have ended', { progress: progressOf({ waiting: 0, running: 0, workersBusy: 0 }) }, 0, 0.1 + (0.2 * 480) / 3600],
  ['work waits, and no worker is wanted', { ...waits(8), fleet: fleetOf(0) }, null, null],
  ['work waits for workers that come', { ...waits(8), fleet: fleetOf(4) }, 200, 0.1 + (0.2 * (200 + 480)) / 3600],
  ['more workers come than work waits', { ...waits(2), fleet: fleetOf(4) }, 100, 0.1 + (0.2 * (100 + 480)) / 3600],
];

function waits(waiting: number): Partial<JobRecord> {
  return { progress: progressOf({ waiting, running: 0, workersBusy: 0 }) };
}

function fleetOf(workers: number): JobRecord['fleet'] {
  return { workers, nodes: 1, code: 'work', text: '' };
}

describe('the forecast', () => {
  for (const [name, part, seconds, usd] of rows)
    it(name, () => {
      const record = recordIn('running', part);
      assert.equal(secondsLeft(record), seconds);
      const forecast = forecastUsd(record);
      assert.equal(forecast?.toFixed(6), usd?.toFixed(6));
    });
});
