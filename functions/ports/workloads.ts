/** The Kubernetes objects of one job, in our words. */
import type { PodEnd } from '../job/death.ts';
import type { ClusterView } from './clusters.ts';

export interface PodView {
  name: string;
  role: 'redis' | 'driver' | 'worker';
  ready: boolean;
  /** Succeeded or failed: it will never run again, and holds no machine. */
  ended: boolean;
  node: string | null;
  /**
   * Why it is not running, in the cluster's own words: ImagePullBackOff: …, Insufficient cpu, …
   * Of many workers in the same state only the first is asked.
   */
  trouble: string | null;
}

/** A machine of the workers' pool. */
export interface NodeView {
  name: string;
  ready: boolean;
}

export interface WorkloadView {
  /** Whether namespace, Redis, driver and workers all exist. */
  applied: boolean;
  attempt: number | null;
  driver: 'absent' | 'running' | 'succeeded' | 'failed';
  driverMessage: string;
  workersWanted: number;
  /** Those with more memory. */
  largeWanted: number;
  pods: PodView[];
  nodes: NodeView[];
  redis: { host: string; password: string } | null;
  /** When the signed URLs in the pods' inputs were last made. */
  inputsSignedMs: number | null;
}

export interface WorkloadRequest {
  job: string;
  attempt: number;
  workers: number;
  worker: { cpu: number; memoryBytes: number };
  /** Of workers for iterations for which memory ran out; null: there are none. */
  largeMemoryBytes: number | null;
  graceSeconds: number;
  image: string;
  redisImage: string;
  env: Record<string, string>;
  /** What the pods read as inputs.json. */
  inputs: unknown;
}

export interface Workload {
  observe(): Promise<WorkloadView>;
  apply(request: WorkloadRequest): Promise<void>;
  /** How the containers of these pods have ended last, of the first few when there are many. */
  podEnds(pods: readonly string[]): Promise<Record<string, PodEnd>>;
  /**
   * Marks the pods that may go first, then sets the number of replicas.
   * @throws PortError FF-WORKLOAD-CHANGED (retry) when it is not `from` any more: what was planned is out of date.
   */
  scaleWorkers(from: number, replicas: number, idlePods: string[], large?: boolean): Promise<void>;
}

export interface Workloads {
  /** A fresh connection with a fresh token; nothing is kept between passes. */
  connect(cluster: ClusterView): Promise<Workload>;
}
