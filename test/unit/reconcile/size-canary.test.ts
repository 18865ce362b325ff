/** The canary's fleet. Two workers of one CPU and 2 GiB fit beside Redis and driver. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { workerNodesOfCanary, workersOfCanary } from '../../../functions/reconcile/size-canary.ts';
import type { PodView } from '../../../functions/ports/workloads.ts';
import { pod, specOf, workloadView } from '../../support/plan-fixtures.ts';

const rows: [name: string, jobFile: string, workers: number][] = [
  ['as many as the system machine has room for', '', 2],
  ['small ones', 'worker: {cpu: 0.5, memory: 1Gi}', 4],
  ['no more workers than the job may have', 'worker: {max: 1}', 1],
  ['none has room: as many as fill one machine', 'worker: {cpu: 3}', 1],
  ['and much memory', 'worker: {memory: 8Gi}', 1],
  ['a larger machine, whose disk has room for four', 'worker: {cpu: 3}\nmachines: {types: [e2-standard-16]}', 4],
  ['a machine that no price is known of has one worker', 'worker: {cpu: 3}\nmachines: {types: [x9-standard-8]}', 1],
];

const waits: Partial<PodView> = { node: null, ready: false, trouble: null };
const hasNoRoom = { ...waits, trouble: 'Unschedulable: 0/1 nodes are available: 1 Insufficient cpu.' };
const machines: [name: string, pods: PodView[], nodes: number][] = [
  ['none while nobody knows whether there is room', [pod('w1', waits)], 0],
  ['one where there is none', [pod('w1', hasNoRoom), pod('w2', waits)], 1],
  ['none for a second worker', [pod('w1', { node: 'system' }), pod('w2', hasNoRoom)], 0],
  ['none for what has ended', [pod('w1', { ...hasNoRoom, ended: true })], 0],
  ['none for Redis', [pod('redis', { ...hasNoRoom, role: 'redis' })], 0],
];

describe('the canary', () => {
  for (const [name, jobFile, workers] of rows)
    it(`has workers: ${name}`, () => assert.equal(workersOfCanary(specOf(jobFile)), workers));
  for (const [name, pods, nodes] of machines)
    it(`has machines of its own: ${name}`, () => assert.equal(workerNodesOfCanary(workloadView({ pods })), nodes));
});
