// Quantities with the unit written out ("90m", "2Gi") to plain numbers. Knows
// nothing about which key allows which range.

const secondsPer = new Map([
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
]);

const bytesPer = new Map([
  ['Ki', 2 ** 10],
  ['Mi', 2 ** 20],
  ['Gi', 2 ** 30],
  ['Ti', 2 ** 40],
  ['k', 1e3],
  ['M', 1e6],
  ['G', 1e9],
  ['T', 1e12],
]);

/** A duration: one number with d, h, m or s ("1.5h"), or several whole ones in falling order ("1h30m"). */
export const durationPattern =
  /^(?:\d{1,9}(?:\.\d{1,3})?[dhms]|(?=\d)(?:\d{1,5}d)?(?:\d{1,6}h)?(?:\d{1,8}m)?(?:\d{1,9}s)?)$/;

/** A memory size as Kubernetes writes it; a bare number is refused because nobody can tell its unit. */
export const memoryPattern = /^\d{1,9}(?:\.\d{1,3})?(?:Ki|Mi|Gi|Ti|k|M|G|T)$/;

/** Seconds of a duration that matches durationPattern. */
export function secondsOf(duration: string): number {
  return Math.round(sumOf(duration, secondsPer) * 1000) / 1000;
}

/** Whole bytes of a size that matches memoryPattern. */
export function bytesOf(size: string): number {
  return Math.round(sumOf(size, bytesPer));
}

function sumOf(text: string, units: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const [, amount, unit = ''] of text.matchAll(/([\d.]+)([A-Za-z]+)/g))
    sum += Number(amount) * (units.get(unit) ?? NaN);
  return sum;
}
