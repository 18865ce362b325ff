/**
 * Regional quotas: limits, what is used, and what is asked for would exceed. Spot machines draw on CPUS unless
 * PREEMPTIBLE_CPUS was granted (Compute Engine's Spot documentation); a family with a quota of its own
 * (N2D_CPUS...) uses that when the limits name it.
 */
import type { GroupRecord, MachineTemplate } from './fleet-records.ts';
import { MACHINE_TYPES } from '../machine-types.ts';
import { regionOf } from '../zones.ts';

export type QuotaLimits = Record<string, number>;

/** Amounts by quota metric. */
export type Usage = Record<string, number>;

/** A new project's limits, as far as they matter here (sources in README.md). */
export const newProjectQuotas: QuotaLimits = {
  CPUS: 24,
  PREEMPTIBLE_CPUS: 0,
  IN_USE_ADDRESSES: 8,
  STATIC_ADDRESSES: 8,
  DISKS_TOTAL_GB: 4096,
  SSD_TOTAL_GB: 500,
  INSTANCES: 720,
  INSTANCE_GROUP_MANAGERS: 50,
};

export interface Shortage {
  metric: string;
  required: number;
  available: number;
  limit: number;
}

/** What one machine takes of each quota. */
export function machineUsage(template: MachineTemplate, limits: QuotaLimits): Usage {
  const cpus = MACHINE_TYPES.get(template.machineType)?.cpus ?? 0;
  const disk = template.diskType === 'pd-standard' ? 'DISKS_TOTAL_GB' : 'SSD_TOTAL_GB';
  const usage: Usage = {
    [cpuMetric(template, limits)]: cpus,
    [disk]: template.diskSizeGb,
    INSTANCES: 1,
  };
  if (template.externalAddress) usage['IN_USE_ADDRESSES'] = 1;
  return usage;
}

function cpuMetric(template: MachineTemplate, limits: QuotaLimits): string {
  if (template.spot && (limits['PREEMPTIBLE_CPUS'] ?? 0) > 0) return 'PREEMPTIBLE_CPUS';
  const family = `${template.machineType.split('-')[0]?.toUpperCase()}_CPUS`;
  return family in limits ? family : 'CPUS';
}

/** Use of every quota in a region by the machines that were granted capacity. */
export function regionUsage(region: string, groups: Iterable<GroupRecord>, limits: QuotaLimits): Usage {
  let total: Usage = Object.fromEntries(Object.keys(limits).map((metric) => [metric, 0]));
  for (const group of groups) {
    if (regionOf(group.zone) !== region) continue;
    total = addUsage(total, { INSTANCE_GROUP_MANAGERS: 1 }, 1);
    const granted = group.machines.filter((machine) => machine.grantedMs !== null).length;
    total = addUsage(total, machineUsage(group.template, limits), granted);
  }
  return total;
}

export function addUsage(total: Usage, usage: Usage, times: number): Usage {
  const sum = { ...total };
  for (const [metric, amount] of Object.entries(usage)) sum[metric] = (sum[metric] ?? 0) + amount * times;
  return sum;
}

/**
 * The quotas that `count` more such machines would exceed, when `used` is taken and
 * `asked` is part of the same request.
 */
export function shortages(
  template: MachineTemplate,
  count: number,
  used: Usage,
  asked: Usage,
  limits: QuotaLimits,
): Shortage[] {
  const found: Shortage[] = [];
  for (const [metric, each] of Object.entries(machineUsage(template, limits))) {
    const limit = limits[metric];
    if (limit === undefined) continue;
    const available = Math.max(0, limit - (used[metric] ?? 0));
    const required = each * count + (asked[metric] ?? 0);
    if (required > available) found.push({ metric, required, available, limit });
  }
  return found;
}
