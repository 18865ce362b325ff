/** An object was written in the upload bucket: the job it belongs to gets a pass. Everything else is acknowledged and forgotten. */
import { z } from 'zod';
import { jobOfUpload, paths } from '../job/names.ts';
import { log } from '../log.ts';
import { type Context, type Event, eventMs } from './context.ts';
import { runPasses } from './run-passes.ts';

const storageObject = z.object({ name: z.string(), bucket: z.string() });

export async function jobSubmitted(context: Context, event: Event): Promise<void> {
  const object = storageObject.safeParse(event.data);
  if (!object.success) return log('WARNING', 'not a storage event: acknowledged', { event: event.id });
  const job = jobOfUpload(object.data.name);
  if (job === undefined)
    return log('NOTICE', 'an object outside jobs/<id>/, or an id that is not a DNS label of at most 32 characters', {
      object: object.data.name,
    });
  // Our own words about the job are no news.
  if (object.data.name === paths.status(job)) return;
  await runPasses(context, job, eventMs(event));
}
