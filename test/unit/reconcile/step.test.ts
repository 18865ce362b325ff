/** What all rules build their answers of: an ending, what a job waits for. The moves are in job/phase.test.ts. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JobRecord } from '../../../functions/job/job-record.ts';
import type { Outcome, Phase } from '../../../functions/job/phase.ts';
import {
  beginEnding,
  endWithProblem,
  noteDecision,
  secondsSince,
  stay,
  noteWaiting,
  noteNoWaiting,
} from '../../../functions/reconcile/step.ts';
import { ago, endingOf, type Expected, expectStep, NOW_MS, recordIn } from '../../support/plan-fixtures.ts';

describe('beginEnding', () => {
  const rows: [name: string, phase: Phase, record: Partial<JobRecord>, outcome: Outcome, expected: Expected][] = [
    ['nothing was made: it ends at once', 'waiting', {}, 'cancelled', { phase: 'cancelled' }],
    ['a cluster is being made: nothing is to be saved', 'creating', {}, 'cancelled', { phase: 'deleting' }],
    ['pods may have begun: what they have is saved first', 'starting', {}, 'cancelled', { phase: 'draining' }],
    ['the script runs', 'running', {}, 'stopped', { phase: 'draining', ending: 'stopped: FF-USER-CANCEL' }],
    [
      'it ends already: the first ending stands',
      'draining',
      { ending: endingOf('succeeded') },
      'stopped',
      { phase: 'draining', decisions: [], ending: 'succeeded: done' },
    ],
    [
      'but a cancel beats all',
      'draining',
      { ending: endingOf('succeeded') },
      'cancelled',
      { phase: 'draining', decisions: ['ending cancelled: FF-USER-CANCEL'], ending: 'cancelled: FF-USER-CANCEL' },
    ],
    [
      'also while the cluster goes',
      'deleting',
      { ending: endingOf('failed') },
      'cancelled',
      { phase: 'deleting', decisions: ['ending cancelled: FF-USER-CANCEL'], ending: 'cancelled: FF-USER-CANCEL' },
    ],
  ];
  for (const [name, phase, part, outcome, expected] of rows)
    it(name, () => {
      const before = recordIn(phase, part);
      const reason = { outcome, code: 'FF-USER-CANCEL', message: 'because', remedy: null } as const;
      expectStep(before, stay(beginEnding(before, reason, NOW_MS)), expected);
    });
});

describe('endWithProblem', () => {
  for (const [path, message] of [
    ['limits.usd', 'limits.usd: is no number'],
    ['', 'is no number'],
  ] as const)
    it(`says "${message}", with the code and the remedy of the problem`, () => {
      const problem = { code: 'FF-SPEC-VALUE', path, message: 'is no number', remedy: 'Write one.' } as const;
      const { phase, ending } = endWithProblem(recordIn('waiting'), problem, NOW_MS);
      assert.equal(phase, 'failed');
      assert.deepEqual(ending, {
        outcome: 'failed',
        code: 'FF-SPEC-VALUE',
        message,
        remedy: 'Write one.',
        since: ago(0),
      });
    });
});

describe('noteWaiting', () => {
  const waiting = noteWaiting(recordIn('running'), NOW_MS - 90_000, 'machines', 'no machines in zone-a');

  it('waits since it first waited for the same thing, however the text changes', () => {
    const later = noteWaiting(waiting, NOW_MS, 'machines', 'no machines in zone-b');
    assert.deepEqual(
      [later.waitingFor, later.waiting],
      ['no machines in zone-b', { code: 'machines', since: ago(90) }],
    );
  });

  it('waits anew for something else', () => {
    assert.equal(noteWaiting(waiting, NOW_MS, 'place', 'two others').waiting?.since, ago(0));
  });

  it('waits for nothing any more', () => {
    const { waitingFor, waiting: what } = noteNoWaiting(waiting);
    assert.deepEqual([waitingFor, what], [null, null]);
  });
});

describe('noteDecision', () => {
  it('keeps what was decided before, the newest last', () => {
    const first = noteDecision(recordIn('running'), NOW_MS - 1000, 'keep', 'work', 'as before');
    const { decisions } = noteDecision(first, NOW_MS, 'shrink', 'no-work', 'nothing waits');
    assert.deepEqual(decisions, [
      { at: ago(1), what: 'keep', code: 'work', text: 'as before' },
      { at: ago(0), what: 'shrink', code: 'no-work', text: 'nothing waits' },
    ]);
  });
});

it('seconds since a time that is to come are negative', () => {
  assert.deepEqual([secondsSince(ago(5), NOW_MS), secondsSince(ago(-5), NOW_MS)], [5, -5]);
});
