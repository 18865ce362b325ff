/**
 * One machine from the request to its end, level by level. What is on disk decides the next step, so a
 * process that was killed goes on where the last one was. Bills in the books from the VM's start to its
 * end, which is what Compute Engine bills.
 */
import { draw } from './delays.ts';
import type { GroupRecord, MachineRecord } from './fleet-records.ts';
import { newId } from '../resource-id.ts';
import { quotaRefusal, scriptedRefusal } from './capacity.ts';
import { FleetStopped } from './changes.ts';
import type { MachineOwner } from './machine-owner.ts';

export interface MachineHandle {
  /** Switched off in order. */
  stop(): Promise<void>;
  /** Gone without notice. */
  kill(): Promise<void>;
  preempt(graceSeconds: number): Promise<void>;
  /**
   * The local cloud itself ends: leave nothing running, report nothing, so that a
   * later boot goes on from the machine's disk.
   */
  release(): Promise<void>;
}

export interface MachineHooks {
  /**
   * Starts what runs on the machine; resolves when its node is registered. Called
   * again after a restart of the local cloud.
   */
  boot(group: GroupRecord, machine: MachineRecord): Promise<MachineHandle>;
  /** The VM is gone (deleted or lost): its node and disk go too. */
  ended(group: GroupRecord, machine: MachineRecord): Promise<void>;
}

/** Share of the boot time after which the VM runs and is billed; the rest is its operating system and kubelet. */
const VM_START_SHARE = 0.15;
const RETRY_MS = 2_000;
/** A timer of more than 24 days ends at once. */
const LONGEST_TIMER_MS = 24 * 3600 * 1000;

export class MachineLife {
  readonly #fleet: MachineOwner;
  #hooks: MachineHooks | undefined;
  readonly #running = new Map<MachineRecord, Promise<void>>();
  readonly #handles = new Map<MachineRecord, MachineHandle>();

  constructor(fleet: MachineOwner) {
    this.#fleet = fleet;
  }

  attach(hooks: MachineHooks): void {
    this.#hooks = hooks;
  }

