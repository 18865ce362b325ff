/** The list of live jobs: a late pass of a job's end cannot take a job off that has begun anew. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readMarker, removeMarker, setMarker } from '../../../functions/reconcile/live-marker.ts';
import { VirtualWorld } from '../../../testing/virtual-ports.ts';

describe('the marker of a live job', () => {
  it('is there once it is set, and gone once it is removed', async () => {
    const { state } = new VirtualWorld().buckets;
    assert.equal(await readMarker(state, 'demo'), null);
    const marker = await setMarker(state, 'demo', 'installation');
    assert.equal(await readMarker(state, 'demo'), marker);
    assert.equal(await readMarker(state, 'demo-2'), null);
    await removeMarker(state, 'demo', marker);
    assert.equal(await readMarker(state, 'demo'), null);
    await removeMarker(state, 'demo', marker);
  });

  it('that was set again stays', async () => {
    const { state } = new VirtualWorld().buckets;
    const first = await setMarker(state, 'demo', 'installation');
    const second = await setMarker(state, 'demo', 'installation');
    await removeMarker(state, 'demo', first);
    assert.equal(await readMarker(state, 'demo'), second);
  });
});
