/**
 * What terraform makes once per project, for the local cloud: names of buckets and topics, the
 * functions and what triggers them. Data only.
 */
import { createHash } from 'node:crypto';
import { messagePublished, storageFinalized } from '../eventarc/cloud-events.ts';
import type { Trigger } from '../eventarc/eventarc.ts';

const eventFunctions = ['jobSubmitted', 'progressReported', 'jobCompleted', 'tick', 'budgetAlert'];
export const deployedFunctions = [...eventFunctions, 'status'];

export const topics = {
  progress: 'ff-progress',
  completed: 'ff-completed',
  tick: 'ff-tick',
  budget: 'ff-budget',
  notices: 'ff-notices',
};

export interface Installation {
  buckets: { uploads: string; state: string; results: string };
  images: { worker: string; redis: string };
  triggers: Trigger[];
}

export function installationOf(projectId: string): Installation {
  const buckets = { uploads: `${projectId}-uploads`, state: `${projectId}-state`, results: `${projectId}-results` };
  const repository = `us-central1-docker.pkg.dev/${projectId}/foreach-fleet`;
  return {
    buckets,
    images: { worker: pinned(`${repository}/foreach-fleet-worker`), redis: pinned(`${repository}/redis`) },
    triggers: [
      { name: 'job-submitted', function: 'jobSubmitted', source: { type: storageFinalized, bucket: buckets.uploads } },
      messageTrigger('progress-reported', 'progressReported', topics.progress),
      messageTrigger('job-completed', 'jobCompleted', topics.completed),
      messageTrigger('tick', 'tick', topics.tick),
      messageTrigger('budget-alert', 'budgetAlert', topics.budget),
    ],
  };
}

function messageTrigger(name: string, functionName: string, topic: string): Trigger {
  return { name, function: functionName, source: { type: messagePublished, topic } };
}

/** No registry is asked: the digest only has to have the form, and to stay the same. */
function pinned(image: string): string {
  return `${image}@sha256:${createHash('sha256').update(image).digest('hex')}`;
}
