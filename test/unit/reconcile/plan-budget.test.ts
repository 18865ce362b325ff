/**
 * Money and time: what is counted, when it is too much, and how many machines it allows. Prices in USD an hour, worked
 * out by hand from the list in job/prices.ts: the cluster 0.1, a system machine 0.1491, a Spot worker machine 0.0485.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JobRecord, Spending } from '../../../functions/job/job-record.ts';
import type { Observation } from '../../../functions/job/observation.ts';
import { affordableNodes, enforceLimits, endsByMs, isSpent, meter } from '../../../functions/reconcile/plan-budget.ts';
import { settings } from '../../support/job-world.ts';
import {
  ago,
  clusterView,
  endingOf,
  NOW_MS,
  observation,
  poolView,
  recordIn,
  recordWithCluster,
  specOf,
} from '../../support/plan-fixtures.ts';

const FIXED = 0.24911063;
const WORKER = 0.04845292;
const ON_DEMAND_WORKER = 0.14226132;
/** A tick, a pass that dies, draining and deletion. */
const WIND_DOWN_HOURS = 480 / 3600;
/** Ten minutes of a cluster without workers, or a quarter of a small limit. */
const OUTAGE = (FIXED * 600) / 3600;

const about = (actual: number, expected: number, what: string): void =>
  assert.ok(Math.abs(actual - expected) < 1e-6, `${what}: ${actual} instead of ${expected}`);

describe('meter', () => {
  const spending: Spending = { usd: 1, machineSeconds: 600, clusterSeconds: 300, usdPerHour: 0, asOf: ago(360) };
  /** Added over six minutes, and the rate from now on. */
  interface Added {
    usd: number;
    machineSeconds: number;
    clusterSeconds: number;
    usdPerHour: number;
  }
  const twoMachines = { cluster: clusterView({}, 1) };
  const refusal = { ...poolView(), count: 1, until: ago(60), text: 'none' };
  const gone: Added = { usd: 0, machineSeconds: 0, clusterSeconds: 0, usdPerHour: 0 };
  const rows: [name: string, before: Partial<Spending>, record: Partial<JobRecord>, Partial<Observation>, Added][] = [
    [
      'counts what it sees, back to the pass before',
      {},
      {},
      twoMachines,
      {
        usd: (FIXED + WORKER) / 10,
        machineSeconds: 720,
        clusterSeconds: 360,
        usdPerHour: FIXED + WORKER,
      },
    ],
    [
      'counts the dearer of then and now',
      { usdPerHour: 10 },
      {},
      twoMachines,
      { usd: 1, machineSeconds: 720, clusterSeconds: 360, usdPerHour: FIXED + WORKER },
    ],
    [
      'prices each pool by its own kind',
      {},
      {},
      { cluster: clusterView({ pools: [poolView({ spot: false })] }) },
      {
        usd: (FIXED + ON_DEMAND_WORKER) / 10,
        machineSeconds: 720,
        clusterSeconds: 360,
        usdPerHour: FIXED + ON_DEMAND_WORKER,
      },
    ],
    [
      'counts no machine that the cloud has not',
      {},
      {},
      { cluster: clusterView({ pools: [poolView({ nodes: 5, refused: ['m1', 'm2', 'm3', 'm4'] })] }) },
      { usd: (FIXED + WORKER) / 10, machineSeconds: 720, clusterSeconds: 360, usdPerHour: FIXED + WORKER },
    ],
    ['counts nothing that was refused', {}, {}, { cluster: null }, gone],
    [
      'counts what was there until now',
      { usdPerHour: 0.2 },
      {},
      { cluster: null },
      { usd: 0.02, machineSeconds: 360, clusterSeconds: 360, usdPerHour: 0 },
    ],
    [
      'counts what was asked for where the cloud cannot be asked',
      {},
      { fleet: { workers: 6, nodes: 2, code: 'work', text: '' } },
      { cluster: 'unknown' },
      {
        usd: (FIXED + 2 * WORKER) / 10,
        machineSeconds: 1080,
        clusterSeconds: 360,
        usdPerHour: FIXED + 2 * WORKER,
      },
    ],
    [
      'of the dearest kind where the first one was refused, whatever is asked for now',
      {},
      { fleet: { workers: 6, nodes: 2, code: 'work', text: '' }, refusals: [refusal] },
      { cluster: 'unknown' },
      {
        usd: (FIXED + 2 * ON_DEMAND_WORKER) / 10,
        machineSeconds: 1080,
        clusterSeconds: 360,
        usdPerHour: FIXED + 2 * ON_DEMAND_WORKER,
      },
    ],
    ['never counts backwards', { usdPerHour: 0.2, asOf: ago(-60) }, {}, { cluster: null }, gone],
  ];
  for (const [name, part, record, seen, added] of rows)
    it(name, () => {
      const before = { ...spending, ...part };
      const after = meter(recordIn('running', { spending: before, ...record }), observation(seen), settings).spending;
      about(after.usd - before.usd, added.usd, 'usd');
      about(after.machineSeconds - before.machineSeconds, added.machineSeconds, 'machineSeconds');
      about((after.clusterSeconds ?? 0) - (before.clusterSeconds ?? 0), added.clusterSeconds, 'clusterSeconds');
      about(after.usdPerHour, added.usdPerHour, 'usdPerHour');
      assert.equal(after.asOf, new Date(NOW_MS).toISOString());
    });

  it('counts nothing before there is a cluster, and nothing after it has gone', () => {
    for (const record of [recordIn('waiting'), recordIn('succeeded')])
      assert.equal(meter(record, observation(), settings), record);
  });
});

