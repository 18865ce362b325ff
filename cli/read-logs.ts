/**
 * `logs ID`: what the pods (or the functions) printed. From the local cloud's log store, which outlives the
 * cluster; in the cloud, Cloud Logging has them.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { clusterName } from '../functions/job/names.ts';
import { CommandError, EXIT } from './exit-codes.ts';
import { admin, requireStatus, type Session } from './session.ts';

export interface LogLine {
  timestamp: string;
  pod: string;
  text: string;
}

export interface LogsOptions {
  role?: string;
  follow?: boolean;
  tail?: string;
}

const FOLLOW_MS = 700;
const ROLES = ['driver', 'worker', 'redis', 'functions'];

export async function readLogs(session: Session, job: string, options: LogsOptions): Promise<LogLine[]> {
  if (!session.local)
    throw new CommandError(
      'FF-LOCAL-ONLY',
      'in the cloud the logs are in Cloud Logging',
      `gcloud logging read 'resource.labels.cluster_name="${clusterName(job, 1)}"'`,
      EXIT.invalid,
    );
  checkOptions(options);
  if (options.role === 'functions') return functionLog(session, job);
  const status = await requireStatus(session, job);
  const query = new URLSearchParams({
    cluster: clusterName(job, status.attempt),
    tail: options.tail ?? '10000',
    ...(options.role ? { container: options.role } : {}),
  });
  const answer = (await admin(session, `/logs?${query}`)) as {
    entries: {
      timestamp: string;
      resource: { labels: { pod_name?: string } };
      textPayload?: string;
      jsonPayload?: unknown;
      protoPayload?: { methodName?: string };
    }[];
  };
  return answer.entries.map((entry) => ({
    timestamp: entry.timestamp,
    pod: entry.resource.labels.pod_name ?? 'cluster',
    text: entry.textPayload ?? (entry.jsonPayload ? JSON.stringify(entry.jsonPayload) : operationOf(entry)),
  }));
}

/** Audit entries of the cluster itself have no text: "DeleteCluster has ended" is what they say. */
function operationOf(entry: { protoPayload?: { methodName?: string } }): string {
  return `${entry.protoPayload?.methodName?.split('.').at(-1) ?? 'an operation'} has ended`;
}

function checkOptions({ tail, role }: LogsOptions): void {
  const wrong = (message: string): CommandError =>
    new CommandError('FF-USAGE', message, 'see foreach-fleet logs --help', EXIT.invalid);
  if (tail !== undefined && !/^[1-9]\d{0,6}$/.test(tail)) throw wrong('--tail takes a number of lines');
  if (role !== undefined && !ROLES.includes(role)) throw wrong(`--role takes one of ${ROLES.join(', ')}`);
}

async function functionLog(session: Session, job: string): Promise<LogLine[]> {
  const file = join(session.endpoints!.clientEnvironment['FF_STATE_DIR']!, 'logs', 'functions.log');
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n');
  return lines
    .filter((line) => line.includes(`"job":"${job}"`))
    .map((text) => ({ timestamp: '', pod: 'functions', text }));
}

export function logLine(line: LogLine): string {
  return `${line.timestamp.slice(11, 19)} ${line.pod} ${line.text}`;
}

export async function untilEnded(session: Session, job: string): Promise<void> {
  while (!(await requireStatus(session, job)).ended) await delay(FOLLOW_MS);
}

/** Prints new lines as they come, until the job has ended. */
export async function followLogs(
  session: Session,
  job: string,
  options: LogsOptions,
  say: (line: string) => void,
): Promise<void> {
  let shown = 0;
  for (;;) {
    const status = await requireStatus(session, job);
    const lines = await readLogs(session, job, options);
    for (const line of lines.slice(shown)) say(logLine(line));
    shown = lines.length;
    if (status.ended) return;
    await delay(FOLLOW_MS);
  }
}
