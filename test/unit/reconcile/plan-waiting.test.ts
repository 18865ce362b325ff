/** Before anything is made: is the folder complete and sound, and is there a place. */
import { describe, it } from 'node:test';
import type { JobRecord } from '../../../functions/job/job-record.ts';
import type { Observation } from '../../../functions/job/observation.ts';
import { planWaiting } from '../../../functions/reconcile/plan-waiting.ts';
import { settings } from '../../support/job-world.ts';
import {
  ago,
  type Expected,
  expectStep,
  jobFile,
  NOW_MS,
  observation,
  recordIn,
  specOf,
  uploadOf,
} from '../../support/plan-fixtures.ts';

type Upload = Partial<Observation['upload']>;

const problem = { code: 'FF-SCRIPT-EMPTY', path: 'script', message: 'the script is empty', remedy: 'write it' };
const says = (lines: string): Upload => ({ parsed: { spec: specOf(lines), problems: [] } });
const spent = { spending: { usd: 4.99, machineSeconds: 0, clusterSeconds: 43_200, usdPerHour: 0, asOf: ago(0) } };
const refused = (code: string): Expected => ({ phase: 'failed', actions: [], ending: `failed: ${code}` });
const places = { held: false, taken: 2, maximum: 3, beside: ['other'] };
const gone = 'gs://other/x.csv';
const ofOther = { ...specOf(), data: [{ object: gone, as: 'file' as const }] };
const elsewhere: Upload = { parsed: { spec: ofOther, problems: [] }, missingObjects: [gone] };
const full = { places: { ...places, taken: 3 } };

const rows: [
  name: string,
  record: Partial<JobRecord>,
  upload: Upload,
  seen: Partial<Observation>,
  expected: Expected,
][] = [
  ['the job file is still to come', {}, { jobFile: null, parsed: null }, {}, { phase: 'waiting', actions: [] }],
  [
    'the job file was there and is gone',
    { jobFile },
    { jobFile: null, parsed: null },
    {},
    { phase: 'cancelled', ending: 'cancelled: FF-JOB-FILE-DELETED' },
  ],
  [
    'the job file was not read in this pass',
    {},
    { parsed: null },
    {},
    { phase: 'waiting', decisions: [], actions: [] },
  ],
  ['the job file is wrong', {}, { parsed: { spec: null, problems: [problem] } }, {}, refused('FF-SCRIPT-EMPTY')],
  ['the script is wrong', {}, { scriptProblem: problem }, {}, refused('FF-SCRIPT-EMPTY')],
  [
    'the script is not there yet',
    {},
    { files: [] },
    {},
    { phase: 'waiting', actions: [], waitingFor: /^run\.R \(named in job\.yaml, not uploaded yet\)$/ },
  ],
  ['not there after half an hour', { phaseSince: ago(1800) }, { files: [] }, {}, refused('FF-FILES-MISSING')],
  ['the money is too little for the smallest run', {}, says('limits: {usd: 0.001}'), {}, refused('FF-LIMIT-TOO-LOW')],
  ['earlier attempts have used the money up', spent, says('limits: {usd: 5}'), {}, refused('FF-LIMIT-TOO-LOW')],
  ['earlier attempts have used the time up', spent, says('limits: {usd: 9}'), {}, refused('FF-LIMIT-TOO-LOW')],
  ['a worker fits on no machine', {}, says('worker: {memory: 60Gi}'), {}, refused('FF-WORKER-TOO-LARGE')],
  ['a cluster that is there already', {}, says('cluster: existing'), {}, refused('FF-CLUSTER-EXISTING')],
  [
    'no place is free',
    {},
    {},
    full,
    { phase: 'waiting', actions: [], waitingFor: /3 jobs have one, the installation allows 3/ },
  ],
  [
    'an object of another bucket is missing: told at once, before a place is taken',
    {},
    elsewhere,
    { places },
    { phase: 'waiting', actions: [], waitingFor: /gs:\/\/other\/x\.csv/, ending: null },
  ],
  ['half an hour is enough for that, too', { phaseSince: ago(1800) }, elsewhere, {}, refused('FF-DATA-MISSING')],
  [
    'the other bucket cannot be asked',
    { phaseSince: ago(1800) },
    { missingObjects: 'unknown' },
    {},
    { phase: 'waiting', actions: [], waitingFor: /the buckets of its data/, ending: null },
  ],
  ['the problem is told before a place is free', {}, { scriptProblem: problem }, full, refused('FF-SCRIPT-EMPTY')],
  [
    'a place is free: it is taken, and nothing is made before it was seen to be held',
    {},
    {},
    { places },
    { phase: 'waiting', actions: [{ do: 'take-place', maximum: 3, beside: ['other'] }], waitingFor: /a place/ },
  ],
  [
    'nobody knows which places are free',
    {},
    {},
    { places: 'unknown' },
    { phase: 'waiting', actions: [], waitingFor: /the list of places/ },
  ],
  [
    'it has a place, also when all are taken',
    {},
    {},
    { places: { ...full.places, held: true } },
    {
      phase: 'creating',
      decisions: ['phase creating: creating'],
      actions: [
        {
          do: 'create-cluster',
          name: 'ff-demo-1',
          location: 'zone-a',
          system: { machineType: 'e2-standard-4', spot: false, diskGb: 100 },
          endsByMs: NOW_MS + 13 * 3_600_000,
          mostMachines: 13,
        },
      ],
    },
  ],
];

describe('planWaiting', () => {
  for (const [name, record, upload, seen, expected] of rows)
    it(name, () => {
      const before = recordIn('waiting', record);
      const all = observation({ ...seen, upload: uploadOf(upload) });
      expectStep(before, planWaiting(before, all, settings), expected);
    });
});