describe('enforceLimits', () => {
  const spec = specOf('limits: {usd: 2, time: 1h}');
  const spent = (usd: number, usdPerHour: number, clusterSeconds = 0): Partial<JobRecord> => ({
    spec,
    spending: { usd, machineSeconds: 0, clusterSeconds, usdPerHour, asOf: ago(0) },
  });
  const rows: [name: string, record: Partial<JobRecord>, ending: string | null][] = [
    ['money and time are left', spent(1, 1), null],
    ['winding down, an outage included, would take just less than the rest', spent(1.8251, 1), null],
    ['winding down takes the rest', spent(1.8252, 1), 'stopped: FF-LIMIT-USD'],
    ['a quarter of a small limit is for an outage', { ...spent(0.0749, 0), spec: specOf('limits: {usd: 0.1}') }, null],
    ['and no more', { ...spent(0.075, 0), spec: specOf('limits: {usd: 0.1}') }, 'stopped: FF-LIMIT-USD'],
    ['one second of the time is left', spent(0, 0, 3599), null],
    ['the time is over', spent(0, 0, 3600), 'stopped: FF-LIMIT-TIME'],
    ['money is told first', spent(2, 0, 3600), 'stopped: FF-LIMIT-USD'],
    [
      'what is ending already has its reason',
      { ...spent(3, 1), ending: endingOf('cancelled') },
      'cancelled: FF-USER-CANCEL',
    ],
    ['nothing was made yet', { ...spent(3, 1), cluster: null }, null],
  ];
  for (const [name, part, expected] of rows)
    it(name, () => {
      const { ending } = enforceLimits(recordIn('running', part), NOW_MS);
      assert.equal(ending && `${ending.outcome}: ${ending.code}`, expected);
    });
});

describe('isSpent', () => {
  const rows: [name: string, usd: number, usdPerHour: number, clusterSeconds: number, expected: boolean][] = [
    ['deleting leaves something', 1.9, 1, 0, false],
    ['deleting takes the rest', 1.9334, 1, 0, true],
    ['the limit is reached to the cent', 2, 0, 0, true],
    ['an hour over time is granted', 0, 0, 7199, false],
    ['and no more', 0, 0, 7200, true],
  ];
  for (const [name, usd, usdPerHour, clusterSeconds, expected] of rows)
    it(name, () => {
      const spending = { usd, machineSeconds: 0, clusterSeconds, usdPerHour, asOf: ago(0) };
      const record = recordWithCluster('draining', { spec: specOf('limits: {usd: 2, time: 1h}'), spending });
      assert.equal(isSpent(record), expected);
    });
});

