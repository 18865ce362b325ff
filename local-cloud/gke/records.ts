/** What the GKE service remembers on disk. Types only; machines are the fleet's (compute/fleet/fleet-records.ts). */
import type { Json } from './wire/proto-schema.ts';

export type ResourceStatus = 'PROVISIONING' | 'RUNNING' | 'RUNNING_WITH_ERROR' | 'STOPPING' | 'ERROR';

export interface Condition {
  code?: string;
  message: string;
  canonicalCode: string;
}

export interface PoolRecord {
  name: string;
  /** NodePool message as asked for, with defaults filled in. */
  spec: Json;
  /** RECONCILING is not stored: it is RUNNING with an operation under way. */
  status: ResourceStatus;
  conditions: Condition[];
  groupNames: string[];
  /** Nodes per zone that were last asked for. */
  nodeCount: number;
  etag: string;
}

export interface ClusterRecord {
  name: string;
  location: string;
  /** Hexadecimal id, as GKE gives one. */
  id: string;
  /** Cluster message as asked for, with defaults filled in, without node pools. */
  spec: Json;
  status: ResourceStatus;
  statusMessage: string;
  conditions: Condition[];
  createMs: number;
  /** The API server's port once it has one: it stays the same over restarts. */
  port: number | null;
  caPem: string | null;
  pools: PoolRecord[];
}

export type OperationType =
  | 'CREATE_CLUSTER'
  | 'DELETE_CLUSTER'
  | 'UPDATE_CLUSTER'
  | 'SET_MAINTENANCE_POLICY'
  | 'SET_LABELS'
  | 'CREATE_NODE_POOL'
  | 'DELETE_NODE_POOL'
  | 'SET_NODE_POOL_SIZE'
  | 'SET_NODE_POOL_MANAGEMENT';

export interface OperationRecord {
  name: string;
  type: OperationType;
  /** RPC that asked for it, for the audit log. */
  rpc: string;
  location: string;
  cluster: string;
  pool: string | null;
  status: 'RUNNING' | 'DONE';
  detail: string;
  startMs: number;
  /** Drawn when the operation began. */
  delayMs: number;
  endMs: number | null;
  error: { code: number; message: string } | null;
  conditions: Condition[];
  /** Scripted fault of the call: the machines it asks for are refused at first. */
  shortage: 'stockout' | 'quota' | null;
  /** True once the audit-log entry of its end was handed on. */
  reported: boolean;
}

export function clusterKey(location: string, name: string): string {
  return `${location}~${name}`;
}
