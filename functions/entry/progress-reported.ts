/** A pod reported progress, or a GKE operation ended: the job of that cluster gets a pass. */
import { jobOfCluster } from '../job/names.ts';
import { log } from '../log.ts';
import type { Context, Event } from './context.ts';
import { clusterOfLogEntry, decodeMessage } from './pubsub-message.ts';
import { runPasses } from './run-passes.ts';

/** A pass for the job whose pods reported progress. Throws what is worth another delivery of the event. */
export async function progressReported(context: Context, event: Event): Promise<void> {
  const message = decodeMessage(event);
  const cluster = clusterOfLogEntry(message?.data);
  const job = cluster === undefined ? undefined : jobOfCluster(cluster);
  if (message === undefined || job === undefined)
    return log('WARNING', 'not a log entry of a cluster of ours: acknowledged', { event: event.id });
  await runPasses(context, job, message.publishedMs);
}
