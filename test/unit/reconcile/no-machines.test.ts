/** Whole passes where the cloud has no machines of a kind: the next kind in the same cluster, and what is told. */
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { PortError } from '../../../functions/ports/port-error.ts';
import { JobWorld, loop } from '../../support/job-world.ts';

let world: JobWorld;

beforeEach(() => {
  world = new JobWorld();
});

describe('where the cloud has no machines of a kind', () => {
  const spotRows: [spot: string, kinds: string[]][] = [
    ['prefer', ['zone-a Spot', 'zone-b Spot', 'zone-a', 'zone-b']],
    ['only', ['zone-a Spot', 'zone-b Spot']],
    ['never', ['zone-a', 'zone-b']],
  ];
  for (const [spot, kinds] of spotRows)
    it(`with spot: ${spot} tries each kind of machine in its one cluster, goes on with what it has`, async () => {
      const there = await world.toRunning(`script: run.R\nmachines: {spot: ${spot}}\n`);
      const pools = there.view.pools;
      for (let passes = 0; passes < 9; passes += 1) {
        for (const pool of pools.slice(1))
          pool.refused = Array.from({ length: pool.nodes }, (_, index) => `${pool.name}-${index}`);
        await world.pass();
      }
      const asked = pools.slice(1).map((pool) => `${pool.zone}${pool.spot ? ' Spot' : ''}`);
      assert.deepEqual(asked, kinds);
      assert.deepEqual(world.created, ['ff-demo-1']);
      const { phase, fleet, waiting, waitingFor } = await world.record();
      assert.deepEqual([phase, fleet.code, waiting?.code], ['running', 'shortage', 'machines']);
      assert.match(waitingFor ?? '', /^no e2-standard-4.*zone-b, trying again at 2026-11-23T12:1/);
      assert.equal(
        pools.slice(1).reduce((sum, { nodes }) => sum + nodes, 0),
        0,
      );
    });

  it('asks for the next kind at once where the quota of one is used up', async () => {
    const there = await world.toCanary();
    there.loops = [loop({ done: 4, seconds: 400, waiting: 93 })];
    const used = new PortError('FF-CLUSTER-QUOTA', 'PREEMPTIBLE_CPUS: none left', { retry: false });
    for (let time = 0; time < 2; time += 1) world.failNext('clusters.createPool', 'before', used);
    for (let pass = 0; pass < 3; pass += 1) {
      const result = await world.pass(0);
      assert.ok(result.did === 'acted' && (result.again || pass === 2));
    }
    assert.deepEqual(
      there.view.pools.slice(1).map(({ name }) => name),
      ['w-a-e2-standard-4'],
    );
    const { decisions } = await world.record();
    assert.match(decisions.find(({ code }) => code === 'machines-refused')?.text ?? '', /zone-b: PREEMPTIBLE_CPUS/);
  });
});
