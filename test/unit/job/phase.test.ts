/** The state machine: plan() reaches every legal move, and no other move is possible. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JobRecord } from '../../../functions/job/job-record.ts';
import type { Observation } from '../../../functions/job/observation.ts';
import { isTerminal, mayMove, type Phase, PHASES } from '../../../functions/job/phase.ts';
import { plan } from '../../../functions/reconcile/plan.ts';
import { move } from '../../../functions/reconcile/step.ts';
import { settings } from '../../support/job-world.ts';
import {
  clusterView,
  endingOf,
  jobFile,
  movesOf,
  NOW_MS,
  observation,
  progressOf,
  recordIn,
  specOf,
  uploadOf,
  workloadView,
} from '../../support/plan-fixtures.ts';

const cancel = uploadOf({ controls: { cancel: { generation: '9' } } });
const pause = uploadOf({ controls: { pause: { generation: '9' } } });
const corrected = uploadOf({
  jobFile: { ...jobFile, md5: 'job-file-2' },
  controls: { resume: { generation: '9' } },
});
const lost = { cluster: null };
const driverEnded = { workload: workloadView({ driver: 'succeeded' }) };
const manual = { spec: specOf('canary: {approval: manual}') };

const rows: [move: string, record: Partial<JobRecord>, seen: Partial<Observation>][] = [
  ['waiting > creating', {}, {}],
  ['waiting > failed', {}, { upload: uploadOf({ parsed: { spec: specOf('limits: {usd: 0.001}'), problems: [] } }) }],
  ['waiting > cancelled', {}, { upload: cancel }],
  ['waiting > paused', {}, { upload: pause }],
  ['creating > starting', {}, {}],
  ['creating > deleting', {}, { cluster: clusterView({ state: 'error' }) }],
  ['creating > failed', {}, { cluster: clusterView({ ours: false }) }],
  ['starting > canary', {}, {}],
  ['starting > creating', {}, lost],
  ['starting > draining', {}, { upload: cancel }],
  ['canary > approval', manual, {}],
  ['canary > running', {}, {}],
  ['canary > creating', {}, lost],
  ['canary > draining', {}, { progress: progressOf({ done: 0, failed: 4 }) }],
  ['approval > running', { ...manual, approved: true }, {}],
  ['approval > creating', manual, lost],
  ['approval > draining', manual, { upload: cancel }],
  ['running > creating', {}, lost],
  ['running > draining', {}, driverEnded],
  ['draining > deleting', {}, driverEnded],
  ['deleting > creating', {}, lost],
  ...(['succeeded', 'failed', 'cancelled', 'stopped', 'paused'] as const).flatMap((outcome): typeof rows => [
    [`deleting > ${outcome}`, { ending: endingOf(outcome) }, lost],
    [`${outcome} > waiting`, {}, { upload: corrected, cluster: null }],
  ]),
];

const legal = PHASES.flatMap((from) => PHASES.filter((to) => from !== to && mayMove(from, to)).map((to) => [from, to]));

describe('plan() reaches the move', () => {
  for (const [wanted, record, seen] of rows)
    it(wanted, () => {
      const before = recordIn(wanted.split(' ')[0] as Phase, record);
      assert.equal(movesOf(before, plan(before, observation(seen), settings))[0], wanted);
    });

  it('of every legal pair', () => {
    const stated = rows.map(([wanted]) => wanted);
    assert.deepEqual(stated.toSorted(), legal.map(([from, to]) => `${from} > ${to}`).toSorted());
  });
});

describe('move()', () => {
  for (const from of PHASES)
    it(`from ${from} throws for every phase that may not follow`, () => {
      for (const to of PHASES) {
        const go = (): JobRecord => move(recordIn(from), to, NOW_MS, 'because');
        if (mayMove(from, to)) assert.equal(go().phase, to);
        else assert.throws(go, { message: `no move from ${from} to ${to} (job demo)` });
      }
    });

  it('stays without a decision and without a notice where it is already', () => {
    const record = recordIn('running');
    assert.equal(move(record, 'running', NOW_MS, 'because'), record);
  });

  it('notes the decision, the notice and the time, and what was waited for is over', () => {
    const moved = move(recordIn('running', { waitingFor: 'a worker' }), 'draining', NOW_MS, 'done');
    const { phaseSince, waitingFor, endedAt, decisions, notices } = moved;
    const at = new Date(NOW_MS).toISOString();
    assert.deepEqual([phaseSince, waitingFor, endedAt], [at, null, null]);
    assert.deepEqual(decisions, [{ at, what: 'phase draining', code: 'draining', text: 'done' }]);
    assert.deepEqual(notices, [{ id: `demo-1-draining-${NOW_MS}`, event: 'draining', at, text: 'done' }]);
  });
});

describe('a terminal phase', () => {
  for (const phase of PHASES)
    it(`${phase}: ${isTerminal(phase) ? 'leads only to a new attempt' : 'is none'}`, () => {
      const next = PHASES.filter((to) => to !== phase && mayMove(phase, to));
      assert.equal(isTerminal(phase), JSON.stringify(next) === '["waiting"]');
    });
});
