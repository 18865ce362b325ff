/**
 * A job of which neither the record nor its copy can be read. A new record that ends is made of what is known
 * elsewhere. Labels tell the cluster, names of cluster and results the attempt, the status and the cluster's age what
 * it has cost. So what Redis holds is saved, the cluster goes, and somebody is told.
 */
import { parseJobFile } from '../job-file/parse-job-file.ts';
import type { JobSpec } from '../job-file/job-spec.ts';
import { type ClusterRecord, type JobRecord, newRecord } from '../job/job-record.ts';
import { parseJson } from '../job/json-lines.ts';
import { parseLedger } from '../job/ledger.ts';
import { fleetForPrice } from '../job/machines.ts';
import { JOB_FILES, LABEL_JOB, paths } from '../job/names.ts';
import { fleetUsdPerHour } from '../job/prices.ts';
import { statusSchema } from '../job/status-schema.ts';
import { workerPools } from '../job/worker-nodes.ts';
import { MAX_JOB_FILE_BYTES } from '../job-file/read-document.ts';
import type { Buckets } from '../ports/bucket.ts';
import type { ClusterView } from '../ports/clusters.ts';
import type { Ports } from '../ports/ports.ts';
import { eachSegment } from './read-segments.ts';
import { beginEnding, type EndingReason, iso } from './step.ts';

const LOST: EndingReason = {
  outcome: 'failed',
  code: 'FF-RECORD-LOST',
  message: 'the record of the job and its copy can no longer be read; results so far are kept',
  remedy: 'resume runs only what is missing; the records that could not be read are below set-aside/ in the bucket',
};

const MAX_STATUS_BYTES = 16 * 1024 ** 2;

/** Whether a job without a record has begun before. A cloud that cannot be asked says nothing: it makes nothing. */
export async function hasLeftTraces(ports: Ports, job: string): Promise<boolean> {
  if ((await ports.buckets.results.listFolders(`${job}/`)).length > 0) return true;
  return (await findCluster(ports, job).catch(() => null)) !== null;
}

/** @throws PortError (retry) when clusters or results cannot be listed: nothing is concluded then. */
export async function rebuildRecord(ports: Ports, job: string, nowMs: number): Promise<JobRecord> {
  const [cluster, attemptOfResults, ledgerSegments] = await Promise.all([
    findCluster(ports, job),
    lastAttempt(ports.buckets, job),
    countSegments(ports.buckets, job),
  ]);
  const attempt = Math.max(attemptOfResults, cluster === null ? 1 : attemptOf(cluster.name));
  const [spec, saved] = await Promise.all([readSpec(ports.buckets, job), countResults(ports.buckets, job, attempt)]);
  const fresh = newRecord(job, iso(nowMs));
  const known: JobRecord = {
    ...fresh,
    attempt,
    spec,
    // A job for which nothing was made begins anew by itself when its folder changes; this one does not.
    clustersMade: 1,
    ledger: { ...fresh.ledger, ...(ledgerSegments.get(attempt) ?? {}), ...saved },
    spending: {
      ...fresh.spending,
      usd: (await shownUsd(ports.buckets, job)) + (cluster === null ? 0 : usdOf(cluster, spec, nowMs)),
    },
  };
  if (cluster === null) return beginEnding(known, LOST, nowMs);
  const there = { ...known, phase: 'running' as const, cluster: clusterRecord(cluster) };
  return beginEnding(there, LOST, nowMs);
}

async function findCluster(ports: Ports, job: string): Promise<ClusterView | null> {
  const ours = (await ports.clusters.list()).filter((cluster) => cluster.labels[LABEL_JOB] === job);
  return ours.toSorted((a, b) => b.createdMs - a.createdMs)[0] ?? null;
}

function clusterRecord({ name, location, createdMs, state }: ClusterView): ClusterRecord {
  const createRequestedAt = iso(createdMs);
  const runningAt = state === 'provisioning' ? null : createRequestedAt;
  return { name, location, exhausted: [], createRequestedAt, runningAt, deleteRequestedAt: null, goneAt: null };
}

function attemptOf(clusterName: string): number {
  return Number(/-(\d{1,4})$/.exec(clusterName)?.[1] ?? 1);
}

async function lastAttempt({ results }: Pick<Buckets, 'results'>, job: string): Promise<number> {
  const folders = await results.listFolders(`${job}/`);
  return Math.max(1, ...folders.map((folder) => Number(/attempt-(\d{1,4})\/$/.exec(folder)?.[1] ?? 1)));
}

/** What is in the bucket: each line counts once, as when it was written. */
async function countResults(buckets: Pick<Buckets, 'results'>, job: string, attempt: number): Promise<Counts> {
  const counts: Counts = { results: 0, bytes: 0 };
  for await (const lines of eachSegment(buckets.results, job, 'ledger', parseLedger))
    for (const line of lines) {
      if (line.attempt !== attempt) continue;
      counts.results += 1;
      counts.bytes += line.bytes;
    }
  return counts;
}

type Counts = Pick<JobRecord['ledger'], 'results' | 'bytes'>;

/** Segments go on after those that are there. */
async function countSegments(
  { results }: Pick<Buckets, 'results'>,
  job: string,
): Promise<Map<number, { segments: number; errorSegments: number }>> {
  const counts = new Map<number, { segments: number; errorSegments: number }>();
  for (const [kind, field] of [
    ['ledger', 'segments'],
    ['errors', 'errorSegments'],
  ] as const)
    for (const { name } of await results.list(`${job}/`, { glob: `${job}/attempt-*/${kind}/*.jsonl` })) {
      const [, attempt, segment] = /attempt-(\d{1,4})\/\w+\/(\d+)\.jsonl$/.exec(name) ?? [];
      const before = counts.get(Number(attempt)) ?? { segments: 0, errorSegments: 0 };
      counts.set(Number(attempt), { ...before, [field]: Math.max(before[field], Number(segment)) });
    }
  return counts;
}

/** The job file as it is now, or a plain one. Nothing is held for debugging, and what it asks for is not made. */
async function readSpec({ uploads }: Pick<Buckets, 'uploads'>, job: string): Promise<JobSpec> {
  for (const name of JOB_FILES) {
    const object = await uploads.read(paths.folder(job) + name, MAX_JOB_FILE_BYTES).catch(() => null);
    const parsed = object && parseJobFile(object.bytes, name === 'job.json' ? 'job.json' : 'job.yaml');
    if (parsed !== null && 'spec' in parsed) return { ...parsed.spec, debugHoldSeconds: 0 };
  }
  const plain = parseJobFile(Buffer.from('script: script.R\n'), 'job.yaml');
  if ('problems' in plain) throw new Error('a job file with a script only is sound');
  return { ...plain.spec, debugHoldSeconds: 0 };
}

/** What users were shown last. They can write it, and it counts for their own limit only. */
async function shownUsd({ uploads }: Pick<Buckets, 'uploads'>, job: string): Promise<number> {
  const object = await uploads.read(paths.status(job), MAX_STATUS_BYTES).catch(() => null);
  const shown = object && parseJson(object.bytes.toString('utf8'), statusSchema);
  return Math.max(0, shown?.cost.usd ?? 0);
}

/** As if it had always had the machines that it has now. */
function usdOf(cluster: ClusterView, spec: JobSpec, nowMs: number): number {
  const hours = Math.max(0, nowMs - cluster.createdMs) / 3_600_000;
  return fleetUsdPerHour(fleetForPrice(spec, workerPools(cluster))) * hours;
}
