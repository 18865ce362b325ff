/** The machine of Redis and driver: how many workers of the canary it holds beside them. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { readManifests } from '../../../functions/adapters/manifests.ts';
import { systemPool, workersOnSystem } from '../../../functions/job/machines.ts';
import { parseQuantity } from '../../../local-cloud/quantity.ts';

const GIB = 1024 ** 3;

function requested(what: 'cpu' | 'memory'): number {
  const pods = readManifests()
    .filter(({ kind, metadata }) => ['redis', 'driver'].includes(metadata.name) && ['Deployment', 'Job'].includes(kind))
    .flatMap(({ spec }) => spec?.template?.spec.containers ?? []);
  return pods.reduce((sum, { resources }) => sum + (parseQuantity(resources.requests[what]) ?? NaN), 0);
}

/** GKE's page gives 3.92 vCPU and 13.3 GiB of an e2-standard-4 to pods; GKE's own take 0.5 vCPU and 0.9 GiB. */
it('has room for the workers of the canary beside what the manifests request, and for no more', () => {
  const [cpu, memoryBytes] = [3.92 - 0.5 - requested('cpu'), (13.3 - 0.9) * GIB - requested('memory')];
  assert.equal(systemPool().machineType, 'e2-standard-4');
  const workers: [cpu: number, memoryGib: number][] = [
    [1, 2],
    [0.1, 1],
    [2.3, 1],
  ];
  for (const [each, gib] of workers)
    assert.equal(
      workersOnSystem({ cpu: each, memoryBytes: gib * GIB }),
      Math.floor(Math.min(cpu / each, memoryBytes / (gib * GIB))),
    );
});
