/**
 * What goes wrong in a chaos run, and when: the same for the same seed, though
 * processes interleave differently each time. Pure.
 */

/**
 * r: the R process of a worker; pod: supervisor and R; freeze: both stand still for a while,
 * longer or shorter than anybody waits for them.
 */
export interface WorkerFault {
  /** After the fault before it. */
  afterSeconds: number;
  kind: 'r' | 'pod' | 'freeze';
  /** From 0 to 1: which of the workers. */
  victim: number;
  freezeSeconds: number;
}

/**
 * driver-r: its R process; driver-pod: supervisor and R, the disk stays; driver-disk: the disk goes as well.
 * redis: its process; redis-second: its process, and what it wrote in the last second; both: driver-r and redis;
 * cluster: everything, resumed as a new attempt.
 */
export type CoreKind = 'driver-r' | 'driver-pod' | 'driver-disk' | 'redis' | 'redis-second' | 'both' | 'cluster';

export interface CoreFault {
  /**
   * Which share of the iterations is finished when it happens; progress rather than
   * time, so that all moments lie within the run.
   */
  atShare: number;
  delaySeconds: number;
  kind: CoreKind;
  /** For how long Redis is away. */
  downSeconds: number;
}

/** Of a hundred. */
const WORKER_KINDS: Readonly<Record<WorkerFault['kind'], number>> = { r: 65, pod: 25, freeze: 10 };
const CORE_KINDS: Readonly<Record<CoreKind, number>> = {
  'driver-r': 25,
  'driver-pod': 15,
  'driver-disk': 15,
  redis: 20,
  'redis-second': 10,
  both: 12,
  cluster: 3,
};

/** Never ends. */
export function* workerFaults(seed: number, meanSeconds: number): Generator<WorkerFault, never> {
  const random = generator(2 * seed);
  for (;;)
    yield {
      afterSeconds: -meanSeconds * Math.log(1 - random()),
      kind: choose(WORKER_KINDS, random()),
      victim: random(),
      freezeSeconds: 1 + 19 * random(),
    };
}

export function coreFaults(seed: number, moments: number): CoreFault[] {
  const random = generator(2 * seed + 1);
  const faults = Array.from({ length: moments }, () => ({
    atShare: random(),
    delaySeconds: 1.5 * random(),
    kind: choose(CORE_KINDS, random()),
    downSeconds: 0.1 + 3 * random() ** 2,
  }));
  return faults.toSorted((a, b) => a.atShare - b.atShare);
}

function choose<Kind extends string>(shares: Readonly<Record<Kind, number>>, random: number): Kind {
  let left = 100 * random;
  const kinds = Object.keys(shares) as Kind[];
  return kinds.find((kind) => (left -= shares[kind]) < 0) ?? kinds.at(-1)!;
}

/** mulberry32: small, and the same everywhere. */
function generator(seed: number): () => number {
  let state = (seed * 0x9e3779b9) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
