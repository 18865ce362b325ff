/** GKE and the few Compute calls, in our words. No method waits for a cloud operation to end. */
import type { PoolChoice } from '../job/machines.ts';

export type ClusterState = 'provisioning' | 'running' | 'reconciling' | 'stopping' | 'error';

export interface PoolView {
  /** `system` is that of Redis and driver; all others are of workers. */
  name: string;
  /** Machines that it should have now. */
  nodes: number;
  machineType: string;
  spot: boolean;
  zone: string;
  state: ClusterState;
  /** Names of those that the cloud has not, or that a quota forbids; it goes on asking for them. */
  refused: string[];
  /** Why, in the cloud's words; null when nothing is refused. */
  shortage: string | null;
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
  /** What a Spot machine of its pools leaves to pods from the notice that it is taken away. */
  spotGraceSeconds: number;
  endpoint: string;
  caPem: string;
  /** The cloud had no machines of this kind here. */
  stockout: boolean;
  /** It is in error for a reason that passes: the same place may be asked again. */
  mayBeMadeAgain: boolean;
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
  externalIps: boolean;
  /** Becomes a label: whoever cannot read the job's record knows by it when the cluster has to go. */
  endsByMs: number;
  /** Machines that the job may ever have at once, the system's own included: the cluster's ranges hold as many. */
  mostMachines: number;
}

export interface PoolRequest {
  name: string;
  job: string;
  machines: PoolChoice;
  zone: string;
  nodes: number;
  /** When the limits have ended the job at the latest: machines that are there still end by themselves. */
  endsByMs: number;
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
  /**
   * Of a cluster that runs. "Already exists" is success.
   * @throws PortError FF-CLUSTER-STOCKOUT, FF-CLUSTER-QUOTA, FF-CLUSTER-REFUSED (this kind of machine is not to be had
   * here), FF-CLUSTER-BUSY, FF-CLOUD-BUSY (retry).
   */
  createPool(cluster: ClusterView, pool: PoolRequest): Promise<void>;
  /** @throws PortError as createPool() does. */
  resizePool(cluster: ClusterView, pool: string, nodes: number): Promise<void>;
  /** Deletes exactly these machines and shrinks their pools by as many; those already gone are skipped. */
  deleteNodes(cluster: ClusterView, nodes: string[]): Promise<void>;
  /** Deletes all machines of workers but one, those included that have not come yet. */
  releaseNodes(cluster: ClusterView, except: string | null): Promise<void>;
  /**
   * "Not found" is success; a cluster that is still being created or changed is FF-CLUSTER-BUSY (retry). Its workers'
   * machines go at once then: it may hope for some of them for half an hour.
   */
  delete(name: string, location: string): Promise<void>;
  /** vCPUs of quota still free in the location's region; null when the cloud does not say. */
  freeVcpus(location: string, spot: boolean): Promise<number | null>;
  leftovers(cluster: string): Promise<Leftover[]>;
  /** Of every job of this installation, in every location; nothing that a machine uses. */
  allLeftovers(): Promise<OwnedLeftover[]>;
  removeLeftover(leftover: Leftover): Promise<void>;
}
