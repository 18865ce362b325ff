/**
 * What one machine's life needs of the fleet that it belongs to. Types only:
 * machine-life.ts does not know the fleet itself.
 */
import type { LocalContext } from '../../context.ts';
import type { FleetChanges } from './changes.ts';
import type { Delays } from './delays.ts';
import type { GroupRecord, MachineRecord, MachineTemplate } from './fleet-records.ts';
import type { QuotaLimits, Shortage } from './quotas.ts';

export interface MachineOwner {
  readonly context: LocalContext;
  readonly changes: FleetChanges;
  readonly delays: Delays;
  readonly quotas: QuotaLimits;
  /** Quotas that `count` more machines would exceed in that zone's region. */
  shortages(zone: string, template: MachineTemplate, count: number): Shortage[];
  /** The group's record has changed: it is written, and whoever waits looks again. */
  changed(group: GroupRecord): void;
  /** A machine ended for good. */
  forget(group: GroupRecord, machine: MachineRecord): void;
}
