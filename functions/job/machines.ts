/**
 * Which machines a job gets and how many workers fit on one: fixed choices in this
 * version, the only place to replace them.
 */
import type { JobSpec } from '../job-file/job-spec.ts';
import { machineShape, type FleetForPrice } from './prices.ts';

export interface PoolChoice {
  machineType: string;
  spot: boolean;
  diskGb: number;
}

const SYSTEM_MACHINE_TYPE = 'e2-standard-2';
const WORKER_MACHINE_TYPE = 'e2-standard-4';
const SYSTEM_DISK_GB = 30;

/**
 * GKE's own pods on every machine (logging agent, metrics, proxy, DNS cache): about
 * 0.3 vCPU and 400 MiB are spoken for.
 */
const DAEMON_CPU = 0.3;
const DAEMON_BYTES = 400 * 1024 ** 2;

export function systemPool(): PoolChoice {
  return { machineType: SYSTEM_MACHINE_TYPE, spot: false, diskGb: SYSTEM_DISK_GB };
}

/** `onDemand`: Spot machines were asked for in vain. */
export function workerPool(spec: JobSpec, onDemand = false): PoolChoice {
  return {
    machineType: spec.machines.types[0] ?? WORKER_MACHINE_TYPE,
    spot: spec.machines.spot !== 'never' && !onDemand,
    diskGb: spec.machines.diskGb,
  };
}

/**
 * Workers that fit on one machine of this type; 0 when not even one does.
 * Reservations: GKE "Plan GKE Standard node sizes" (6 % of the first core, 1 % of the second, 0.5 % of the next
 * two, 0.25 % of the rest; 25 % of the first 4 GiB, 20 % of the next 4, 10 % of the next 8, 6 % of the next
 * 112, 2 % of the rest, 100 MiB for eviction).
 */
export function workersPerMachine(machineType: string, worker: { cpu: number; memoryBytes: number }): number {
  const shape = machineShape(machineType);
  if (!shape) return 1;
  const cpu = shape.vcpu - reservedCpu(shape.vcpu) - DAEMON_CPU;
  const bytes = shape.memoryBytes - reservedBytes(shape.memoryBytes) - DAEMON_BYTES;
  return Math.max(0, Math.floor(Math.min(cpu / worker.cpu + 1e-9, bytes / worker.memoryBytes)));
}

/** Worker machines that `worker.max` workers fill. */
export function mostWorkerNodes(spec: JobSpec): number {
  return Math.ceil(spec.worker.max / Math.max(1, workersPerMachine(workerPool(spec).machineType, spec.worker)));
}

function reservedCpu(vcpu: number): number {
  return tiered(vcpu, [
    [1, 0.06],
    [1, 0.01],
    [2, 0.005],
    [Infinity, 0.0025],
  ]);
}

function reservedBytes(bytes: number): number {
  const gib = 1024 ** 3;
  const share = tiered(bytes / gib, [
    [4, 0.25],
    [4, 0.2],
    [8, 0.1],
    [112, 0.06],
    [Infinity, 0.02],
  ]);
  return share * gib + 100 * 1024 ** 2;
}

function tiered(amount: number, tiers: [width: number, share: number][]): number {
  let left = amount;
  let reserved = 0;
  for (const [width, share] of tiers) {
    const part = Math.min(left, width);
    reserved += part * share;
    left -= part;
  }
  return reserved;
}

/** The fleet as the price list wants it. */
export function fleetForPrice(spec: JobSpec, workerMachines: number, onDemand = false): FleetForPrice {
  return {
    cluster: true,
    machines: [
      { ...systemPool(), count: 1 },
      { ...workerPool(spec, onDemand), count: workerMachines },
    ],
  };
}
