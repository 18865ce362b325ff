/** Where the cluster of a job is asked for, and which machines then: what the job file says, else the installation. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCluster } from '../../../functions/reconcile/create-cluster.ts';
import { addNodes } from '../../../functions/reconcile/plan-pools.ts';
import { withCluster } from '../../../functions/job/known-record.ts';
import { settings } from '../../support/job-world.ts';
import { clusterView, NOW_MS, observation, recordWithCluster, specOf } from '../../support/plan-fixtures.ts';

interface Asked {
  readonly location: string;
  readonly machineType: string;
  readonly spot: boolean;
  readonly diskGb: number;
}
const usual: Asked = { location: 'zone-a', machineType: 'e2-standard-4', spot: true, diskGb: 50 };

const rows: [jobFile: string, refused: string[], expected: Partial<Asked>][] = [
  ['', [], {}],
  ['', ['zone-a'], { location: 'zone-b' }],
  ['machines: {zones: [us-east1-b, us-east1-c]}', [], { location: 'us-east1-b' }],
  ['machines: {zones: [us-east1-b, us-east1-c]}', ['us-east1-b'], { location: 'us-east1-c' }],
  ['machines: {types: [n2d-highmem-8]}', [], { machineType: 'n2d-highmem-8' }],
  ['machines: {spot: never}', [], { spot: false }],
  ['machines: {spot: prefer}', [], {}],
  ['machines: {diskGb: 100}', [], { diskGb: 100 }],
];

describe('a cluster, and machines for its workers, are asked for', () => {
  for (const [jobFile, refused, expected] of rows)
    it(`${jobFile || 'by default'}, refused by ${refused.join(' and ') || 'none'}: ${JSON.stringify(expected)}`, () => {
      const { cluster } = recordWithCluster('creating');
      const spec = specOf(`${jobFile}\n`);
      const record = recordWithCluster('creating', { spec, cluster: { ...cluster, exhausted: refused } });
      const created = createCluster(record, NOW_MS, settings);
      const [action] = created.actions;
      assert.ok(action?.do === 'create-cluster');
      const { location } = action;
      const seen = observation({ cluster: clusterView({ pools: [] }) });
      const [pool] = addNodes(withCluster(created.record), seen, settings, 1);
      assert.ok(pool?.do === 'create-pool');
      const { machineType, spot, zone } = pool.flavour;
      assert.equal(zone, location);
      assert.deepEqual({ location, machineType, spot, diskGb: pool.diskGb }, { ...usual, ...expected });
    });
});
