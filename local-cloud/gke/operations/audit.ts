/** The Cloud Audit Logs entry that GKE writes when an operation has ended: what a log sink passes on. */
import type { LocalContext } from '../../context.ts';
import type { OperationRecord } from '../records.ts';

export interface AuditLogEntry {
  insertId: string;
  logName: string;
  timestamp: string;
  severity: 'NOTICE' | 'ERROR';
  resource: { type: 'gke_cluster'; labels: { cluster_name: string; location: string; project_id: string } };
  operation: { id: string; producer: string; last: true };
  protoPayload: {
    '@type': string;
    serviceName: string;
    methodName: string;
    resourceName: string;
    status: { code?: number; message?: string };
  };
}

export function auditLogEntry(context: LocalContext, operation: OperationRecord): AuditLogEntry {
  const { cluster, location, pool, error } = operation;
  const name = `projects/${context.projectId}/locations/${location}/clusters/${cluster}`;
  return {
    insertId: operation.name,
    logName: `projects/${context.projectId}/logs/cloudaudit.googleapis.com%2Factivity`,
    timestamp: new Date(operation.endMs ?? context.clock.nowMs()).toISOString(),
    severity: error ? 'ERROR' : 'NOTICE',
    resource: {
      type: 'gke_cluster',
      labels: { cluster_name: cluster, location, project_id: context.projectId },
    },
    operation: { id: operation.name, producer: 'container.googleapis.com', last: true },
    protoPayload: {
      '@type': 'type.googleapis.com/google.cloud.audit.AuditLog',
      serviceName: 'container.googleapis.com',
      methodName: `google.container.v1.ClusterManager.${operation.rpc}`,
      resourceName: pool === null ? name : `${name}/nodePools/${pool}`,
      status: error ?? {},
    },
  };
}
