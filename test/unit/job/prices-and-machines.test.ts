import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { storageBytesForPods, workersPerMachine } from '../../../functions/job/machines.ts';
import { fleetUsdPerHour, machineShape, machineUsdPerHour, smallestRunUsd } from '../../../functions/job/prices.ts';

const gib = 1024 ** 3;

describe('machine types', () => {
  const shapes: [type: string, vcpu: number | undefined, gb: number | undefined][] = [
    ['e2-standard-4', 4, 16],
    ['n2d-highmem-8', 8, 64],
    ['c3-highcpu-22', 22, 44],
    ['t2d-standard-1', 1, 4],
    ['z9-standard-4', undefined, undefined],
    ['e2-standard-0', undefined, undefined],
  ];
  for (const [type, vcpu, gb] of shapes)
    it(`${type} is ${vcpu ?? 'unknown'}`, () => {
      const shape = machineShape(type);
      assert.deepEqual([shape?.vcpu, shape && shape.memoryBytes / gib], [vcpu, gb]);
    });

  it('e2-standard-4 costs what the price list says, and Spot less', () => {
    const onDemand = machineUsdPerHour('e2-standard-4', false, 0)!;
    assert.ok(Math.abs(onDemand - 0.1354) < 0.001, String(onDemand));
    assert.ok(machineUsdPerHour('e2-standard-4', true, 0)! < onDemand / 2);
  });

  it('an unknown type is never free', () => {
    assert.ok(
      fleetUsdPerHour({ cluster: false, machines: [{ machineType: 'z9-mega-1', spot: true, diskGb: 10, count: 1 }] }) >=
        1,
    );
  });

  it('the smallest run has a price', () => {
    assert.ok(smallestRunUsd({ cluster: true, machines: [] }) > 0.01);
  });
});

describe('workers on one machine', () => {
  const rows: [machineType: string, diskGb: number, cpu: number, memoryGib: number, workers: number][] = [
    ['e2-standard-4', 100, 1, 2, 3],
    ['e2-standard-8', 100, 1, 2, 7],
    ['e2-standard-4', 100, 0.5, 1, 7],
    ['e2-standard-4', 100, 1, 12, 1],
    ['e2-standard-4', 100, 4, 2, 0],
    // GKE's page gives 3.92 vCPU and 13.3 GiB to pods; its own pods take 0.3 vCPU and 0.4 GiB of these.
    ['e2-standard-4', 100, 3.62, 2, 1],
    ['e2-standard-4', 100, 3.63, 2, 0],
    ['e2-standard-4', 100, 1, 12.9, 1],
    ['e2-standard-4', 100, 1, 13, 0],
    ['e2-standard-2', 100, 1, 8, 0],
    // Each requests 4 GiB of the disk, of which GKE leaves about 16, 6.6 and nothing.
    ['e2-standard-4', 50, 1, 2, 3],
    ['e2-standard-4', 30, 1, 2, 1],
    ['e2-standard-4', 10, 1, 2, 0],
    ['z9-mega-1', 10, 1, 2, 0],
  ];
  for (const [machineType, diskGb, cpu, memoryGib, workers] of rows)
    it(`${workers} of ${cpu} CPU and ${memoryGib} GiB on ${machineType} with ${diskGb} GB`, () => {
      assert.equal(workersPerMachine({ machineType, diskGb }, { cpu, memoryBytes: memoryGib * gib }), workers);
    });

  it('what a disk leaves is never more than the documented node of 100 GiB has, and close to it', () => {
    const documented = 47_060_071_478;
    const planned = storageBytesForPods(100);
    assert.ok(planned <= documented && planned > 0.98 * documented, String(planned));
  });
});
