/** How many tasks may begin: the canary's, and one more for each that began and never ended. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Action } from '../../../functions/job/action.ts';
import type { Gate, Progress } from '../../../functions/job/progress.ts';
import { closedGate, openGate } from '../../../functions/reconcile/plan-gate.ts';
import { progressOf } from '../../support/plan-fixtures.ts';

const set = (tasks: number | 'open'): Action[] => [{ do: 'set-gate', tasks }];

const closed: [name: string, gate: Gate | null, progress: Partial<Progress>, expected: Action[]][] = [
  ['Redis was not read: nothing is done', null, {}, []],
  ['there is none yet: the four of the canary', { tasks: null, begun: 0 }, { done: 0, running: 0 }, set(4)],
  ['an open one is closed', { tasks: 'open', begun: 3 }, { done: 0, running: 3 }, set(4)],
  ['one that is right stays', { tasks: 4, begun: 3 }, { done: 0, running: 3 }, []],
  ['a failed task was tried, too', { tasks: 4, begun: 4 }, { done: 1, failed: 3, running: 0 }, []],
  ['a task that died with its R gives its ticket back', { tasks: 4, begun: 4 }, { done: 2, running: 1 }, set(5)],
  ['more than the canary needs is taken back', { tasks: 9, begun: 3 }, { done: 0, running: 3 }, set(4)],
];

const open: [name: string, gate: Gate | null, expected: Action[]][] = [
  ['Redis was not read: nothing is done', null, []],
  ['no gate at all is an open one', { tasks: null, begun: 9 }, []],
  ['an open one stays', { tasks: 'open', begun: 9 }, []],
  ['a closed one is opened', { tasks: 4, begun: 4 }, set('open')],
];

describe('closedGate', () => {
  for (const [name, gate, progress, expected] of closed)
    it(name, () => assert.deepEqual(closedGate(gate, progressOf(progress), 4), expected));

  it('a task that waits for more memory was tried, too', () => {
    const progress = progressOf({ done: 2, running: 1 });
    assert.deepEqual(closedGate({ tasks: 4, begun: 4 }, progress, 4, 1), []);
  });
});

describe('openGate', () => {
  for (const [name, gate, expected] of open) it(name, () => assert.deepEqual(openGate(gate), expected));
});
