/**
 * Composition root: Config -> Ports. The SDKs are loaded here, when a pass needs
 * them, and not by importing the functions.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../config.ts';
import type { Buckets } from '../ports/bucket.ts';
import type { Ports } from '../ports/ports.ts';
import type { PassSettings } from '../job/settings.ts';

/** All ports of an installation, each made with its vendor's library. Nothing is asked of the cloud yet. */
export async function connect(config: Config): Promise<Ports> {
  const [buckets, { connectClusters }, { connectWorkloads }, { redisTaskQueues }, { connectNotices }] =
    await Promise.all([
      connectStorage(config),
      import('./gke-clusters.ts'),
      import('./kubernetes-workloads.ts'),
      import('./redis-task-queue.ts'),
      import('./pubsub-notices.ts'),
    ]);
  return {
    buckets,
    clusters: connectClusters({
      ...config,
      containerEndpoint: config.endpoints.container,
      computeEndpoint: config.endpoints.compute,
    }),
    workloads: connectWorkloads(),
    queues: redisTaskQueues,
    notices: connectNotices({
      projectId: config.projectId,
      topic: config.noticesTopic,
      webhookSecret: config.webhookSecret,
    }),
    clock: { nowMs: () => Date.now(), sleep: (milliseconds) => delay(milliseconds) },
  };
}

/** Only Cloud Storage: enough to show a status. */
export async function connectStorage(config: Config): Promise<Buckets> {
  const { connectBuckets } = await import('./gcs-bucket.ts');
  return connectBuckets({
    projectId: config.projectId,
    buckets: config.buckets,
    endpoint: config.endpoints.storage,
    signingEndpoint: config.endpoints.signing,
  });
}

/** What a pass needs to know of the configuration. */
export function passSettings(config: Config): PassSettings {
  const { installation, workerImage, redisImage, locations, maxClusters, allowedBuckets, allowedRegistries } = config;
  return { installation, workerImage, redisImage, locations, maxClusters, allowedBuckets, allowedRegistries };
}
