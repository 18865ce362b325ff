/**
 * Which machines a job may have and how many workers fit on one: fixed choices in this
 * version, the only place to replace them.
 */
import type { JobSpec } from '../job-file/job-spec.ts';
import { machineShape, type FleetForPrice } from './prices.ts';

export interface PoolChoice {
  machineType: string;
  spot: boolean;
  diskGb: number;
}

/** Beside Redis and the driver GKE's own pods live there, which tolerate no other pool's taint, and the canary. */
const SYSTEM_MACHINE_TYPE = 'e2-standard-4';
const WORKER_MACHINE_TYPE = 'e2-standard-4';
/** Redis and the driver request 12 GiB of it; a disk of 30 GB would leave 7. */
const SYSTEM_DISK_GB = 100;
/** What a worker requests of its machine's disk (manifests/50-workers.yaml). */
export const WORKER_STORAGE_BYTES = 4 * 1024 ** 3;

/**
 * GKE's own pods on every machine (logging agent, metrics, proxy, DNS cache): about
 * 0.3 vCPU and 400 MiB are spoken for.
 */
const DAEMON_CPU = 0.3;
const DAEMON_BYTES = 400 * 1024 ** 2;

/** What pods of ours and of GKE request there before a worker comes: manifests/30-redis.yaml and 40-driver.yaml. */
const SYSTEM_CPU = 0.4 + 0.8 + 0.2;
const SYSTEM_BYTES = (2 + 3 + 0.5) * 1024 ** 3;
const SYSTEM_STORAGE_BYTES = (4 + 8) * 1024 ** 3;

/** The machine for Redis, driver and canary: on demand, disk in GB. */
export function systemPool(): PoolChoice {
  return { machineType: SYSTEM_MACHINE_TYPE, spot: false, diskGb: SYSTEM_DISK_GB };
}

/** Workers that fit on the system machine beside Redis and driver; 0 when not even one does. */
export function workersOnSystem(worker: { cpu: number; memoryBytes: number }): number {
  const cpu = cpuForPods(SYSTEM_MACHINE_TYPE) - SYSTEM_CPU;
  const memoryBytes = memoryBytesForPods(SYSTEM_MACHINE_TYPE) - SYSTEM_BYTES;
  const byDisk = (storageBytesForPods(SYSTEM_DISK_GB) - SYSTEM_STORAGE_BYTES) / WORKER_STORAGE_BYTES;
  return Math.max(0, Math.floor(Math.min(cpu / worker.cpu + 1e-9, memoryBytes / worker.memoryBytes, byDisk)));
}

/** Types that hold a worker, in the order of the job file; all of them when none does. */
export function workerMachineTypes({ machines, worker }: JobSpec): readonly string[] {
  const named = machines.types.length > 0 ? machines.types : [WORKER_MACHINE_TYPE];
  const { diskGb } = machines;
  const large = named.filter((machineType) => workersPerMachine({ machineType, diskGb }, worker) > 0);
  return large.length > 0 ? large : named;
}

/**
 * Workers that fit on one machine of this pool; 0 when not even one does.
 * Reservations, by GKE's "Plan GKE Standard node sizes". Of the cores: 6 % of the first, 1 % of the second, 0.5 % of
 * the next two, 0.25 % of the rest. Of the memory: 25 % of the first 4 GiB, 20 % of the next 4, 10 % of the next 8, 6 %
 * of the next 112, 2 % of the rest. 100 MiB more are kept for eviction.
 */
export function workersPerMachine(
  pool: { machineType: string; diskGb: number },
  worker: { cpu: number; memoryBytes: number },
): number {
  const byDisk = Math.floor(storageBytesForPods(pool.diskGb) / WORKER_STORAGE_BYTES);
  const shape = machineShape(pool.machineType);
  if (!shape) return Math.min(1, byDisk);
  const cpu = cpuForPods(pool.machineType);
  const byMemory = memoryBytesForPods(pool.machineType) / worker.memoryBytes;
  const byShape = Math.floor(Math.min(cpu / worker.cpu + 1e-9, byMemory));
  return Math.max(0, Math.min(byShape, byDisk));
}

/** What a machine's vCPUs leave to pods of the job. */
function cpuForPods(machineType: string): number {
  const vcpu = machineShape(machineType)?.vcpu ?? 0;
  return vcpu - reservedCpu(vcpu) - DAEMON_CPU;
}

/** What a machine's memory leaves to pods of the job; 0 for a machine that is not known. */
export function memoryBytesForPods(machineType: string): number {
  const bytes = machineShape(machineType)?.memoryBytes ?? 0;
  return Math.max(0, bytes - reservedBytes(bytes) - DAEMON_BYTES);
}

/**
 * What a machine's disk leaves to pods. GKE "Plan GKE Standard node sizes": 90 % of the file system, less the least of
 * half of the disk, 6 GiB and 35 % of it, and 100 GiB. A file system is some 6 GiB smaller than its disk: the page's
 * node of 100 GiB has 94.25.
 */
export function storageBytesForPods(diskGb: number): number {
  const gib = 1024 ** 3;
  const reservedGib = Math.min(diskGb * 0.5, 6 + diskGb * 0.35, 100);
  return Math.max(0, 0.9 * (diskGb - 6) - reservedGib) * gib;
}

/** The smallest disk that leaves room for one worker. */
export function leastDiskGb(): number {
  let diskGb = 10;
  while (storageBytesForPods(diskGb) < WORKER_STORAGE_BYTES) diskGb += 1;
  return diskGb;
}

/** Worker machines that `worker.max` workers fill, and one for a worker that needs more memory. */
export function mostWorkerNodes(spec: JobSpec): number {
  const { diskGb } = spec.machines;
  const fewest = Math.min(
    ...workerMachineTypes(spec).map((machineType) => workersPerMachine({ machineType, diskGb }, spec.worker)),
  );
  const filled = Math.ceil(spec.worker.max / Math.max(1, fewest));
  return filled + (spec.tasks.moreMemory ? 1 : 0);
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

/** The fleet as the price list wants it: the cluster with its system machine, and these machines of workers. */
export function fleetForPrice(
  { machines: { diskGb } }: JobSpec,
  pools: readonly { machineType: string; spot: boolean; nodes: number }[],
): FleetForPrice {
  const workers = pools.map(({ machineType, spot, nodes }) => ({ machineType, spot, diskGb, count: nodes }));
  return { cluster: true, machines: [{ ...systemPool(), count: 1 }, ...workers] };
}
