/**
 * Invariants, said where they are relied on. A pass that meets one that does not hold
 * stops before it has written or done anything.
 */
export function assert(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new Error(`this must always hold, and does not: ${sentence}`);
}
