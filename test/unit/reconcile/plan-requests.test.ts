/** What the user asks for by control files, and what a corrected folder means. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Action, ControlKind } from '../../../functions/job/action.ts';
import type { JobRecord } from '../../../functions/job/job-record.ts';
import type { Observation } from '../../../functions/job/observation.ts';
import type { Phase } from '../../../functions/job/phase.ts';
import { planRequests } from '../../../functions/reconcile/plan-requests.ts';
import {
  ago,
  endingOf,
  type Expected,
  expectStep,
  jobFile,
  observation,
  recordIn,
  uploadOf,
} from '../../support/plan-fixtures.ts';

type Upload = Partial<Observation['upload']>;

const asked = (kind: ControlKind, generation = '9'): Upload => ({ controls: { [kind]: { generation } } });
const removed = (kind: ControlKind): Action[] => [{ do: 'remove-control', kind, generation: '9' }];
const otherJobFile = { jobFile: { ...jobFile, md5: 'job-file-2' } };
const limited = { ending: endingOf('stopped', { code: 'FF-LIMIT-USD' }) };
const neverMade = { clustersMade: 0, cluster: null };

const rows: [name: string, phase: Phase, record: Partial<JobRecord>, upload: Upload, expected: Expected][] = [
  ['nothing is asked for', 'running', {}, {}, { phase: 'running', decisions: [], actions: [] }],
  [
    'cancel, with a cluster',
    'running',
    {},
    asked('cancel'),
    { phase: 'draining', ending: 'cancelled: FF-USER-CANCEL', actions: removed('cancel') },
  ],
  [
    'pause, before anything was made',
    'waiting',
    {},
    asked('pause'),
    { phase: 'paused', ending: 'paused: FF-USER-PAUSE' },
  ],
  [
    'cancel after the end',
    'succeeded',
    {},
    asked('cancel'),
    { phase: 'succeeded', decisions: ['cancel: nothing-to-do'], actions: removed('cancel') },
  ],
  [
    'a cancel beats an ending that has begun',
    'draining',
    {},
    asked('cancel'),
    { phase: 'draining', ending: 'cancelled: FF-USER-CANCEL' },
  ],
  ['a pause does not', 'draining', {}, asked('pause'), { phase: 'draining', ending: 'succeeded: done' }],
  [
    'approval',
    'approval',
    {},
    asked('approve'),
    { phase: 'approval', decisions: ['approve: approved'], actions: removed('approve') },
  ],
  [
    'resume of a job that runs',
    'running',
    {},
    asked('resume'),
    { phase: 'running', decisions: ['resume: nothing-to-do'], actions: removed('resume') },
  ],
  ['resume while the attempt is wound down: later', 'draining', {}, asked('resume'), { decisions: [], actions: [] }],
  ['resume after a cancel', 'cancelled', {}, asked('resume'), { phase: 'waiting', actions: removed('resume') }],
  ['resume of what has succeeded', 'succeeded', {}, asked('resume'), { decisions: ['resume: nothing-to-do'] }],
  ['resume of a changed folder', 'succeeded', {}, { ...asked('resume'), ...otherJobFile }, { phase: 'waiting' }],
  [
    'resume at a limit that stays reached',
    'stopped',
    limited,
    asked('resume'),
    { phase: 'stopped', decisions: ['resume: nothing-to-do'] },
  ],
  ['resume with another job file', 'stopped', limited, { ...asked('resume'), ...otherJobFile }, { phase: 'waiting' }],
  [
    'a resume that a later cancel has withdrawn',
    'paused',
    {},
    { controls: { resume: { generation: '9' }, cancel: { generation: '10' } } },
    { phase: 'paused', decisions: ['cancel: nothing-to-do', 'resume: withdrawn'] },
  ],
  [
    'a resume that is later than the cancel',
    'paused',
    {},
    { controls: { resume: { generation: '10' }, cancel: { generation: '9' } } },
    { phase: 'waiting' },
  ],
  ['a folder that is corrected before anything was made', 'failed', neverMade, otherJobFile, { phase: 'waiting' }],
  ['a folder that stays wrong', 'failed', neverMade, {}, { phase: 'failed', decisions: [] }],
  ['a folder that changes after machines were made', 'failed', {}, otherJobFile, { phase: 'failed', decisions: [] }],
];

describe('planRequests', () => {
  for (const [name, phase, record, upload, expected] of rows)
    it(name, () => {
      const before = recordIn(phase, record);
      expectStep(before, planRequests(before, observation({ upload: uploadOf(upload) })), expected);
    });

  it('an approval is kept, and a request of another kind is none', () => {
    const approvedBy = (kind: ControlKind): boolean =>
      planRequests(recordIn('approval'), observation({ upload: uploadOf(asked(kind)) })).record.approved;
    assert.deepEqual([approvedBy('approve'), approvedBy('resume')], [true, false]);
  });

  const refusal = { machineType: 'e2-standard-4', spot: true, zone: 'zone-a', count: 1, until: ago(-60), text: 'none' };

  it('a new attempt keeps what earlier ones have spent, and nothing else of them', () => {
    const before = recordIn('cancelled', { approved: true, refusals: [refusal] });
    const { record } = planRequests(before, observation({ upload: uploadOf(asked('resume')) }));
    assert.deepEqual(
      [record.attempt, record.spending.usd, record.spending.clusterSeconds, record.spending.usdPerHour],
      [2, 0.1, 300, 0],
    );
    assert.deepEqual(
      [record.cluster, record.ending, record.approved, record.refusals, record.clustersMade],
      [null, null, false, [], 0],
    );
  });
});
