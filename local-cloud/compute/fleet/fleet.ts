/**
 * Managed instance groups and their machines: what Compute Engine does behind GKE's back. A group keeps `targetSize`
 * machines. It creates what is missing, again and again while the zone or the quota refuses. It ends what is too many:
 * machines that are not up yet first, then the newest. It replaces machines that were lost, under the same name.
 * Everything is on disk before it happens. What a machine is (a kubelet) comes from outside through `attach`. The wire
 * is in routes.ts, one machine's life in machine-life.ts.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod';
import type { LocalContext } from '../../context.ts';
import { AddressPrefixes } from './address-prefixes.ts';
import { FleetChanges } from './changes.ts';
import { newId } from '../resource-id.ts';
import { draw, noDelays, type Delays } from './delays.ts';
import { Documents } from '../../documents.ts';
import { groupRecord, type GroupRecord, type MachineRecord, type MachineTemplate } from './fleet-records.ts';
import { MachineLife, type MachineHooks } from './machine-life.ts';
import type { MachineOwner } from './machine-owner.ts';
import {
  addUsage,
  machineUsage,
  newProjectQuotas,
  regionUsage,
  shortages,
  type QuotaLimits,
  type Shortage,
  type Usage,
} from './quotas.ts';
import { regionOf } from '../zones.ts';

export interface FleetOptions {
  delays?: Partial<Delays>;
  quotas?: QuotaLimits;
}

export interface NewGroup {
  name: string;
  zone: string;
  cluster: string;
  clusterLocation: string;
  pool: string;
  baseName: string;
  template: MachineTemplate;
}

export interface FoundMachine {
  group: GroupRecord;
  machine: MachineRecord;
}

export class Fleet implements MachineOwner {
  readonly context: LocalContext;
  readonly changes: FleetChanges;
  readonly groups: Map<string, GroupRecord>;
  delays: Delays;
  quotas: QuotaLimits;
  readonly #documents: Documents<GroupRecord>;
  readonly #prefixes: AddressPrefixes;
  readonly #lives: MachineLife;

  constructor(context: LocalContext, options: FleetOptions = {}) {
    this.context = context;
    this.changes = new FleetChanges(context.clock);
    this.delays = { ...noDelays, ...options.delays };
    this.quotas = options.quotas ?? newProjectQuotas;
    this.#documents = new Documents(join(context.stateDir, 'compute', 'groups'), groupRecord);
    this.#prefixes = new AddressPrefixes(new Documents(join(context.stateDir, 'compute', 'counters'), z.number()));
    this.groups = this.#documents.load();
    this.#lives = new MachineLife(this);
  }

  /** Says what a machine is. Before this, no machine starts. */
  attach(hooks: MachineHooks): void {
    this.#lives.attach(hooks);
  }

  /** Takes up the machines of an earlier process where they were. */
  restore(): void {
    for (const group of this.groups.values()) {
      for (const machine of group.machines) this.#lives.drive(group, machine);
      this.#reconcile(group);
    }
  }

  /** Lets go of every machine; records stay, so that the next start goes on. */
  async stop(): Promise<void> {
    this.changes.stop();
    await this.#lives.stop();
  }

  createGroup(asked: NewGroup): GroupRecord {
    const existing = this.groups.get(asked.name);
    if (existing) return existing;
    const group: GroupRecord = {
      ...asked,
      id: newId(),
      targetSize: 0,
      deleting: false,
      atOnce: false,
      createdMs: this.context.clock.nowMs(),
      scriptedShortage: null,
      machines: [],
    };
    this.groups.set(group.name, group);
    this.changed(group);
    return group;
  }

  /** Sets the target; machines follow. */
  resize(group: GroupRecord, targetSize: number, scriptedShortage: 'stockout' | 'quota' | null = null): void {
    group.targetSize = targetSize;
    group.scriptedShortage = scriptedShortage;
    this.changed(group);
    this.#reconcile(group);
  }

  /** Ends these machines and makes the group smaller by as many. Unknown names are an error of the caller. */
  deleteMachines(group: GroupRecord, names: string[]): void {
    for (const machine of group.machines) {
      if (!names.includes(machine.name) || machine.ending === 'deleted') continue;
      machine.ending = 'deleted';
      group.targetSize = Math.max(0, group.targetSize - 1);
    }
    this.changed(group);
    for (const machine of [...group.machines]) this.#lives.drive(group, machine);
  }

  /** Ends every machine (`atOnce`: without a shutdown), then the group. Resolves when nothing of it is left. */
  async deleteGroup(group: GroupRecord, atOnce = false): Promise<void> {
    group.deleting = true;
    group.atOnce = group.atOnce || atOnce;
    this.resize(group, 0);
    await this.until(() => group.machines.length === 0);
    this.groups.delete(group.name);
    this.#documents.remove(group.name);
    this.changes.wake();
  }

  find(machineName: string): FoundMachine | undefined {
    for (const group of this.groups.values()) {
      const machine = group.machines.find((each) => each.name === machineName);
      if (machine) return { group, machine };
    }
    return undefined;
  }

  /** Google takes a Spot machine away: notice, then gone; the group asks for a replacement. */
  preempt(machineName: string): void {
    this.#lose(machineName, 'preempted');
  }

  /** The machine is gone at once, without notice. */
  kill(machineName: string): void {
    this.#lose(machineName, 'killed');
  }

  /** True when every machine that is wanted is up or was refused, and none is on its way out. */
  isSettled(group: GroupRecord): boolean {
    const known = group.machines.filter((machine) => machine.ending === null);
    if (known.length !== group.machines.length || known.length !== group.targetSize) return false;
    return known.every((machine) => machine.phase === 'up' || (machine.phase === 'waiting' && machine.error !== null));
  }

  /** Machines of the group that were refused. */
  refused(group: GroupRecord): MachineRecord[] {
    return group.machines.filter((machine) => machine.phase === 'waiting' && machine.error !== null);
  }

  /** Resolves when `condition` holds; it is asked again after every change. */
  until(condition: () => boolean): Promise<void> {
    return this.changes.until(condition);
  }

  /** Resolves at that time of the clock, or earlier when `early` holds. */
  waitUntil(untilMs: number, early?: () => boolean): Promise<void> {
    return this.changes.waitUntil(untilMs, early);
  }

  usage(region: string): Usage {
    return regionUsage(region, this.groups.values(), this.quotas);
  }

  /** Quotas that `count` more machines would exceed in that zone's region. */
  shortages(zone: string, template: MachineTemplate, count: number): Shortage[] {
    return this.shortagesAfter({}, zone, template, count);
  }

  /** The same when `asked` is to be granted first. */
  shortagesAfter(asked: Usage, zone: string, template: MachineTemplate, count: number): Shortage[] {
    return shortages(template, count, this.usage(regionOf(zone)), asked, this.quotas);
  }

  /** `asked` and `count` such machines together. */
  usageAfter(asked: Usage, template: MachineTemplate, count: number): Usage {
    return addUsage(asked, machineUsage(template, this.quotas), count);
  }

  /** Writes the group and tells whoever waits. */
  changed(group: GroupRecord): void {
    if (this.groups.has(group.name)) this.#documents.save(group.name, group);
    this.changes.wake();
  }

  /** A machine ended for good. */
  forget(group: GroupRecord, machine: MachineRecord): void {
    group.machines = group.machines.filter((each) => each !== machine);
    this.changed(group);
    this.#reconcile(group);
  }

  #lose(machineName: string, ending: 'preempted' | 'killed'): void {
    const found = this.find(machineName);
    if (!found) throw new Error(`no machine ${machineName}`);
    if (found.machine.ending !== null || found.machine.grantedMs === null) return;
    found.machine.ending = ending;
    this.changed(found.group);
    this.#lives.drive(found.group, found.machine);
  }

  #reconcile(group: GroupRecord): void {
    if (this.changes.stopped) return;
    const wanted = group.machines.filter((machine) => machine.ending !== 'deleted');
    for (let missing = group.targetSize - wanted.length; missing > 0; missing -= 1) {
      group.machines.push(this.#newMachine(group));
    }
    for (const machine of victims(wanted, wanted.length - group.targetSize)) machine.ending = 'deleted';
    this.changed(group);
    for (const machine of [...group.machines]) this.#lives.drive(group, machine);
  }

  #newMachine(group: GroupRecord): MachineRecord {
    return {
      name: this.#newName(group),
      id: newId(),
      phase: 'waiting',
      ending: null,
      incarnation: 1,
      createdMs: this.context.clock.nowMs(),
      grantedMs: null,
      bootMs: draw(this.delays.nodeBootMs),
      billed: false,
      lostMs: null,
      tries: 0,
      error: null,
      addressPrefix: this.#prefixes.take(this.#usedPrefixes()),
    };
  }

  #newName(group: GroupRecord): string {
    for (;;) {
      const suffix = [...randomBytes(4)].map((byte) => '0123456789bcdfghjklmnpqrstvwxz'[byte % 30]).join('');
      const name = `${group.baseName}-${suffix}`;
      if (!group.machines.some((machine) => machine.name === name)) return name;
    }
  }

  #usedPrefixes(): Set<string> {
    const groups = [...this.groups.values()];
    return new Set(groups.flatMap((group) => group.machines.map((machine) => machine.addressPrefix)));
  }
}

/** Machines not up yet cost least to lose; among equals the newest goes first. */
function victims(machines: MachineRecord[], count: number): MachineRecord[] {
  if (count <= 0) return [];
  const order = machines.map((machine, index) => ({ machine, index, up: machine.phase === 'up' ? 1 : 0 }));
  order.sort((a, b) => a.up - b.up || b.machine.createdMs - a.machine.createdMs || b.index - a.index);
  return order.slice(0, count).map((entry) => entry.machine);
}
