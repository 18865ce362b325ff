/**
 * Where the command works: the local cloud of this project when one was started, else the
 * installation that the environment names.
 */
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import type * as z from 'zod';
import { paths } from '../functions/job/names.ts';
import { parseJobId } from '../functions/job/job-id.ts';
import { parseJson } from '../functions/job/json-lines.ts';
import type { Buckets } from '../functions/ports/bucket.ts';
import { PortError } from '../functions/ports/port-error.ts';
import type { JobStatus } from '../functions/job/job-status.ts';
import type { Endpoints } from '../local-cloud/composition/endpoints.ts';
import { CommandError, EXIT } from './exit-codes.ts';

export interface Session {
  local: boolean;
  buckets: Buckets;
  uploadsBucket: string;
  resultsBucket: string;
  /** Only of a local cloud. */
  endpoints: Endpoints | null;
}

/** State of the local cloud when --state is not given. */
export const defaultStateDir = fileURLToPath(new URL('../.local/cloud', import.meta.url));

const MAX_STATUS_BYTES = 16 * 1024 ** 2;

/** @throws CommandError FF-NO-CLOUD when there is neither. */
export async function openSession(options: { state?: string | undefined }): Promise<Session> {
  const endpoints = await findLocalCloud(options.state);
  if (endpoints) Object.assign(process.env, endpoints.clientEnvironment);
  const buckets = {
    uploads: required('FF_UPLOADS_BUCKET'),
    state: required('FF_STATE_BUCKET'),
    results: required('FF_RESULTS_BUCKET'),
  };
  // Only now: the storage client takes longer to load than all the rest.
  const { connectBuckets } = await import('../functions/adapters/gcs-bucket.ts');
  return {
    local: endpoints !== null,
    endpoints,
    uploadsBucket: buckets.uploads,
    resultsBucket: buckets.results,
    buckets: connectBuckets({
      projectId: required('GOOGLE_CLOUD_PROJECT'),
      buckets,
      endpoint: process.env['FF_STORAGE_ENDPOINT'] ?? null,
      signingEndpoint: process.env['FF_SIGNING_ENDPOINT'] ?? null,
    }),
  };
}

/**
 * The local cloud that was named, or the project's own; null when the environment names an installation in the cloud.
 */
async function findLocalCloud(named: string | undefined): Promise<Endpoints | null> {
  const stateDir = named ?? process.env['FF_STATE_DIR'];
  if (stateDir === undefined && process.env['FF_UPLOADS_BUCKET'] !== undefined) return null;
  // Only now, as the storage client: help reads no file of the local cloud.
  const { readEndpoints } = await import('../local-cloud/composition/endpoints.ts');
  return readEndpoints(stateDir ?? defaultStateDir) ?? null;
}

function required(name: string): string {
  const value = process.env[name];
  if (value) return value;
  const remedy = 'start one with: npm run foreach-fleet -- local   (or set the variables of your installation)';
  throw new CommandError(
    'FF-NO-CLOUD',
    `no local cloud has been started, and ${name} is not set`,
    remedy,
    EXIT.unreachable,
  );
}

/** Checks the id and answers it. */
export function requireJobId(text: string): string {
  const parsed = parseJobId(text);
  if ('problem' in parsed)
    throw new CommandError(
      parsed.problem.code,
      `${text}: ${parsed.problem.message}`,
      parsed.problem.remedy,
      EXIT.invalid,
    );
  return parsed.jobId;
}

/**
 * Null when nothing is known of the job yet.
 * @throws CommandError FF-STATUS-UNREADABLE when somebody has written something else in its place.
 */
