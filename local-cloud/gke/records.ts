/** What the GKE service remembers on disk; machines are the fleet's (compute/fleet/fleet-records.ts). */
import * as z from 'zod';
import { clusterMessage, poolMessage } from './messages.ts';

const resourceStatus = z.enum(['PROVISIONING', 'RUNNING', 'RUNNING_WITH_ERROR', 'STOPPING', 'ERROR']);
export type ResourceStatus = z.infer<typeof resourceStatus>;

const condition = z.object({ code: z.exactOptional(z.string()), message: z.string(), canonicalCode: z.string() });
export type Condition = z.infer<typeof condition>;

const poolRecord = z.object({
  name: z.string(),
  spec: poolMessage,
  /** RECONCILING is not stored: it is RUNNING with an operation under way. */
  status: resourceStatus,
  conditions: z.array(condition),
  statusMessage: z.string().default(''), // absent in records of before it was kept
  groupNames: z.array(z.string()),
  /** Nodes per zone that were last asked for. */
  nodeCount: z.number(),
  etag: z.string(),
});
export type PoolRecord = z.infer<typeof poolRecord>;

export const clusterRecord = z.object({
  name: z.string(),
  location: z.string(),
  /** Hexadecimal id, as GKE gives one. */
  id: z.string(),
  spec: clusterMessage,
  status: resourceStatus,
  statusMessage: z.string(),
  conditions: z.array(condition),
  createMs: z.number(),
  /** The API server's port once it has one: it stays the same over restarts. */
  port: z.number().nullable(),
  caPem: z.string().nullable(),
  pools: z.array(poolRecord),
});
export type ClusterRecord = z.infer<typeof clusterRecord>;

const operationType = z.enum([
  'CREATE_CLUSTER',
  'DELETE_CLUSTER',
  'UPDATE_CLUSTER',
  'SET_MAINTENANCE_POLICY',
  'SET_LABELS',
  'CREATE_NODE_POOL',
  'DELETE_NODE_POOL',
  'SET_NODE_POOL_SIZE',
  'SET_NODE_POOL_MANAGEMENT',
]);
export type OperationType = z.infer<typeof operationType>;

export const operationRecord = z.object({
  name: z.string(),
  type: operationType,
  /** RPC that asked for it, for the audit log. */
  rpc: z.string(),
  location: z.string(),
  cluster: z.string(),
  pool: z.string().nullable(),
  status: z.enum(['RUNNING', 'DONE']),
  detail: z.string(),
  startMs: z.number(),
  /** Drawn when the operation began. */
  delayMs: z.number(),
  endMs: z.number().nullable(),
  error: z.object({ code: z.number(), message: z.string() }).nullable(),
  conditions: z.array(condition),
  /** Scripted fault of the call: the machines it asks for are refused at first. */
  shortage: z.enum(['stockout', 'quota']).nullable(),
  /** True once the audit-log entry of its end was handed on. */
  reported: z.boolean(),
});
export type OperationRecord = z.infer<typeof operationRecord>;

export function clusterKey(location: string, name: string): string {
  return `${location}~${name}`;
}
