/**
 * Every minute: every live job, everything the events may have missed, and the orphan sweep. Alone
 * it is enough; events only make it quicker.
 */
import { inParallel } from '../in-parallel.ts';
import { findJobs } from '../reconcile/find-jobs.ts';
import { freeLeakedPlaces } from '../reconcile/place-list.ts';
import { sweep } from '../reconcile/sweep.ts';
import { log } from '../log.ts';
import { messageOf } from '../ports/port-error.ts';
import type { Context, Event } from './context.ts';
import { publishedMs } from './pubsub-message.ts';
import { runPasses } from './run-passes.ts';

const JOBS_AT_ONCE = 8;

/** After an outage many ticks wait; the newest does the work of all. */
const STALE_MS = 120_000;

export async function tick(context: Context, event: Event = {}): Promise<void> {
  const ports = await context.ports();
  const since = publishedMs(event);
  if (since !== undefined && ports.clock.nowMs() - since > STALE_MS)
    return log('NOTICE', 'a tick that waited too long: acknowledged');
  await inParallel(JOBS_AT_ONCE, await findJobs(ports.buckets), async (job) => {
    // One job's trouble must not keep the others from their pass, nor the sweep from running.
    await runPasses(context, job).catch((error: unknown) => log('ERROR', `tick: ${messageOf(error)}`, { job }));
  });
  await freeLeakedPlaces(ports.buckets.state).catch((error: unknown) => log('ERROR', `tick: ${messageOf(error)}`));
  await sweep(ports, context.settings.installation);
}
