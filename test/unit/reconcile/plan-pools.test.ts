/** Which pool of workers is made or grown, and what follows when the cloud refuses its machines. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Action } from '../../../functions/job/action.ts';
import type { JobRecord } from '../../../functions/job/job-record.ts';
import type { Observation } from '../../../functions/job/observation.ts';
import type { Refusal } from '../../../functions/job/shortage.ts';
import type { PoolView } from '../../../functions/ports/clusters.ts';
import { addNodes, flavourNow, noteShortages, waitForMachines } from '../../../functions/reconcile/plan-pools.ts';
import { settings as usual } from '../../support/job-world.ts';
import {
  ago,
  clusterView,
  NOW_MS,
  observation,
  poolView,
  recordWithCluster,
  specOf,
} from '../../support/plan-fixtures.ts';

const settings = { ...usual, locations: ['zone-a'] };
const one = { spec: specOf('machines: {types: [e2-standard-4], spot: only}') };
const two = { spec: specOf('machines: {types: [e2-standard-4], spot: prefer}') };
const spot = { machineType: 'e2-standard-4', spot: true, zone: 'zone-a' };
const onDemand = { ...spot, spot: false };
const refusal = (part: Partial<Refusal> = {}): Refusal => ({
  ...spot,
  count: 1,
  until: ago(-600),
  text: 'no machines',
  ...part,
});
const nodesTo = (nodes: number): Action => ({ do: 'resize-pool', name: 'ws-a-e2-standard-4', flavour: spot, nodes });

describe('addNodes', () => {
  const seen = (...pools: PoolView[]): Observation['cluster'] => clusterView({ pools });
  const rows: [name: string, record: Partial<JobRecord>, cluster: Observation['cluster'], Action[]][] = [
    [
      'there is no pool of this kind: one is made at once at the size that is wanted',
      one,
      seen(),
      [{ do: 'create-pool', name: 'ws-a-e2-standard-4', flavour: spot, diskGb: 50, nodes: 3 }],
    ],
    ['there is one: it grows by what is missing', one, seen(poolView({ nodes: 2 })), [nodesTo(5)]],
    ['the cloud works on it: it takes no other size now', one, seen(poolView({ state: 'reconciling' })), []],
    [
      'its kind is refused: the next kind has a pool of its own',
      { ...two, refusals: [refusal()] },
      seen(poolView({ nodes: 0 })),
      [{ do: 'create-pool', name: 'w-a-e2-standard-4', flavour: onDemand, diskGb: 50, nodes: 3 }],
    ],
    ['all kinds are refused: nothing is asked for', { ...one, refusals: [refusal()] }, seen(), []],
    [
      'the refusal has passed: the first kind again',
      { ...one, refusals: [refusal({ until: ago(1) })] },
      seen(poolView({ nodes: 0 })),
      [nodesTo(3)],
    ],
    ['the cluster cannot be read', one, 'unknown', []],
    ['the cluster is not there', one, null, []],
  ];
  for (const [name, part, cluster, actions] of rows)
    it(name, () => {
      assert.deepEqual(addNodes(recordWithCluster('running', part), observation({ cluster }), settings, 3), actions);
    });

  for (const more of [0, -2])
    it(`${more} more: nothing is asked for`, () => {
      assert.deepEqual(addNodes(recordWithCluster('running', one), observation(), settings, more), []);
    });
});

describe('noteShortages', () => {
  const rows: [name: string, pool: Partial<PoolView>, text: string | null, taken: string[]][] = [
    ['all is well', {}, null, []],
    ['the cloud is making the machines', { state: 'reconciling', nodes: 2 }, null, []],
    [
      'some are refused',
      { refused: ['n2', 'n3'], shortage: 'ZONE_RESOURCE_POOL_EXHAUSTED', nodes: 3 },
      'ZONE_RESOURCE_POOL_EXHAUSTED',
      ['n2', 'n3'],
    ],
    ['the pool has failed', { state: 'error', shortage: 'no quota' }, 'no quota', []],
    [
      'the cloud still works at it though nothing is wanted',
      { state: 'reconciling', nodes: 0 },
      'the pool is in state reconciling',
      [],
    ],
  ];
  for (const [name, pool, text, taken] of rows)
    it(name, () => {
      const before = recordWithCluster('running', one);
      const seen = observation({ cluster: clusterView({ pools: [poolView(pool)] }) });
      const { record, actions } = noteShortages(before, seen);
      assert.deepEqual(
        record.refusals.map((each) => each.text),
        text === null ? [] : [text],
      );
      assert.deepEqual(
        record.decisions.map(({ code }) => code),
        text === null ? [] : ['machines-refused'],
      );
      assert.deepEqual(actions, taken.length === 0 ? [] : [{ do: 'delete-nodes', nodes: taken }]);
      assert.deepEqual(flavourNow(record, settings, NOW_MS), text === null ? spot : null);
    });

  it('the pool of Redis and the driver is none of workers', () => {
    const seen = observation({ cluster: clusterView({ pools: [poolView({ name: 'system', state: 'error' })] }) });
    const before = recordWithCluster('running', one);
    assert.deepEqual(noteShortages(before, seen), { record: before, actions: [] });
  });
});

describe('waitForMachines', () => {
  const rows: [name: string, refusals: Refusal[], waitsFor: string | null][] = [
    ['nothing is refused', [], null],
    ['one kind is', [refusal()], 'no e2-standard-4 Spot in zone-a, trying e2-standard-4 in zone-a'],
    [
      'all kinds are: it says when the first is tried again',
      [refusal(), refusal({ ...onDemand, until: ago(-300) })],
      `no e2-standard-4 Spot in zone-a, no e2-standard-4 in zone-a, trying again at ${ago(-300)}`,
    ],
  ];
  for (const [name, refusals, waitsFor] of rows)
    it(name, () => {
      const record = waitForMachines(recordWithCluster('running', { ...two, refusals }), settings, NOW_MS);
      assert.equal(record.waitingFor, waitsFor);
      assert.equal(record.waiting?.code ?? null, waitsFor === null ? null : 'machines');
    });
});
