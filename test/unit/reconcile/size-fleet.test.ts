import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sizeFleet, type FleetDemand, type FleetSize } from '../../../functions/reconcile/size-fleet.ts';

const demand = (part: Partial<FleetDemand>): FleetDemand => ({
  isShort: false,
  waiting: 100,
  running: 3,
  secondsOfWork: 6000,
  workersPerMachine: 3,
  bootSeconds: 100,
  currentWorkers: 3,
  currentNodes: 1,
  currentPlaces: 3,
  maxWorkers: 32,
  machineVcpu: 4,
  freeVcpus: null,
  affordableNodes: 1000,
  ...part,
});

const rows: [name: string, part: Partial<FleetDemand>, expected: Partial<FleetSize>][] = [
  ['every worker gets twice its boot time of work', {}, { workers: 30, nodes: 10, code: 'work' }],
  ['machines are filled', { secondsOfWork: 5700 }, { workers: 30, nodes: 10, code: 'work' }],
  ['no more workers than worker.max', { secondsOfWork: 1e6 }, { workers: 32, nodes: 11, code: 'maximum' }],
  [
    'no more workers than iterations',
    { waiting: 4, running: 1, secondsOfWork: 1e5 },
    { workers: 5, nodes: 2, code: 'tasks' },
  ],
  [
    'in-flight work counts',
    { waiting: 0, running: 6, secondsOfWork: 1e5, currentWorkers: 6 },
    { workers: 6, nodes: 2, code: 'tasks' },
  ],
  ['money limits growth', { secondsOfWork: 1e6, affordableNodes: 4 }, { workers: 12, nodes: 4, code: 'money' }],
  [
    'machines that are there stay, whatever money is left',
    { secondsOfWork: 1e6, affordableNodes: 0 },
    { workers: 3, nodes: 1, code: 'money' },
  ],
  ['quota limits growth', { secondsOfWork: 1e6, freeVcpus: 9 }, { workers: 9, nodes: 3, code: 'quota' }],
  [
    'a quota already used up takes nothing away',
    { secondsOfWork: 1e6, freeVcpus: 0, currentNodes: 4, currentPlaces: 12 },
    { workers: 12, nodes: 4, code: 'quota' },
  ],
  [
    'unmeasured work keeps what is there',
    { secondsOfWork: null, currentWorkers: 3 },
    { workers: 3, nodes: 1, code: 'unmeasured' },
  ],
  ['no work needs no worker and no machine', { waiting: 0, running: 0 }, { workers: 0, nodes: 0, code: 'no-work' }],
  [
    'the place beside Redis and driver needs no machine',
    { secondsOfWork: 400, waiting: 4, running: 0, currentNodes: 0, currentPlaces: 2, currentWorkers: 2 },
    { workers: 2, nodes: 0, code: 'work' },
  ],
  [
    'and is counted where more are needed',
    { secondsOfWork: 1000, currentNodes: 0, currentPlaces: 2, currentWorkers: 2 },
    { workers: 5, nodes: 1, code: 'work' },
  ],
  [
    'where no kind of machine is to be had it stays as it is',
    { secondsOfWork: 1e6, isShort: true },
    { workers: 3, nodes: 1, code: 'shortage' },
  ],
  [
    'a little work needs one worker; the rest of its machine is paid for anyway',
    { secondsOfWork: 1 },
    { workers: 3, nodes: 1, code: 'work' },
  ],
];

describe('sizeFleet', () => {
  for (const [name, part, expected] of rows)
    it(name, () => {
      const { workers, nodes, code } = sizeFleet(demand(part));
      assert.deepEqual({ workers, nodes, code }, expected);
    });
});