describe('affordableNodes', () => {
  /** A third of the money is for booting (100 s), one tick, and the end. */
  const hours = (100 + 60) / 3600 + WIND_DOWN_HOURS;
  const rows: [name: string, limits: string, usd: number, expected: number][] = [
    [
      'a fleet that can boot and end with a third of the rest',
      '{usd: 5}',
      0,
      Math.floor((5 - OUTAGE - FIXED * hours) / 3 / (WORKER * hours)),
    ],
    ['what is spent counts', '{usd: 5}', 4, Math.floor((1 - OUTAGE - FIXED * hours) / 3 / (WORKER * hours))],
    ['none, when the end alone takes the rest', '{usd: 5}', 4.98, 0],
    ['never fewer than none', '{usd: 5}', 9, 0],
  ];
  for (const [name, limits, usd, expected] of rows)
    it(name, () => {
      const spending = { usd, machineSeconds: 0, clusterSeconds: 0, usdPerHour: 0, asOf: ago(0) };
      const record = recordWithCluster('running', { spec: specOf(`limits: ${limits}`), spending });
      assert.equal(affordableNodes(record, [], { machineType: 'e2-standard-4', spot: true }, 100), expected);
    });
});

it('machines that are there count by what they cost, those to come by their own price', () => {
  const hours = (100 + 60) / 3600 + WIND_DOWN_HOURS;
  const left = (1 - OUTAGE - FIXED * hours) / 3;
  const spending = { usd: 4, machineSeconds: 0, clusterSeconds: 0, usdPerHour: 0, asOf: ago(0) };
  const record = recordWithCluster('running', { spec: specOf('limits: {usd: 5}'), spending });
  const onDemand = [poolView({ spot: false, nodes: 3 })];
  const affordable = [true, false].map((spot) =>
    affordableNodes(record, onDemand, { machineType: 'e2-standard-4', spot }, 100),
  );
  const forMore = left - 3 * ON_DEMAND_WORKER * hours;
  const more = [WORKER, ON_DEMAND_WORKER].map((usdPerHour) => Math.floor(forMore / (usdPerHour * hours)));
  assert.deepEqual(
    affordable,
    more.map((nodes) => 3 + nodes),
  );
});

describe('endsByMs', () => {
  type Row = [name: string, limits: string, usd: number, clusterSeconds: number, secondsAfterRequest: number];
  const rows: Row[] = [
    ['the time and an hour', '{usd: 100, time: 2h}', 0, 0, 3 * 3600],
    ['less the time of earlier attempts', '{usd: 100, time: 2h}', 0, 600, 3 * 3600 - 600],
    ['the money of a cluster without workers, when that is sooner', '{usd: 0.49822126, time: 12h}', 0, 0, 2 * 3600],
    ['less the money of earlier attempts', '{usd: 0.49822126, time: 12h}', FIXED, 0, 3600],
    ['soon, when little is left', '{usd: 0.001, time: 12h}', 0, 0, 14.451],
    ['at once, when more than all is spent', '{usd: 1, time: 12h}', 2, 0, 0],
  ];
  for (const [name, limits, usd, clusterSeconds, seconds] of rows)
    it(name, () => {
      const spending = { usd, machineSeconds: 0, clusterSeconds, usdPerHour: 0, asOf: ago(0) };
      const record = recordWithCluster('running', { spec: specOf(`limits: ${limits}`), spending });
      const after = (endsByMs(record) - Date.parse(record.cluster.createRequestedAt)) / 1000;
      assert.ok(Math.abs(after - seconds) < 0.01, `${after} s instead of ${seconds}`);
    });
});
