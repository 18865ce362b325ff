/** A machine's step that fails is tried again after a pause, also while the machine is ending. Time stands still. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fleet } from '../../local-cloud/compute/fleet/fleet.ts';
import { createContext } from '../../local-cloud/context.ts';
import { ManualClock } from '../support/manual-clock.ts';

/** Lets everything happen that needs no time. */
const turn = (): Promise<void> => new Promise(setImmediate);

test('the end of a machine that fails is tried again once in a while, not at once for ever', async (t) => {
  const stateDir = mkdtempSync(join(tmpdir(), 'ff-fleet-'));
  t.after(() => rmSync(stateDir, { recursive: true, force: true }));
  const clock = new ManualClock();
  const fleet = new Fleet(createContext({ stateDir, quiet: true, clock }));
  let tries = 0;
  const done = (): Promise<void> => Promise.resolve();
  fleet.attach({
    boot: () => Promise.resolve({ stop: done, kill: done, preempt: done, release: done }),
    ended: () => {
      tries += 1;
      return tries <= 3 ? Promise.reject(new Error('the API server is away')) : Promise.resolve();
    },
  });
  const group = fleet.createGroup({
    name: 'grp',
    zone: 'us-central1-a',
    cluster: 'c',
    clusterLocation: 'us-central1-a',
    pool: 'p',
    baseName: 'gke-c-p',
    template: {
      machineType: 'e2-standard-2',
      spot: false,
      noticeSeconds: 30,
      maxRunSeconds: null,
      diskSizeGb: 10,
      diskType: 'pd-standard',
      labels: {},
      externalAddress: false,
      network: 'default',
      subnetwork: 'default',
      serviceAccount: 'default',
    },
  });
  fleet.resize(group, 1, null);
  await turn();
  const [machine] = group.machines;
  assert.equal(machine?.phase, 'up');
  fleet.deleteMachines(group, [machine.name]);
  await turn();
  assert.equal(tries, 1);
  for (const expected of [2, 3, 4]) {
    clock.advance(2_000);
    await turn();
    assert.equal(tries, expected);
  }
  assert.deepEqual(group.machines, []);
  await fleet.stop();
});
