/**
 * What Cloud Logging makes of a container's line: a LogEntry. Pure but for the insert
 * id. Audit entries come ready made from GKE.
 */
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { LogLine } from '../kubelet/types.ts';
import { parseJsonIfWhole } from '../read-json.ts';

const labels = z.record(z.string(), z.string());
const payload = z.record(z.string(), z.unknown());

export const logEntry = z.object({
  insertId: z.string(),
  logName: z.string(),
  resource: z.object({ type: z.string(), labels }),
  timestamp: z.string(),
  receiveTimestamp: z.exactOptional(z.string()),
  severity: z.string(),
  labels: z.exactOptional(labels),
  textPayload: z.exactOptional(z.string()),
  jsonPayload: z.exactOptional(payload),
  protoPayload: z.exactOptional(payload),
  operation: z.exactOptional(
    z.object({
      id: z.string(),
      producer: z.string(),
      first: z.exactOptional(z.boolean()),
      last: z.exactOptional(z.boolean()),
    }),
  ),
});
export type LogEntry = z.infer<typeof logEntry>;

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
  const structured = line.line.startsWith('{') ? parseJsonIfWhole(line.line, payload) : undefined;
  const { severity: given, ...rest } = structured ?? {};
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
    ...(structured ? { jsonPayload: rest } : { textPayload: line.line }),
  };
}

function insertId(): string {
  return randomUUID().replaceAll('-', '').slice(0, 20);
}
