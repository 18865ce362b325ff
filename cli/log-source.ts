/** Where the lines of a job's log come from: the local cloud's log store, which outlives the cluster. */
import { join } from 'node:path';
import * as z from 'zod';
import { clusterName } from '../functions/job/names.ts';
import { readLines } from '../local-cloud/read-lines.ts';
import { admin, localVariable, type Session } from './session.ts';

export interface LogLine {
  timestamp: string;
  pod: string;
  text: string;
  /** Meant for the control plane, not for people. */
  machine: boolean;
}

export interface LogSource {
  /** What was written since the last call; at first all that there is, the newest so many. */
  next(): Promise<LogLine[]>;
}

/** More than anybody reads; the local cloud reads as many into memory. */
const NEWEST = 100_000;

const entrySchema = z.object({
  timestamp: z.string(),
  resource: z.object({ labels: z.object({ pod_name: z.string().optional() }) }),
  textPayload: z.string().optional(),
  jsonPayload: z.record(z.string(), z.unknown()).optional(),
  protoPayload: z.object({ methodName: z.string().optional() }).optional(),
});
const pageSchema = z.object({ entries: z.array(entrySchema), position: z.record(z.string(), z.number()) });

/** Lines of pods, of all or of one role, and what happened to the cluster itself. */
export function podLog(session: Session, job: string, attempt: number, role: string | undefined): LogSource {
  const query = new URLSearchParams({
    cluster: clusterName(job, attempt),
    tail: String(NEWEST),
    ...(role ? { container: role } : {}),
  });
  let position = {};
  return {
    async next() {
      // A position, not a number of lines or a time: a pod's line may come after later ones of other pods.
      const page = await admin(session, pageSchema, `/logs?${query}`, 'POST', position);
      position = page.position;
      return page.entries.map((entry) => ({
        timestamp: entry.timestamp,
        pod: entry.resource.labels.pod_name ?? 'cluster',
        text: entry.textPayload ?? (entry.jsonPayload ? JSON.stringify(entry.jsonPayload) : operationOf(entry)),
        machine: entry.jsonPayload?.['ff'] !== undefined,
      }));
    },
  };
}

/** Audit entries of the cluster itself have no text: "DeleteCluster has ended" is what they say. */
function operationOf(entry: z.infer<typeof entrySchema>): string {
  return `${entry.protoPayload?.methodName?.split('.').at(-1) ?? 'an operation'} has ended`;
}

/** What the functions said of the job. */
export function functionLog(session: Session, job: string): LogSource {
  const file = join(localVariable(session, 'FF_STATE_DIR'), 'logs', 'functions.log');
  let begin = 0;
  return {
    async next() {
      const { text, end } = readLines(file, begin);
      begin = end;
      return text
        .split('\n')
        .filter((line) => line.includes(`"job":"${job}"`))
        .slice(-NEWEST)
        .map((line) => ({ timestamp: '', pod: 'functions', text: line, machine: false }));
    },
  };
}
