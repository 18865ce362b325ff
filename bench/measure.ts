/**
 * Samples and what is said of them. Variants are measured in turns (A B A B ...), so that a
 * machine that slows down slows down all of them.
 */

export interface Summary {
  median: number;
  min: number;
  max: number;
  count: number;
}

/** @throws RangeError without samples. */
export function summarize(samples: readonly number[]): Summary {
  const sorted = samples.toSorted((a, b) => a - b);
  const min = sorted[0];
  const max = sorted.at(-1);
  if (min === undefined || max === undefined) throw new RangeError('no samples to summarize');
  const middle = (sorted.length - 1) / 2;
  const median = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
  return { median, min, max, count: sorted.length };
}

/**
 * Runs every variant once, then every variant again, every second time in reverse order, so that nobody always comes
 * after the same one; answers all results by variant.
 */
export async function takeTurns<Name extends string, Result>(
  repetitions: number,
  variants: Readonly<Record<Name, (repetition: number) => Promise<Result>>>,
): Promise<Record<Name, Result[]>> {
  const names = Object.keys(variants) as Name[];
  const results = Object.fromEntries(names.map((name) => [name, [] as Result[]])) as Record<Name, Result[]>;
  for (let repetition = 0; repetition < repetitions; repetition += 1)
    for (const name of repetition % 2 === 0 ? names : names.toReversed())
      results[name].push(await variants[name](repetition));
  return results;
}

/** CPU milliseconds (user and system, all threads) that this process spends until `work` has ended. */
export async function cpuMs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const spent = process.cpuUsage(before);
  return (spent.user + spent.system) / 1000;
}

export async function wallMs(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}
