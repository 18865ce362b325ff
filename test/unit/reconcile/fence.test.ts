/** The fence: what costs or destroys is done only while its intent stands; what saves is right at any time. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Action } from '../../../functions/job/action.ts';
import { isFenced, mustStillStand } from '../../../functions/reconcile/fence.ts';
import { VirtualWorld } from '../../../testing/virtual-ports.ts';

const machine = { machineType: 'e2-standard-4', spot: true, diskGb: 30 };
const flavour = { machineType: 'e2-standard-4', spot: true, zone: 'zone-a' };
const place = { name: 'ff-demo-1', location: 'zone-a' };
const rows: [action: Action, fenced: boolean][] = [
  [
    {
      do: 'create-cluster',
      ...place,
      system: machine,
      endsByMs: 0,
      mostMachines: 2,
    },
    true,
  ],
  [{ do: 'create-pool', name: 'p', flavour, diskGb: 50, nodes: 2 }, true],
  [{ do: 'resize-pool', name: 'p', flavour, nodes: 2 }, true],
  [{ do: 'release-nodes', except: null }, true],
  [{ do: 'delete-nodes', nodes: ['node-1'] }, true],
  [{ do: 'delete-cluster', ...place }, true],
  [{ do: 'delete-leftovers', cluster: 'ff-demo-1' }, true],
  [{ do: 'apply-workload', workers: 3 }, true],
  [{ do: 'scale-workers', from: 3, replicas: 1, idlePods: [] }, true],
  [{ do: 'set-gate', tasks: 4 }, true],
  [{ do: 'stop-driver', reason: 'FF-USER-CANCEL' }, true],
  [{ do: 'back-up' }, false],
  [{ do: 'renew-lease' }, false],
  [{ do: 'sign-urls', objects: [] }, false],
  [{ do: 'explain-deaths', deaths: [] }, false],
  [{ do: 'remove-control', kind: 'cancel', generation: '1' }, false],
];

describe('the fence', () => {
  for (const [action, fenced] of rows)
    it(`${fenced ? 'stands before' : 'lets pass'} ${action.do}`, () => assert.equal(isFenced(action), fenced));

  it('is open for the version of the record that was written as the intent, and for no other', async () => {
    const { state } = new VirtualWorld().buckets;
    const intent = await state.write('jobs/demo.json', '{}', {});
    await mustStillStand(state, 'demo', intent);
    await state.write('jobs/demo.json', '{}', {});
    await assert.rejects(mustStillStand(state, 'demo', intent), { code: 'FF-PASS-OVERTAKEN', retry: true });
  });

  it('is closed when the record is gone, or cannot be seen', async () => {
    const world = new VirtualWorld();
    const { state } = world.buckets;
    await assert.rejects(mustStillStand(state, 'demo', '1'), { code: 'FF-PASS-OVERTAKEN' });
    world.failNext('state.list');
    await assert.rejects(mustStillStand(state, 'demo', '1'), { code: 'FF-TEST' });
  });
});
