/** `logs ID`: what the pods (or the functions) printed, once or as it comes. In the cloud, Cloud Logging has it. */
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import { clusterName } from '../functions/job/names.ts';
import { CommandError, EXIT } from './exit-codes.ts';
import { functionLog, type LogLine, type LogSource, podLog } from './log-source.ts';
import { requireStatus, type Session } from './session.ts';

export interface LogsOptions {
  role?: string;
  tail?: string;
  /** Also the lines that are meant for the control plane. */
  machine?: boolean;
}

const FOLLOW_MS = 700;
const LINES = 10_000;
const ROLES = ['driver', 'worker', 'redis', 'functions'];

/** The newest lines, as many as were asked for. */
export async function readLogs(session: Session, job: string, options: LogsOptions): Promise<LogLine[]> {
  return newest(await (await openLog(session, job, options)).next(), options);
}

/** Prints the newest lines and then all that come, until the job has ended. */
export async function followLogs(
  session: Session,
  job: string,
  options: LogsOptions,
  say: (line: string) => void,
): Promise<void> {
  const source = await openLog(session, job, options);
  for (let isFirst = true; ; isFirst = false) {
    const { ended } = await requireStatus(session, job);
    const lines = await source.next();
    for (const line of isFirst ? newest(lines, options) : shown(lines, options)) say(logLine(line));
    if (ended) return;
    await delay(FOLLOW_MS);
  }
}

export async function untilEnded(session: Session, job: string): Promise<void> {
  while (!(await requireStatus(session, job)).ended) await delay(FOLLOW_MS);
}

function shown(lines: readonly LogLine[], { machine }: LogsOptions): LogLine[] {
  return lines.filter((line) => machine === true || !line.machine);
}

function newest(lines: readonly LogLine[], options: LogsOptions): LogLine[] {
  return shown(lines, options).slice(-Number(options.tail ?? LINES));
}

async function openLog(session: Session, job: string, options: LogsOptions): Promise<LogSource> {
  checkOptions(options);
  const { attempt } = await requireStatus(session, job);
  if (!session.local)
    throw new CommandError(
      'FF-LOCAL-ONLY',
      'in the cloud the logs are in Cloud Logging',
      `gcloud logging read '${filterOf(job, attempt, options.role)}'`,
      EXIT.invalid,
    );
  return options.role === 'functions' ? functionLog(session, job) : podLog(session, job, attempt, options.role);
}

/** In Cloud Logging's own words. */
function filterOf(job: string, attempt: number, role: string | undefined): string {
  if (role === 'functions') return `resource.type="cloud_run_revision" AND jsonPayload.job="${job}"`;
  const cluster = `resource.labels.cluster_name="${clusterName(job, attempt)}"`;
  return role === undefined ? cluster : `${cluster} AND resource.labels.container_name="${role}"`;
}

function checkOptions({ tail, role }: LogsOptions): void {
  const wrong = (message: string): CommandError =>
    new CommandError('FF-USAGE', message, 'see foreach-fleet logs --help', EXIT.invalid);
  if (tail !== undefined && !/^[1-9]\d{0,6}$/.test(tail)) throw wrong('--tail takes a number of lines');
  if (role !== undefined && !ROLES.includes(role)) throw wrong(`--role takes one of ${ROLES.join(', ')}`);
}

export function logLine({ timestamp, pod, text }: LogLine): string {
  return pod === 'functions' ? `functions ${functionText(text)}` : `${timestamp.slice(11, 19)} ${pod} ${text}`;
}

const functionLine = z.object({ severity: z.string().optional(), message: z.string().optional() });

/** Their lines are JSON for Cloud Logging; people want what they say. */
function functionText(text: string): string {
  try {
    const { severity, message } = functionLine.parse(JSON.parse(text));
    return message === undefined ? text : `${severity ?? 'INFO'} ${message}`;
  } catch {
    return text;
  }
}
