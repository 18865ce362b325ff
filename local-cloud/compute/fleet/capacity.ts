/**
 * Why a machine is not granted: what a fault rule scripts, and what the region's quota cannot hold. One look at a time;
 * when it is tried again is machine-life.ts's business.
 */
import { InjectedFault } from '../../faults.ts';
import type { CapacityError, GroupRecord, MachineRecord } from './fleet-records.ts';
import type { MachineOwner } from './machine-owner.ts';
import { regionOf } from '../zones.ts';

/**
 * Rules may name 'instances.insert', or one zone of it
 * ('instances.insert:us-central1-a'), or only that zone's Spot machines.
 */
export async function scriptedRefusal(
  fleet: MachineOwner,
  group: GroupRecord,
  machine: MachineRecord,
): Promise<CapacityError | undefined> {
  const { scriptedShortage } = group;
  if (scriptedShortage && machine.tries === 0) return capacityError(fleet, group, scriptedShortage);
  const { faults } = fleet.context;
  const zoned = `instances.insert:${group.zone}`;
  const names = ['instances.insert', zoned, `${zoned}:${group.template.spot ? 'spot' : 'standard'}`];
  for (const name of names) {
    if (name !== names[0] && !faults.list().some((rule) => rule.method === name)) continue;
    try {
      await faults.check('compute', name, 'before');
    } catch (error) {
      if (!(error instanceof InjectedFault)) throw error;
      return capacityError(fleet, group, error.rule.effect === 'quota' ? 'quota' : 'stockout');
    }
  }
  return undefined;
}

/** Decides at once, so that of machines that ask at the same time no two get the last place. */
export function quotaRefusal(fleet: MachineOwner, group: GroupRecord): CapacityError | undefined {
  const isShort = fleet.shortages(group.zone, group.template, 1).length > 0;
  return isShort ? capacityError(fleet, group, 'quota') : undefined;
}

function capacityError(fleet: MachineOwner, group: GroupRecord, kind: 'stockout' | 'quota'): CapacityError {
  if (kind === 'quota') {
    const [shortage] = fleet.shortages(group.zone, group.template, 1);
    const metric = shortage?.metric ?? 'CPUS';
    const limit = (shortage?.limit ?? fleet.quotas['CPUS'] ?? 0).toFixed(1);
    return {
      code: 'QUOTA_EXCEEDED',
      message: `Quota '${metric}' exceeded.  Limit: ${limit} in region ${regionOf(group.zone)}.`,
    };
  }
  const zone = `projects/${fleet.context.projectId}/zones/${group.zone}`;
  const message =
    `The zone '${zone}' does not have enough resources available to fulfill the request.  '(resource ` +
    `type:compute)'.`;
  return { code: 'ZONE_RESOURCE_POOL_EXHAUSTED', message };
}
