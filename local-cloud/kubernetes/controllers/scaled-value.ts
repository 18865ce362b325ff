/** Numbers that may be written as a share. */

/** A count or a share of `total` (`25%`), as maxSurge and minAvailable are written. */
export function scaledValue(value: number | string, total: number, round: 'up' | 'down'): number {
  if (typeof value === 'number') return value;
  const exact = (Number.parseFloat(value) / 100) * total;
  return round === 'up' ? Math.ceil(exact) : Math.floor(exact);
}
