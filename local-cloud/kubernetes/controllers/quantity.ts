/** Resource quantities (`250m`, `2Gi`, `1e3`, `0.5`) as plain numbers: cores, bytes, counts. Precision beyond a double is not kept. */

const factors: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** The value of a quantity; 0 for an absent or malformed one (the API server refuses those before they are stored). */
export function parseQuantity(quantity: unknown): number {
  if (typeof quantity === 'number') return quantity;
  if (typeof quantity !== 'string') return 0;
  const match = /^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([a-zA-Z]*)$/.exec(quantity.trim());
  if (!match) return 0;
  const factor = factors[match[2] ?? ''];
  const value = Number(match[1]);
  return factor === undefined || Number.isNaN(value) ? 0 : value * factor;
}

/** A count or a share of `total` (`25%`), as maxSurge and minAvailable are written. */
export function scaledValue(value: number | string, total: number, round: 'up' | 'down'): number {
  if (typeof value === 'number') return value;
  const exact = (Number.parseFloat(value) / 100) * total;
  return round === 'up' ? Math.ceil(exact) : Math.floor(exact);
}
