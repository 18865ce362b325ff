/**
 * The status over HTTP, as JSON: one job (`/?job=ID`) or all. Read-only; who may call it
 * is decided by the platform (IAM invoker).
 */
import { parseJobId } from '../job/job-id.ts';
import type { Buckets } from '../ports/bucket.ts';
import { loadRecord } from '../reconcile/record-store.ts';
import { statusView, type JobStatus } from '../job/job-status.ts';

export interface Reply {
  code: number;
  body: unknown;
}

/**
 * The answer to GET /?job=ID (one job), or without it (a list): code, and JSON. Throws nothing for an unknown job:
 * 404.
 */
export async function status(
  buckets: Buckets,
  query: Readonly<Record<string, unknown>>,
  nowMs: number,
): Promise<Reply> {
  const wanted = query['job'];
  if (wanted === undefined) return { code: 200, body: { jobs: await allJobs(buckets, nowMs) } };
  const id = parseJobId(String(wanted));
  if ('problem' in id) return { code: 400, body: { error: id.problem } };
  const found = await loadRecord(buckets.state, id.jobId);
  if (!found)
    return {
      code: 404,
      body: {
        error: { code: 'FF-NO-JOB', message: `no job named ${id.jobId}`, remedy: 'upload a folder below jobs/ first' },
      },
    };
  return { code: 200, body: statusView(found.record, nowMs, found.generation) };
}

async function allJobs(
  buckets: Buckets,
  nowMs: number,
): Promise<Pick<JobStatus, 'job' | 'phase' | 'attempt' | 'waitingFor' | 'cost'>[]> {
  const records = await buckets.state.list('jobs/');
  const names = records
    .map((object) => /^jobs\/(.+)\.json$/.exec(object.name)?.[1])
    .filter((name) => name !== undefined);
  // A record that nobody can read is told of by the tick; here it must not hide the others.
  const loaded = await Promise.all(names.map((name) => loadRecord(buckets.state, name).catch(() => null)));
  return loaded.flatMap((found) => {
    if (!found) return [];
    const { job, phase, attempt, waitingFor, cost } = statusView(found.record, nowMs, found.generation);
    return [{ job, phase, attempt, waitingFor, cost }];
  });
}
