/**
 * What Cloud Logging makes of a container's line: a LogEntry. Pure but for the insert
 * id. Audit entries come ready made from GKE.
 */
import { randomUUID } from 'node:crypto';
import type { LogLine } from '../kubelet/types.ts';

export interface LogEntry {
  insertId: string;
  logName: string;
  resource: { type: string; labels: Record<string, string> };
  timestamp: string;
  receiveTimestamp?: string;
  severity: string;
  labels?: Record<string, string>;
  textPayload?: string;
  jsonPayload?: Record<string, unknown>;
  protoPayload?: Record<string, unknown>;
  operation?: { id: string; producer: string; first?: boolean; last?: boolean };
}

const severities = new Set([
  'DEFAULT',
  'DEBUG',
  'INFO',
  'NOTICE',
  'WARNING',
  'ERROR',
  'CRITICAL',
  'ALERT',
  'EMERGENCY',
]);

/**
 * GKE's agent reads a line that is a JSON object as structured, takes its
 * `severity` out, and otherwise goes by the stream.
 */
export function containerEntry(line: LogLine, place: { projectId: string; location: string; nowMs: number }): LogEntry {
  const payload = parseObject(line.line);
  const { severity: given, ...rest } = payload ?? {};
  const severity = typeof given === 'string' ? given.toUpperCase() : '';
  return {
    insertId: insertId(),
    logName: `projects/${place.projectId}/logs/${line.stream}`,
    resource: {
      type: 'k8s_container',
      labels: {
        project_id: place.projectId,
        location: place.location,
        cluster_name: line.cluster,
        namespace_name: line.namespace,
        pod_name: line.pod,
        container_name: line.container,
      },
    },
    timestamp: line.timestamp,
    receiveTimestamp: new Date(place.nowMs).toISOString(),
    severity: severities.has(severity) ? severity : line.stream === 'stderr' ? 'ERROR' : 'INFO',
    labels: Object.fromEntries(Object.entries(line.podLabels).map(([key, value]) => [`k8s-pod/${key}`, value])),
    ...(payload ? { jsonPayload: rest } : { textPayload: line.line }),
  };
}

function parseObject(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function insertId(): string {
  return randomUUID().replaceAll('-', '').slice(0, 20);
}
