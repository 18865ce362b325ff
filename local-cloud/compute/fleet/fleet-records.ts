/** What the fleet remembers on disk: managed instance groups with their machines. Types only. */

export interface MachineTemplate {
  machineType: string;
  spot: boolean;
  diskSizeGb: number;
  diskType: string;
  /** Labels of the VM and of its boot disk. */
  labels: Record<string, string>;
  externalAddress: boolean;
  network: string;
  subnetwork: string;
  serviceAccount: string;
}

/**
 * waiting: capacity not granted yet · starting: granted, not billed · booting: the VM runs, its node is not there yet ·
 * up: the node is registered · lost: the VM is gone, its group will replace it.
 */
export type MachinePhase = 'waiting' | 'starting' | 'booting' | 'up' | 'lost';

export interface CapacityError {
  code: 'ZONE_RESOURCE_POOL_EXHAUSTED' | 'QUOTA_EXCEEDED';
  message: string;
}

export interface MachineRecord {
  name: string;
  id: string;
  phase: MachinePhase;
  /** What is to happen next, whatever the phase. */
  ending: 'deleted' | 'preempted' | 'killed' | null;
  /** 1 for the first VM of this name; a replacement keeps the name. */
  incarnation: number;
  createdMs: number;
  /** When capacity was granted. */
  grantedMs: number | null;
  bootMs: number;
  /** True from the VM's start to its end: what Google bills. */
  billed: boolean;
  lostMs: number | null;
  tries: number;
  error: CapacityError | null;
  /** '127.x.y': the addresses of this machine and its pods begin with it. */
  addressPrefix: string;
}

export interface GroupRecord {
  name: string;
  id: string;
  zone: string;
  cluster: string;
  clusterLocation: string;
  pool: string;
  /** Machine names are this and four characters. */
  baseName: string;
  targetSize: number;
  deleting: boolean;
  /**
   * Its machines are ended without a shutdown, because their cluster goes: nothing is
   * left that their pods could hand work to.
   */
  atOnce: boolean;
  createdMs: number;
  template: MachineTemplate;
  /** The first try of every new machine fails with this: a scripted fault of the call that asked for them. */
  scriptedShortage: 'stockout' | 'quota' | null;
  machines: MachineRecord[];
}
