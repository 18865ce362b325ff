/** What goes wrong in a run, as data: a schedule can be printed, repeated and committed. */

export type Fault =
  /**
   * The process dies before (its call has no effect) or after (it has, nobody learns of it) the call of this number.
   */
  | { kind: 'crash'; call: number; when: 'before' | 'after' }
  /** The call fails: before its effect, or after it (the answer is lost). */
  | { kind: 'fail'; call: number; when: 'before' | 'after' }
  /** The process sleeps before this call, for so long, and then goes on as if nothing had been. */
  | { kind: 'sleep'; call: number; seconds: number }
  /** Every call of a port fails between two times (seconds since the upload). */
  | { kind: 'outage'; port: string; from: number; to: number }
  /** Every call of a port waits for so long between two times, as long as its deadline is, and fails. */
  | { kind: 'silence'; port: string; seconds: number; from: number; to: number }
  /** Calls whose name begins so are refused with this chance, by a seeded draw; `overtaken`: as if others wrote. */
  | { kind: 'refuse'; calls: string; chance: number; seed: number; overtaken?: true }
  /** Reads (of clusters, Kubernetes, lists of a bucket) answer what was true so many seconds ago, with this chance. */
  | { kind: 'stale'; calls: string; seconds: number; chance: number; seed: number }
  /** The clock of every process is off by so much. */
  | { kind: 'skew'; seconds: number; everyOther: boolean }
  /**
   * Calls of all processes are let through one by one, in an order drawn by the
   * seed; each event starts so many processes.
   */
  | { kind: 'interleave'; seed: number; processes: number }
  /** An object of the state bucket is cut to a part of its length, at a time (seconds since the upload). */
  | { kind: 'damage'; object: string; at: number; share: number }
  /** An object of the state bucket is deleted by mistake. */
  | { kind: 'loss'; object: string; at: number }
  /** Events: none arrive (only ticks), or each arrives twice. */
  | { kind: 'events'; how: 'lost' | 'doubled' };

/** Mulberry32: a small generator whose whole state is one number, so that a schedule's seed says everything. */
export function drawer(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
