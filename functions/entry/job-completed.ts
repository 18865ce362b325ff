/**
 * A driver reported its end. The same pass as for progress, but never taken as covered by an
 * earlier one: it decides that a cluster may go.
 */
import { jobOfCluster } from '../job/names.ts';
import { log } from '../log.ts';
import type { Context, Event } from './context.ts';
import { clusterOfLogEntry, decodeMessage } from './pubsub-message.ts';
import { runPasses } from './run-passes.ts';

/** A pass for the job whose driver has ended. Throws what is worth another delivery of the event. */
export async function jobCompleted(context: Context, event: Event): Promise<void> {
  const cluster = clusterOfLogEntry(decodeMessage(event)?.data);
  const job = cluster === undefined ? undefined : jobOfCluster(cluster);
  if (job === undefined)
    return log('WARNING', 'not a log entry of a cluster of ours: acknowledged', { event: event.id });
  await runPasses(context, job);
}
