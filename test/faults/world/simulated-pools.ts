/**
 * The machines of one cluster's workers in the fault world: a pool for each kind, which the cloud may refuse for a
 * while. As GKE does, a pool hopes for 35 minutes for machines that its zone has not, takes no other size meanwhile,
 * and is in error after that.
 */
import type { PoolRequest, PoolView } from '../../../functions/ports/clusters.ts';

/** Whether machines of this kind are not to be had at that time. */
export type Refuses = (kind: { machineType: string; spot: boolean; zone: string }, time: number) => boolean;

export interface Shortages {
  /** By seconds since the upload. */
  refuses?: Refuses;
}

interface Machine {
  name: string;
  readyMs: number;
}

interface Pool {
  request: PoolRequest;
  wanted: number;
  askedMs: number;
  machines: Machine[];
  /** Its first machines have come. */
  isMade: boolean;
}

const BOOT_SECONDS = 90;
const HOPE_SECONDS = 35 * 60;

export class SimulatedPools {
  readonly #refuses: Refuses;
  readonly #pools: Pool[] = [];
  #serial = 0;

  constructor(refuses: Refuses) {
    this.#refuses = refuses;
  }

  create(request: PoolRequest, nowMs: number): void {
    if (this.#pools.some((pool) => pool.request.name === request.name)) return;
    this.#pools.push({ request, wanted: request.nodes, askedMs: nowMs, machines: [], isMade: false });
  }

  /** False: the cloud still works at it. */
  resize(name: string, nodes: number, nowMs: number): boolean {
    const pool = this.#pools.find(({ request }) => request.name === name);
    if (pool === undefined || isHoping(pool, nowMs)) return false;
    Object.assign(pool, { wanted: nodes, askedMs: nowMs });
    pool.machines = pool.machines.slice(0, nodes);
    return true;
  }

  /** What is to come by now comes. */
  boot(nowMs: number): void {
    for (const pool of this.#pools) {
      while (pool.machines.length < pool.wanted && !this.#isRefused(pool, nowMs))
        pool.machines.push({ name: `node-${(this.#serial += 1)}`, readyMs: nowMs + BOOT_SECONDS * 1000 });
      pool.isMade ||= pool.machines.length >= pool.wanted && pool.machines.every(({ readyMs }) => readyMs <= nowMs);
    }
  }

  #isRefused({ request: { machines, zone } }: Pool, nowMs: number): boolean {
    return this.#refuses({ ...machines, zone }, nowMs);
  }

  get machines(): { name: string; readyMs: number; spot: boolean }[] {
    return this.#pools.flatMap(({ machines, request }) =>
      machines.map((machine) => ({ ...machine, spot: request.machines.spot })),
    );
  }

  /** Also machines that have not come: their names are those of the view. */
  remove(names: readonly string[]): void {
    for (const pool of this.#pools) {
      const refused = this.#missing(pool).filter((name) => names.includes(name)).length;
      const left = pool.machines.filter(({ name }) => !names.includes(name));
      pool.wanted -= refused + pool.machines.length - left.length;
      pool.machines = left;
    }
  }

  removeAllBut(except: string | null): void {
    for (const pool of this.#pools) {
      pool.machines = pool.machines.filter(({ name }) => name === except);
      pool.wanted = pool.machines.length;
    }
  }

  /** Spot: the machine goes, its pool makes another one. */
  lose(): void {
    this.#pools.find(({ machines }) => machines.length > 0)?.machines.shift();
  }

  /** Whether the cloud works at one of them: then their cluster cannot be deleted. */
  isBusy(nowMs: number): boolean {
    return this.#pools.some((pool) => isHoping(pool, nowMs));
  }

  views(nowMs: number): PoolView[] {
    return this.#pools.map((pool) => {
      const { name, machines, zone } = pool.request;
      const refused = this.#isRefused(pool, nowMs) ? this.#missing(pool) : [];
      return {
        name,
        nodes: pool.wanted,
        machineType: machines.machineType,
        spot: machines.spot,
        zone,
        state: stateOf(pool, nowMs),
        instanceGroups: [],
        refused,
        shortage: refused.length > 0 ? 'ZONE_RESOURCE_POOL_EXHAUSTED: not enough resources' : null,
      };
    });
  }

  #missing({ request, wanted, machines }: Pool): string[] {
    return Array.from({ length: wanted - machines.length }, (_, index) => `${request.name}-missing-${index}`);
  }
}

function isHoping({ wanted, machines, askedMs }: Pool, nowMs: number): boolean {
  const isComplete = machines.length >= wanted && machines.every(({ readyMs }) => readyMs <= nowMs);
  return !isComplete && nowMs - askedMs < HOPE_SECONDS * 1000;
}

function stateOf(pool: Pool, nowMs: number): PoolView['state'] {
  if (isHoping(pool, nowMs)) return pool.isMade ? 'reconciling' : 'provisioning';
  return pool.machines.length < pool.wanted && !pool.isMade ? 'error' : 'running';
}
