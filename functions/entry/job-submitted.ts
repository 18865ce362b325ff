/**
 * An object was written in the upload bucket: the job it belongs to gets a pass. A folder whose name cannot
 * be a job id is refused in a status beside its job file: there is no job and never a record of one.
 * Everything else is acknowledged and forgotten.
 */
import { z } from 'zod';
import type { Problem } from '../job-file/problem.ts';
import { parseJobId } from '../job/job-id.ts';
import { newRecord } from '../job/job-record.ts';
import { statusView } from '../job/job-status.ts';
import { jobOfUpload, paths } from '../job/names.ts';
import { log } from '../log.ts';
import { type Context, type Event, eventMs } from './context.ts';
import { runPasses } from './run-passes.ts';

const storageObject = z.object({ name: z.string(), bucket: z.string() });

/** Letters and digits of any script, and signs that mean nothing to storage clients, terminals and browsers. */
const writableId = /^[\p{L}\p{N}_~@+=-][\p{L}\p{N}._~@+=-]*$/u;
const LONGEST_ID_BYTES = 200;

/** A pass for the job whose folder got an object. Throws what is worth another delivery of the event. */
export async function jobSubmitted(context: Context, event: Event): Promise<void> {
  const object = storageObject.safeParse(event.data);
  if (!object.success) return log('WARNING', 'not a storage event: acknowledged', { event: event.id });
  const { name } = object.data;
  const job = jobOfUpload(name);
  if (job === undefined) {
    log('NOTICE', 'an object outside jobs/<id>/, or an id that is not a DNS label of at most 32 characters', {
      object: name,
    });
    return refuseFolder(context, name, event);
  }
  // Our own words about the job are no news.
  if (name === paths.status(job)) return;
  await runPasses(context, job, eventMs(event));
}

/**
 * Acts on the job file only, so once for each time that the folder is uploaded; a
 * redelivered event writes the same again.
 */
async function refuseFolder(context: Context, objectName: string, event: Event): Promise<void> {
  const id = /^jobs\/([^/]+)\/job\.(?:ya?ml|json)$/.exec(objectName)?.[1];
  if (id === undefined || !writableId.test(id) || Buffer.byteLength(id) > LONGEST_ID_BYTES) return;
  const parsed = parseJobId(id);
  if ('problem' in parsed) await tellRefused(context, id, parsed.problem, event);
}

/** @throws PortError (retry) when bucket or topic cannot be reached. */
async function tellRefused(context: Context, id: string, problem: Problem, event: Event): Promise<void> {
  const { code, message, remedy } = problem;
  const { buckets, notices, clock } = await context.ports();
  const nowMs = clock.nowMs();
  const at = new Date(nowMs).toISOString();
  const refused = {
    ...newRecord(id, at),
    phase: 'failed' as const,
    endedAt: at,
    problems: [problem],
    ending: { outcome: 'failed' as const, code, message, remedy, since: at },
  };
  const text = `${JSON.stringify(statusView(refused, nowMs, '0'), null, 2)}\n`;
  await buckets.uploads.write(paths.status(id), text, { contentType: 'application/json' });
  const notice = { id: `refused-${event.id ?? nowMs}`, job: id, attempt: 1, event: 'failed', at, text: message };
  await notices.publish(notice, []);
}
