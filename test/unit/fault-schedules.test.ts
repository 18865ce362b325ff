/**
 * A few of the thousands of schedules of faults (test/faults), the same in every run, and those that were found to
 * break a promise once.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Fault } from '../faults/world/fault-plan.ts';
import { withQuietLog } from '../faults/world/quiet-log.ts';
import { runSchedule } from '../faults/world/run-schedule.ts';
import { scenarios } from '../faults/world/scenarios.ts';

/** What was wrong in each, before it was mended. */
const found: readonly [name: string, scenario: string, faults: Fault | Fault[]][] = [
  ['a gate that was never opened', 'plain', { kind: 'crash', call: 123, when: 'before' }],
  [
    'a part file that was believed to hold more than it did',
    'long loop in shared files',
    { kind: 'fail', call: 328, when: 'after' },
  ],
  [
    'results that were never written, one of them being refused',
    'plain',
    { kind: 'refuse', calls: 'results.write', chance: 0.5, seed: 1 },
  ],
  ['a job that was never visited again', 'plain', { kind: 'outage', port: 'clusters', from: 0, to: 600 }],
  ['an end that nobody was told of', 'cancel', { kind: 'outage', port: 'notices', from: 420, to: 1020 }],
  [
    'a limit that was passed while writes were refused',
    'limit',
    { kind: 'refuse', calls: 'state.write', chance: 0.5, seed: 2 },
  ],
  ['a clock that was an hour ahead', 'spot loss', { kind: 'skew', seconds: 3600, everyOther: true }],
  [
    'busy workers that went by an old answer',
    'long loop in shared files',
    { kind: 'stale', calls: 'workload.observe', seconds: 120, chance: 0.3, seed: 2 },
  ],
  [
    'a record that somebody has cut in half',
    'resume',
    { kind: 'damage', object: 'jobs/demo.json', at: 400, share: 0.5 },
  ],
  [
    'a pool that was made smaller by an old answer of GKE',
    'long loop in shared files',
    { kind: 'stale', calls: 'clusters.get', seconds: 120, chance: 0.3, seed: 1 },
  ],
  ['several passes at once', 'resume', { kind: 'interleave', seed: 3, processes: 4 }],
  ['a pass that slept before it saved', 'resume', { kind: 'sleep', call: 240, seconds: 200 }],
  [
    'an ended job that stayed on the list of live ones',
    'spot loss',
    { kind: 'refuse', calls: 'state.write', chance: 0.5, seed: 1 },
  ],
  [
    'a request to resume that was looked for four times an hour only',
    'resume',
    { kind: 'refuse', calls: 'state.write', chance: 0.5, seed: 1 },
  ],
  [
    'results that could not be saved in the minutes before the money ended',
    'limit',
    { kind: 'outage', port: 'workload', from: 840, to: 1440 },
  ],
  [
    'results whose saving was tried at every other tick only while the money ended',
    'limit',
    { kind: 'refuse', calls: 'results.write', chance: 0.5, seed: 1 },
  ],
  [
    'results that were given up at one unreadable moment, half an hour after the end had begun',
    'plain',
    [
      { kind: 'refuse', calls: 'queue.', chance: 0.3, seed: 454980 },
      { kind: 'interleave', seed: 908304, processes: 4 },
      { kind: 'damage', object: 'previous/demo.json', at: 723, share: 0.9 },
    ],
  ],
  [
    'a job that a late pass of its earlier attempt took off the list',
    'resume',
    [
      { kind: 'sleep', call: 555, seconds: 130 },
      { kind: 'events', how: 'lost' },
    ],
  ],
  [
    'the record of a job that has ended: nobody reads it until somebody asks',
    'plain',
    [
      { kind: 'interleave', seed: 388937, processes: 4 },
      { kind: 'damage', object: 'jobs/demo.json', at: 906, share: 0.5 },
      { kind: 'sleep', call: 1088, seconds: 2500 },
    ],
  ],
  [
    'an end that was not shown for an hour, because a write before it was refused',
    'plain',
    { kind: 'refuse', calls: 'state.write', chance: 0.5, seed: 31 },
  ],
  [
    'a start that took twenty minutes, because passes that had acted could not say so',
    'resume',
    { kind: 'refuse', calls: 'state.write', chance: 0.5, seed: 28 },
  ],
  [
    'a record that was damaged before its first pass had left a copy',
    'cancel',
    [
      { kind: 'damage', object: 'jobs/demo.json', at: 12, share: 0.5 },
      { kind: 'crash', call: 14, when: 'after' },
    ],
  ],
  [
    'a record that was damaged while copies were refused',
    'limit',
    [
      { kind: 'damage', object: 'jobs/demo.json', at: 24, share: 0.5 },
      { kind: 'refuse', calls: 'state.write', chance: 0.5, seed: 172688 },
    ],
  ],
  [
    'live jobs that were not visited, because the search for others failed',
    'resume',
    { kind: 'refuse', calls: 'uploads.', chance: 0.5, seed: 1 },
  ],
  [
    'passes that ended before they had read what they need',
    'plain',
    { kind: 'refuse', calls: 'state.', chance: 0.5, seed: 1 },
  ],
  [
    'a driver that was never started, because the ledger has many files',
    'resume',
    { kind: 'refuse', calls: 'results.read', chance: 0.5, seed: 1 },
  ],
  [
    'results that came after the deletion was decided and before it was asked for',
    'cancel',
    { kind: 'refuse', calls: 'state.info', chance: 0.5, seed: 5 },
  ],
  [
    'a script that was not stopped and went on after the deletion was decided',
    'cancel',
    { kind: 'refuse', calls: 'queue.', chance: 0.5, seed: 11 },
  ],
  [
    'a job that nobody visited any more, because its marker was deleted',
    'limit',
    { kind: 'loss', object: 'live/demo', at: 730 },
  ],
  ['a record that was deleted: a job that begins anew', 'resume', { kind: 'loss', object: 'jobs/demo.json', at: 845 }],
  [
    'machines that were made while the gate could not be opened',
    'long loop in shared files',
    { kind: 'refuse', calls: 'queue.', chance: 0.5, seed: 1 },
  ],
  ['no event at all', 'canary failure', { kind: 'events', how: 'lost' }],
];

describe('a schedule of faults breaks no promise', () => {
  for (const [name, scenarioName, faults] of found)
    it(`${name} (${scenarioName})`, async () => {
      const scenario = scenarios.find((candidate) => candidate.name === scenarioName)!;
      const { violations } = await withQuietLog(() => runSchedule(scenario, [faults].flat()));
      assert.deepEqual(violations, []);
    });
});
