/** What the fleet remembers on disk: managed instance groups with their machines. */
import * as z from 'zod';

const machineTemplate = z.object({
  machineType: z.string(),
  spot: z.boolean(),
  /** From the notice that a Spot machine is taken away to its end. */
  noticeSeconds: z.number().default(30), // absent in records of before it was kept
  /** A VM ends by itself after so long; null: never. */
  maxRunSeconds: z.number().nullable().default(null), // absent in records of before it was kept
  diskSizeGb: z.number(),
  diskType: z.string(),
  /** Labels of the VM and of its boot disk. */
  labels: z.record(z.string(), z.string()),
  externalAddress: z.boolean(),
  network: z.string(),
  subnetwork: z.string(),
  serviceAccount: z.string(),
});
export type MachineTemplate = z.infer<typeof machineTemplate>;

/**
 * A machine is waiting while capacity is not granted, and starting once it is, not billed yet. It is booting while the
 * VM runs without its node, and up once the node is registered. It is lost when the VM is gone: its group will replace
 * it.
 */
const machinePhase = z.enum(['waiting', 'starting', 'booting', 'up', 'lost']);

const capacityError = z.object({
  code: z.enum(['ZONE_RESOURCE_POOL_EXHAUSTED', 'QUOTA_EXCEEDED']),
  message: z.string(),
});
export type CapacityError = z.infer<typeof capacityError>;

const machineRecord = z.object({
  name: z.string(),
  id: z.string(),
  phase: machinePhase,
  /** What is to happen next, whatever the phase. */
  ending: z.enum(['deleted', 'preempted', 'killed']).nullable(),
  /** 1 for the first VM of this name; a replacement keeps the name. */
  incarnation: z.number(),
  createdMs: z.number(),
  /** When capacity was granted. */
  grantedMs: z.number().nullable(),
  bootMs: z.number(),
  /** True from the VM's start to its end: what Google bills. */
  billed: z.boolean(),
  lostMs: z.number().nullable(),
  tries: z.number(),
  error: capacityError.nullable(),
  /** '127.x.y': the addresses of this machine and its pods begin with it. */
  addressPrefix: z.string(),
});
export type MachineRecord = z.infer<typeof machineRecord>;

export const groupRecord = z.object({
  name: z.string(),
  id: z.string(),
  zone: z.string(),
  cluster: z.string(),
  clusterLocation: z.string(),
  pool: z.string(),
  /** Machine names are this and four characters. */
  baseName: z.string(),
  targetSize: z.number(),
  deleting: z.boolean(),
  /**
   * Its machines are ended without a shutdown, because their cluster goes: nothing is
   * left that their pods could hand work to.
   */
  atOnce: z.boolean(),
  createdMs: z.number(),
  template: machineTemplate,
  /** The first try of every new machine fails with this: a scripted fault of the call that asked for them. */
  scriptedShortage: z.enum(['stockout', 'quota']).nullable(),
  machines: z.array(machineRecord),
});
export type GroupRecord = z.infer<typeof groupRecord>;
