/**
 * Prices: a dated snapshot, so that everything works offline and two runs agree.
 * Sources: kubernetes/autoscaler cluster-autoscaler/cloudprovider/gce/gce_price_info.go (us-central1, read
 * 2026-11); GKE pricing page (management fee); Spot prices move monthly. Estimates made from them are
 * labelled as such wherever a user sees them.
 */
export const PRICES_AS_OF = '2026-11';

interface Family {
  usdPerVcpuHour: number;
  usdPerGbHour: number;
  /** Spot price as a share of the on-demand price. */
  spotShare: number;
  gbPerVcpu: Record<string, number>;
}

const FAMILIES: Record<string, Family> = {
  e2: {
    usdPerVcpuHour: 0.021811,
    usdPerGbHour: 0.002923,
    spotShare: 0.3,
    gbPerVcpu: { standard: 4, highmem: 8, highcpu: 1 },
  },
  n2: {
    usdPerVcpuHour: 0.031611,
    usdPerGbHour: 0.004237,
    spotShare: 0.242,
    gbPerVcpu: { standard: 4, highmem: 8, highcpu: 1 },
  },
  n2d: {
    usdPerVcpuHour: 0.027502,
    usdPerGbHour: 0.003686,
    spotShare: 0.101,
    gbPerVcpu: { standard: 4, highmem: 8, highcpu: 1 },
  },
  n4: {
    usdPerVcpuHour: 0.030821,
    usdPerGbHour: 0.004131,
    spotShare: 0.259,
    gbPerVcpu: { standard: 4, highmem: 8, highcpu: 2 },
  },
  t2d: { usdPerVcpuHour: 0.027502, usdPerGbHour: 0.003686, spotShare: 0.242, gbPerVcpu: { standard: 4 } },
  c2d: {
    usdPerVcpuHour: 0.029563,
    usdPerGbHour: 0.003959,
    spotShare: 0.242,
    gbPerVcpu: { standard: 4, highmem: 8, highcpu: 2 },
  },
  c3: {
    usdPerVcpuHour: 0.03398,
    usdPerGbHour: 0.00456,
    spotShare: 0.091,
    gbPerVcpu: { standard: 4, highmem: 8, highcpu: 2 },
  },
};

/** GKE management fee per cluster and hour, before the free tier. */
const CLUSTER_USD_PER_HOUR = 0.1;
/** Balanced persistent disk, USD 0.10 per GB and month of 730 h. */
const DISK_USD_PER_GB_HOUR = 0.1 / 730;
/** Cloud NAT for a private machine, per machine and hour. */
const NAT_USD_PER_MACHINE_HOUR = 0.0014;
/** A run cannot be shorter than cluster creation, one task and deletion: assumed ten minutes. */
const SMALLEST_RUN_HOURS = 10 / 60;

export interface MachineShape {
  vcpu: number;
  memoryBytes: number;
}

const GIB = 1024 ** 3;

function parse(machineType: string): { family: Family; vcpu: number; gb: number } | undefined {
  const match = /^([a-z0-9]+)-(standard|highmem|highcpu)-([1-9][0-9]{0,2})$/.exec(machineType);
  const family = match?.[1] === undefined ? undefined : FAMILIES[match[1]];
  const gbPerVcpu = match?.[2] === undefined ? undefined : family?.gbPerVcpu[match[2]];
  if (!match || !family || gbPerVcpu === undefined) return undefined;
  const vcpu = Number(match[3]);
  return { family, vcpu, gb: vcpu * gbPerVcpu };
}

/** vCPUs and memory of a machine type, or undefined when the snapshot does not know it. */
export function machineShape(machineType: string): MachineShape | undefined {
  const parsed = parse(machineType);
  return parsed && { vcpu: parsed.vcpu, memoryBytes: parsed.gb * GIB };
}

/** USD per hour of one machine with its boot disk and NAT; undefined for an unknown type. */
export function machineUsdPerHour(machineType: string, spot: boolean, diskGb: number): number | undefined {
  const parsed = parse(machineType);
  if (!parsed) return undefined;
  const onDemand = parsed.vcpu * parsed.family.usdPerVcpuHour + parsed.gb * parsed.family.usdPerGbHour;
  return onDemand * (spot ? parsed.family.spotShare : 1) + diskGb * DISK_USD_PER_GB_HOUR + NAT_USD_PER_MACHINE_HOUR;
}

export interface FleetForPrice {
  cluster: boolean;
  machines: { machineType: string; spot: boolean; diskGb: number; count: number }[];
}

/**
 * USD per hour of a fleet. A machine type that the snapshot does not know is priced as the dearest known
 * per vCPU-4 machine: unknown is never zero.
 */
export function fleetUsdPerHour(fleet: FleetForPrice): number {
  let usd = fleet.cluster ? CLUSTER_USD_PER_HOUR : 0;
  for (const machine of fleet.machines) {
    const one = machineUsdPerHour(machine.machineType, machine.spot, machine.diskGb) ?? 1;
    usd += one * machine.count;
  }
  return usd;
}

/** Price of the smallest thing that this job could be: system machine, one worker machine, ten minutes. */
export function smallestRunUsd(fleet: FleetForPrice): number {
  return fleetUsdPerHour(fleet) * SMALLEST_RUN_HOURS;
}
