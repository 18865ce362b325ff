/**
 * Machine types of the families the planner may choose from, and what GKE leaves of a machine to pods (its documented
 * reservation formula: "Plan GKE Standard node sizes"). Prices are not here: the control plane keeps its own.
 */

export interface MachineType {
  name: string;
  cpus: number;
  memoryMb: number;
  /** e2-micro, e2-small and e2-medium share a core: fewer CPUs for pods than their count says. */
  sharedCore: boolean;
}

/** GB of memory per vCPU by family and kind, and the sizes sold. */
const FAMILIES: Record<string, { sizes: number[]; gbPerCpu: Record<string, number> }> = {
  e2: { sizes: [2, 4, 8, 16, 32], gbPerCpu: { standard: 4, highmem: 8, highcpu: 1 } },
  n1: { sizes: [1, 2, 4, 8, 16, 32, 64, 96], gbPerCpu: { standard: 3.75, highmem: 6.5, highcpu: 0.9 } },
  n2: { sizes: [2, 4, 8, 16, 32, 48, 64, 80, 96, 128], gbPerCpu: { standard: 4, highmem: 8, highcpu: 1 } },
  n2d: { sizes: [2, 4, 8, 16, 32, 48, 64, 80, 96, 128, 224], gbPerCpu: { standard: 4, highmem: 8, highcpu: 1 } },
  n4: { sizes: [2, 4, 8, 16, 32, 48, 64, 80], gbPerCpu: { standard: 4, highmem: 8, highcpu: 2 } },
  t2d: { sizes: [1, 2, 4, 8, 16, 32, 48, 60], gbPerCpu: { standard: 4 } },
  c2d: { sizes: [2, 4, 8, 16, 32, 56, 112], gbPerCpu: { standard: 4, highmem: 8, highcpu: 2 } },
  c3: { sizes: [4, 8, 22, 44, 88, 176], gbPerCpu: { standard: 4, highmem: 8, highcpu: 2 } },
  c3d: { sizes: [4, 8, 16, 30, 60, 90, 180, 360], gbPerCpu: { standard: 4, highmem: 8, highcpu: 2 } },
};

const SHARED_CORE: MachineType[] = [
  { name: 'e2-micro', cpus: 2, memoryMb: 1024, sharedCore: true },
  { name: 'e2-small', cpus: 2, memoryMb: 2048, sharedCore: true },
  { name: 'e2-medium', cpus: 2, memoryMb: 4096, sharedCore: true },
];

function allTypes(): Map<string, MachineType> {
  const types = new Map(SHARED_CORE.map((type) => [type.name, type]));
  for (const [family, { sizes, gbPerCpu }] of Object.entries(FAMILIES)) {
    for (const [kind, gb] of Object.entries(gbPerCpu)) {
      for (const cpus of sizes) {
        const name = `${family}-${kind}-${cpus}`;
        types.set(name, { name, cpus, memoryMb: Math.round(cpus * gb * 1024), sharedCore: false });
      }
    }
  }
  return types;
}

/** By name, for example 'e2-standard-4'. */
export const MACHINE_TYPES: ReadonlyMap<string, MachineType> = allTypes();

export interface Allocatable {
  cpuMillis: number;
  memoryMi: number;
  /** Of the boot disk: what its file system has, and what of that pods can ask for. */
  storageCapacityKi: number;
  storageBytes: number;
  pods: number;
}

/** What pods can ask for on a node of this type. */
export function allocatable(type: MachineType, diskSizeGb: number, maxPods: number): Allocatable {
  return {
    cpuMillis: type.sharedCore ? 940 : type.cpus * 1000 - reserved(type.cpus * 1000, CPU_STEPS),
    memoryMi: type.memoryMb - memoryReservedMi(type.memoryMb),
    ...ephemeralStorage(diskSizeGb),
    pods: maxPods,
  };
}

/** [width of the step, share reserved]; the last step has no end. CPU in millis, memory in MiB. */
const CPU_STEPS: [number, number][] = [
  [1000, 0.06],
  [1000, 0.01],
  [2000, 0.005],
  [Infinity, 0.0025],
];
const MEMORY_STEPS: [number, number][] = [
  [4096, 0.25],
  [4096, 0.2],
  [8192, 0.1],
  [114_688, 0.06],
  [Infinity, 0.02],
];
const EVICTION_THRESHOLD_MI = 100;

function reserved(total: number, steps: [number, number][]): number {
  let left = total;
  let sum = 0;
  for (const [width, share] of steps) {
    const part = Math.min(left, width);
    sum += part * share;
    left -= part;
  }
  return Math.ceil(sum);
}

function memoryReservedMi(memoryMb: number): number {
  return (memoryMb < 1024 ? 255 : reserved(memoryMb, MEMORY_STEPS)) + EVICTION_THRESHOLD_MI;
}

/** A file system is smaller than its disk: the documented node of 100 GiB has 98831908Ki. */
const DISK_OVERHEAD_KI = 100 * 1024 ** 2 - 98_831_908;

/**
 * GKE, "Plan GKE Standard node sizes": a tenth of the file system is the eviction threshold. Of the disk the least of
 * half, 6 GiB and 35 %, and 100 GiB is reserved. The page's node of 100 GiB has 47060071478 bytes for pods.
 */
function ephemeralStorage(diskSizeGb: number): { storageCapacityKi: number; storageBytes: number } {
  const storageCapacityKi = diskSizeGb * 1024 ** 2 - DISK_OVERHEAD_KI;
  const reservedGi = Math.min(diskSizeGb * 0.5, 6 + diskSizeGb * 0.35, 100);
  const storageBytes = Math.max(0, Math.floor(storageCapacityKi * 1024 * 0.9 - reservedGi * 1024 ** 3));
  return { storageCapacityKi, storageBytes };
}
