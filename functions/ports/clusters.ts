/** GKE and the few Compute calls, in our words. No method waits for a cloud operation to end. */
import type { PoolChoice } from '../job/machines.ts';

export type ClusterState = 'provisioning' | 'running' | 'reconciling' | 'stopping' | 'error';

export interface PoolView {
  name: 'system' | 'workers';
  nodes: number;
  machineType: string;
  spot: boolean;
  state: ClusterState;
  /** URLs of the managed instance groups behind the pool. */
  instanceGroups: string[];
}

export interface ClusterView {
  name: string;
  location: string;
  state: ClusterState;
  /** What the cloud says about it, for people. */
  message: string;
  /** Carries our installation's and this job's labels. */
  ours: boolean;
  labels: Record<string, string>;
  createdMs: number;
  pools: PoolView[];
  endpoint: string;
  caPem: string;
  /** The cloud had no machines of this kind here. */
  stockout: boolean;
}

export interface Leftover {
  kind: 'disk' | 'address' | 'forwarding-rule' | 'firewall' | 'instance-group' | 'instance-template';
  name: string;
  location: string;
}

/** A leftover of which only the installation is known to whoever asks. */
export interface OwnedLeftover extends Leftover {
  /** By its label; null: it has none. */
  job: string | null;
  createdMs: number;
}

export interface ClusterRequest {
  name: string;
  location: string;
  job: string;
  system: PoolChoice;
  workers: PoolChoice & { nodes: number };
  externalIps: boolean;
  /** Becomes a label: whoever cannot read the job's record knows by it when the cluster has to go. */
  endsByMs: number;
  /** Machines that the job may ever have at once, the system's own included: the cluster's ranges hold as many. */
  mostMachines: number;
}

export interface Clusters {
  /** Null when the cloud says NotFound. */
  get(name: string, location: string): Promise<ClusterView | null>;
  /** Every cluster with our installation label, in every location. */
  list(): Promise<ClusterView[]>;
  /**
   * "Already exists" is success (the next observation checks whose it is).
   * @throws PortError FF-CLUSTER-STOCKOUT, FF-CLUSTER-QUOTA, FF-CLUSTER-REFUSED (retry false: this location will say
   * so again), FF-CLUSTER-BUSY, FF-CLOUD-BUSY (retry).
   */
  create(request: ClusterRequest): Promise<void>;
  resizePool(cluster: ClusterView, pool: 'workers', nodes: number): Promise<void>;
  /** Deletes exactly these machines and shrinks the pool by as many; those already gone are skipped. */
  deleteNodes(cluster: ClusterView, pool: 'workers', nodes: string[]): Promise<void>;
  /** "Not found" is success; a cluster that is still being created or changed is FF-CLUSTER-BUSY (retry). */
  delete(name: string, location: string): Promise<void>;
  /** vCPUs of quota still free in the location's region; null when the cloud does not say. */
  freeVcpus(location: string, spot: boolean): Promise<number | null>;
  leftovers(cluster: string): Promise<Leftover[]>;
  /** Of every job of this installation, in every location; nothing that a machine uses. */
  allLeftovers(): Promise<OwnedLeftover[]>;
  removeLeftover(leftover: Leftover): Promise<void>;
}
