/** Where the cluster of a job is asked for, and with which machines: what the job file says, else the installation. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCluster } from '../../../functions/reconcile/create-cluster.ts';
import { settings } from '../../support/job-world.ts';
import { NOW_MS, recordWithCluster, specOf } from '../../support/plan-fixtures.ts';

interface Asked {
  readonly location: string;
  readonly machineType: string;
  readonly spot: boolean;
  readonly diskGb: number;
  readonly nodes: number;
}
const usual: Asked = { location: 'zone-a', machineType: 'e2-standard-4', spot: true, diskGb: 50, nodes: 1 };

const rows: [jobFile: string, refused: string[], expected: Partial<Asked>][] = [
  ['', [], {}],
  ['', ['zone-a'], { location: 'zone-b' }],
  ['machines: {zones: [us-east1-b, us-east1-c]}', [], { location: 'us-east1-b' }],
  ['machines: {zones: [us-east1-b, us-east1-c]}', ['us-east1-b'], { location: 'us-east1-c' }],
  ['machines: {types: [n2d-highmem-8]}', [], { machineType: 'n2d-highmem-8' }],
  ['machines: {spot: never}', [], { spot: false }],
  ['machines: {spot: prefer}', ['zone-a', 'zone-b'], { spot: false }],
  ['machines: {diskGb: 100}', [], { diskGb: 100 }],
  ['canary: {machines: 5}', [], { nodes: 4 }],
];

describe('a cluster is asked for', () => {
  for (const [jobFile, refused, expected] of rows)
    it(`${jobFile || 'by default'}, refused by ${refused.join(' and ') || 'none'}: ${JSON.stringify(expected)}`, () => {
      const { cluster } = recordWithCluster('creating');
      const spec = specOf(`${jobFile}\n`);
      const record = recordWithCluster('creating', { spec, cluster: { ...cluster, exhausted: refused } });
      const [action] = createCluster(record, NOW_MS, settings).actions;
      assert.ok(action?.do === 'create-cluster');
      const { location, workers } = action;
      assert.deepEqual({ location, ...workers }, { ...usual, ...expected });
    });
});
