/** The canary's fleet. A worker of one CPU and 2 GiB fits three times on the machine that is chosen by default. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { workerNodesOfCanary, workersOfCanary } from '../../../functions/reconcile/size-canary.ts';
import { specOf } from '../../support/plan-fixtures.ts';

const rows: [name: string, jobFile: string, nodes: number, workers: number][] = [
  ['two machines, one of them for Redis and the driver', '', 1, 3],
  ['one machine is one more for the workers', 'canary: {machines: 1}', 1, 3],
  ['more machines', 'canary: {machines: 4}', 3, 9],
  ['no more workers than the job may have', 'canary: {machines: 4}\nworker: {max: 5}', 3, 5],
  ['large workers', 'worker: {cpu: 2}', 1, 1],
  ['a larger machine, whose disk has room for four', 'machines: {types: [e2-standard-16]}', 1, 4],
  ['and one with a larger disk', 'machines: {types: [e2-standard-16], diskGb: 200}', 1, 15],
  ['a machine that no price is known of has one worker', 'machines: {types: [x9-standard-8]}', 1, 1],
];

describe('the canary', () => {
  for (const [name, jobFile, nodes, workers] of rows)
    it(name, () => {
      const spec = specOf(jobFile);
      assert.deepEqual([workerNodesOfCanary(spec), workersOfCanary(spec)], [nodes, workers]);
    });
});