export async function readStatus(session: Session, job: string): Promise<JobStatus | null> {
  const name = paths.status(job);
  const object = await reach(session, () => session.buckets.uploads.read(name, MAX_STATUS_BYTES)).catch((error) => {
    throw error instanceof PortError && error.code === 'FF-OBJECT-TOO-LARGE' ? unreadable(session, name) : error;
  });
  if (object === null) return null;
  // Only now, as the storage client: help needs no schema.
  const { statusSchema } = await import('../functions/job/status-schema.ts');
  const status = parseJson(object.bytes.toString('utf8'), statusSchema);
  if (status?.job !== job) throw unreadable(session, name);
  return status;
}

function unreadable({ uploadsBucket }: Session, name: string): CommandError {
  return new CommandError(
    'FF-STATUS-UNREADABLE',
    `gs://${uploadsBucket}/${name} is not what this version of the service writes`,
    'restore an earlier version of the object, or wait until the job changes: the service writes it anew',
  );
}

export async function requireStatus(session: Session, job: string): Promise<JobStatus> {
  const status = await readStatus(session, job);
  if (status !== null) return status;
  await requireUpload(session, job);
  throw new CommandError(
    'FF-NOT-SEEN-YET',
    `job ${job} was uploaded; no pass has looked at it yet`,
    `wait for it with: foreach-fleet watch ${job}`,
    EXIT.noJob,
  );
}

/** @throws CommandError FF-NO-JOB when there is not even a folder of that name. */
export async function requireUpload(session: Session, job: string): Promise<void> {
  const objects = await reach(session, () => session.buckets.uploads.list(paths.folder(job)));
  if (objects.length > 0) return;
  throw new CommandError(
    'FF-NO-JOB',
    `nothing is known of job ${job}`,
    'see all jobs with: foreach-fleet status',
    EXIT.noJob,
  );
}

const UNREACHABLE = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH/;

/**
 * Says that the cloud cannot be reached instead of ECONNREFUSED; a local one that is not
 * running is found out at once, without retries.
 */
export async function reach<T>(session: Session, call: () => Promise<T>): Promise<T> {
  const storage = session.endpoints?.clientEnvironment['FF_STORAGE_ENDPOINT'];
  if (storage !== undefined && !(await listens(new URL(storage)))) throw notRunning();
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof PortError) || !UNREACHABLE.test(error.message)) throw error;
    if (session.local) throw notRunning();
    throw new CommandError(
      'FF-UNREACHABLE',
      error.message,
      'check the network, then run: foreach-fleet doctor',
      EXIT.unreachable,
    );
  }
}

function listens({ hostname, port }: URL): Promise<boolean> {
  const socket = connect({ host: hostname, port: Number(port) });
  return new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  }).finally(() => socket.destroy());
}

function notRunning(): CommandError {
  return new CommandError(
    'FF-NOT-RUNNING',
    'the local cloud is not running',
    'start it with: npm run foreach-fleet -- local',
    EXIT.unreachable,
  );
}

/** @throws CommandError when this is not a local cloud. */
export function localEndpoints({ endpoints }: Session): Endpoints {
  if (endpoints !== null) return endpoints;
  throw new CommandError(
    'FF-LOCAL-ONLY',
    'this works with the local cloud only',
    'in the cloud use gcloud and the console',
    EXIT.invalid,
  );
}

/** What the local cloud tells clients to put into their environment. */
export function localVariable(session: Session, name: string): string {
  return localEndpoints(session).clientEnvironment[name] ?? '';
}

/**
 * What the local cloud's admin API answers, which is of the schema's form.
 * @throws CommandError when this is not a local cloud.
 */
export async function admin<T>(
  session: Session,
  schema: z.ZodType<T>,
  path: string,
  method: 'GET' | 'POST' = 'GET',
  body?: unknown,
): Promise<T> {
  const { url, token } = localEndpoints(session).admin;
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  }).catch(() => {
    throw notRunning();
  });
  if (!response.ok)
    throw new CommandError(
      'FF-ADMIN',
      `${method} ${path}: ${response.status} ${await response.text()}`,
      "see the local cloud's own output",
    );
  return schema.parse(response.status === 204 ? null : await response.json());
}
