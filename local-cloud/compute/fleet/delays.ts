/**
 * How long the emulated cloud takes. All delays are zero, for a demo that should not wait, but for those of what only a
 * fault brings. Times that people have measured on GKE stand in ../README.md, for who wants to set them. A value is
 * drawn once per thing and kept with it, so a restart changes nothing.
 */

import * as z from 'zod';

const milliseconds = z.number().min(0);
/** Milliseconds, fixed or drawn. */
const delay = z.union([
  milliseconds,
  z.strictObject({ triangular: z.tuple([milliseconds, milliseconds, milliseconds]) }),
  z.strictObject({ uniform: z.tuple([milliseconds, milliseconds]) }),
  z.strictObject({ medianMs: milliseconds, p99Ms: milliseconds }),
]);
export type Delay = z.infer<typeof delay>;

const delaysSchema = z.strictObject({
  /** From the request until the control plane answers; nodes boot after that. */
  createClusterMs: delay,
  /** From the request until its machines are asked for. */
  createNodePoolMs: delay,
  /** From the machine's request until its node is registered. */
  nodeBootMs: delay,
  /** GKE's own overhead of a resize, beside booting or stopping machines. */
  resizeMs: delay,
  /** Deleting a pool's or cluster's machines is quick; this is what follows. */
  deleteMs: delay,
  /** From the order to stop a machine until it is gone and free. */
  stopMachineMs: delay,
  /** From the loss of a machine until its group replaces it. */
  repairMs: delay,
  /** Between two tries of a group to get a machine that the zone or the quota refused. */
  capacityRetryMs: delay,
  /** How long an operation hopes for machines that the quota refused before it ends with an error. */
  quotaMs: delay,
  /** The same where the zone has none. */
  stockoutMs: delay,
});
export type Delays = z.infer<typeof delaysSchema>;

/** Those that are to change. */
export const someDelays = z.partialRecord(delaysSchema.keyof(), delay);

/** "Not all instances running in IGM after 35m" (GoogleCloudPlatform/cluster-toolkit#6278, akka/akka-core#32992). */
const STOCKOUT_MS = 35 * 60_000;

export const noDelays: Delays = {
  createClusterMs: 0,
  createNodePoolMs: 0,
  nodeBootMs: 0,
  resizeMs: 0,
  deleteMs: 0,
  stopMachineMs: 0,
  repairMs: 0,
  capacityRetryMs: 5_000,
  quotaMs: 0,
  stockoutMs: STOCKOUT_MS,
};

const Z_99 = 2.3263;

/** Draws a value. */
export function draw(delay: Delay, random: () => number = Math.random): number {
  if (typeof delay === 'number') return delay;
  if ('uniform' in delay) return delay.uniform[0] + random() * (delay.uniform[1] - delay.uniform[0]);
  if ('triangular' in delay) return drawTriangular(delay.triangular, random());
  const sigma = Math.log(delay.p99Ms / delay.medianMs) / Z_99;
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return delay.medianMs * Math.exp(sigma * normal);
}

function drawTriangular([low, mode, high]: [number, number, number], share: number): number {
  const turn = (mode - low) / (high - low);
  if (share < turn) return low + Math.sqrt(share * (high - low) * (mode - low));
  return high - Math.sqrt((1 - share) * (high - low) * (high - mode));
}