  /** Moves the machine on until there is nothing to do; once at a time. */
  drive(group: GroupRecord, machine: MachineRecord): void {
    if (this.#running.has(machine) || this.#fleet.changes.stopped) return;
    if (machine.phase === 'up' && machine.ending === null && this.#handles.has(machine)) return;
    const work = this.#run(group, machine)
      .catch(async (error: unknown) => {
        this.#fleet.context.log('compute', `machine ${machine.name}: ${String(error)}`);
        // Not cut short by an order to end: what has failed may be the end itself.
        await this.#waitUntil(this.#now() + RETRY_MS);
      })
      .finally(() => {
        this.#running.delete(machine);
        // An order that came while the last step was returning found it still running: take it up now.
        if (group.machines.includes(machine)) this.drive(group, machine);
      });
    this.#running.set(machine, work);
  }

  /** Lets go of what runs; a machine that is just booting is let go of when it has booted. */
  async stop(): Promise<void> {
    await this.#releaseAll();
    await Promise.allSettled(this.#running.values());
    await this.#releaseAll();
  }

  async #releaseAll(): Promise<void> {
    const handles = [...this.#handles.values()];
    this.#handles.clear();
    await Promise.allSettled(handles.map((handle) => handle.release()));
  }

  async #run(group: GroupRecord, machine: MachineRecord): Promise<void> {
    while (!this.#fleet.changes.stopped) {
      if (machine.ending === 'deleted') return await this.#delete(group, machine);
      if (machine.ending !== null) await this.#lose(group, machine, machine.ending);
      else if (machine.phase === 'waiting') await this.#askForCapacity(group, machine);
      else if (machine.phase === 'starting') await this.#start(group, machine);
      else if (machine.phase === 'booting') await this.#boot(group, machine);
      else if (machine.phase === 'lost') await this.#replace(group, machine);
      else if (!this.#handles.has(machine)) await this.#bootAgain(group, machine);
      else if (group.template.maxRunSeconds !== null)
        await this.#runOut(group, machine, group.template.maxRunSeconds * 1000);
      else return;
    }
  }

  /** Its time is over: it goes as if it were taken away, and its group makes another one. */
  async #runOut(group: GroupRecord, machine: MachineRecord, maxRunMs: number): Promise<void> {
    const endMs = (machine.grantedMs ?? this.#now()) + maxRunMs;
    await this.#pause(machine, Math.min(endMs, this.#now() + LONGEST_TIMER_MS));
    if (machine.ending !== null || this.#now() < endMs || this.#fleet.changes.stopped) return;
    machine.ending = 'preempted';
    this.#fleet.changed(group);
  }

  async #askForCapacity(group: GroupRecord, machine: MachineRecord): Promise<void> {
    const scripted = await scriptedRefusal(this.#fleet, group, machine);
    if (machine.ending !== null) return;
    // No await between the look at the quota and the grant: machines ask at the same time.
    const error = scripted ?? quotaRefusal(this.#fleet, group) ?? null;
    machine.tries += 1;
    machine.error = error;
    if (!error) {
      machine.phase = 'starting';
      machine.grantedMs = this.#now();
    }
    this.#fleet.changed(group);
    if (error) await this.#pause(machine, this.#now() + draw(this.#fleet.delays.capacityRetryMs));
  }

  async #start(group: GroupRecord, machine: MachineRecord): Promise<void> {
    await this.#pause(machine, (machine.grantedMs ?? this.#now()) + machine.bootMs * VM_START_SHARE);
    if (machine.ending !== null || this.#fleet.changes.stopped) return;
    machine.phase = 'booting';
    this.#bill(group, machine);
    this.#fleet.changed(group);
  }

  async #boot(group: GroupRecord, machine: MachineRecord): Promise<void> {
    await this.#pause(machine, (machine.grantedMs ?? this.#now()) + machine.bootMs);
    if (machine.ending !== null || this.#fleet.changes.stopped) return;
    if (!(await this.#bootAgain(group, machine))) return;
    if (machine.ending === null) machine.phase = 'up';
    this.#fleet.changed(group);
  }

  /** True when the machine now has its handle; otherwise it is tried again after a pause. */
  async #bootAgain(group: GroupRecord, machine: MachineRecord): Promise<boolean> {
    try {
      if (!this.#hooks) throw new Error('no machine hooks attached');
      this.#handles.set(machine, await this.#hooks.boot(group, machine));
      return true;
    } catch (error) {
      this.#fleet.context.log('compute', `booting ${machine.name} failed: ${String(error)}`);
      await this.#pause(machine, this.#now() + RETRY_MS);
      return false;
    }
  }

  async #delete(group: GroupRecord, machine: MachineRecord): Promise<void> {
    if (machine.billed) {
      const orderedMs = this.#now();
      const handle = await this.#handleFor(group, machine);
      if (handle) await this.#switchOff(group, handle);
      await this.#waitUntil(orderedMs + draw(this.#fleet.delays.stopMachineMs));
      if (this.#fleet.changes.stopped) return;
    }
    await this.#end(group, machine);
    this.#fleet.forget(group, machine);
  }

  /** In order, as a VM that is stopped; cut short when its whole cluster is deleted, which does not wait for pods. */
  async #switchOff(group: GroupRecord, handle: MachineHandle): Promise<void> {
    if (group.atOnce) return handle.kill();
    let stopped = false;
    const stopping = handle.stop().finally(() => {
      stopped = true;
      this.#fleet.changes.wake();
    });
    await unlessStopped(this.#fleet.changes.until(() => stopped || group.atOnce));
    if (group.atOnce && !stopped) await handle.kill();
    await stopping;
  }

  async #lose(group: GroupRecord, machine: MachineRecord, how: 'preempted' | 'killed'): Promise<void> {
    const handle = await this.#handleFor(group, machine);
    if (how === 'preempted') await handle?.preempt(group.template.noticeSeconds);
    else await handle?.kill();
    await this.#end(group, machine);
    if (machine.ending === how) machine.ending = null;
    machine.phase = 'lost';
    machine.lostMs = this.#now();
    this.#fleet.changed(group);
  }

  /** A machine of an earlier process is adopted first, so that what it left running ends with it. */
  async #handleFor(group: GroupRecord, machine: MachineRecord): Promise<MachineHandle | undefined> {
    const handle = this.#handles.get(machine);
    if (handle || machine.phase !== 'up') return handle;
    try {
      return await this.#hooks?.boot(group, machine);
    } catch (error) {
      this.#fleet.context.log('compute', `${machine.name} could not be adopted before its end: ${String(error)}`);
      return undefined;
    }
  }

  async #end(group: GroupRecord, machine: MachineRecord): Promise<void> {
    this.#handles.delete(machine);
    if (machine.billed) {
      machine.billed = false;
      this.#fleet.context.books.machineEnded(nameInBooks(machine));
    }
    machine.grantedMs = null;
    this.#fleet.changed(group);
    await this.#hooks?.ended(group, machine);
  }

  async #replace(group: GroupRecord, machine: MachineRecord): Promise<void> {
    await this.#pause(machine, (machine.lostMs ?? this.#now()) + draw(this.#fleet.delays.repairMs));
    if (machine.ending !== null || this.#fleet.changes.stopped) return;
    machine.phase = 'waiting';
    machine.id = newId();
    machine.incarnation += 1;
    machine.tries = 0;
    machine.lostMs = null;
    machine.bootMs = draw(this.#fleet.delays.nodeBootMs);
    machine.createdMs = this.#now();
    this.#fleet.changed(group);
  }

  #bill(group: GroupRecord, machine: MachineRecord): void {
    machine.billed = true;
    this.#fleet.context.books.machineStarted({
      name: nameInBooks(machine),
      cluster: group.cluster,
      pool: group.pool,
      machineType: group.template.machineType,
      spot: group.template.spot,
      zone: group.zone,
      labels: group.template.labels,
    });
  }

  /** Until that time, or earlier when the machine is to end or the local cloud stops: callers look at both next. */
  async #pause(machine: MachineRecord, untilMs: number): Promise<void> {
    await this.#waitUntil(untilMs, () => machine.ending !== null);
  }

  async #waitUntil(untilMs: number, early?: () => boolean): Promise<void> {
    await unlessStopped(this.#fleet.changes.waitUntil(untilMs, early));
  }

  #now(): number {
    return this.#fleet.context.clock.nowMs();
  }
}

/** Callers look at `changes.stopped` next. */
async function unlessStopped(waiting: Promise<void>): Promise<void> {
  try {
    await waiting;
  } catch (error) {
    if (!(error instanceof FleetStopped)) throw error;
  }
}

/** A replacement keeps its name, but the books must tell the two VMs apart. */
function nameInBooks(machine: MachineRecord): string {
  return machine.incarnation === 1 ? machine.name : `${machine.name}#${machine.incarnation}`;
}
