/**
 * The services that imitate Google Cloud, started in parallel as far as they do not need each
 * other, with the buckets and topics in them.
 */
import type { LocalContext } from '../context.ts';
import { createLogSink, type LogSink } from '../eventarc/log-sink.ts';
import { startIdentity, type RunningIdentity } from '../identity/identity.ts';
import { startCompute, type RunningCompute } from '../compute/compute.ts';
import type { Delays } from '../compute/fleet/delays.ts';
import type { QuotaLimits } from '../compute/fleet/quotas.ts';
import type { RunningGke } from '../gke/gke.ts';
import { startPubsub, type RunningPubsub } from '../pubsub/pubsub.ts';
import { startStorage, type RunningStorage } from '../storage/storage.ts';
import { startClusters } from './clusters.ts';
import type { PortBook } from './endpoints.ts';
import type { ServiceUrls } from './environment.ts';
import { topics, type Installation } from './installation.ts';
import { startServiceUsage } from './service-usage.ts';
import type { StopList } from './stop-list.ts';
import { createTokenFile } from './token-file.ts';

export interface Services {
  identity: RunningIdentity;
  storage: RunningStorage;
  pubsub: RunningPubsub;
  logs: LogSink;
  gke: RunningGke;
  compute: RunningCompute;
  /** File with the access token for gcloud and kubectl. */
  tokenFile: string;
  urls: ServiceUrls;
}

export interface ServicesOptions {
  ports: PortBook;
  installation: Installation;
  stopList: StopList;
  delays: Partial<Delays>;
  /** Absent: those of a new project. */
  quotas?: QuotaLimits | undefined;
}

export async function startServices(context: LocalContext, options: ServicesOptions): Promise<Services> {
  const { ports, stopList, installation } = options;
  const [identity, pubsub, serviceUsage] = await Promise.all([
    ports.start('identity', (port) => startIdentity(context, { port }), portOf),
    ports.start(
      'pubsub',
      (port) => startPubsub(context, { port }),
      ({ port }) => port,
    ),
    ports.start('serviceusage', (port) => startServiceUsage(context, { port }), portOf),
  ]);
  stopList.add(() => serviceUsage.stop());
  stopList.add(() => identity.stop());
  stopList.add(() => pubsub.stop());
  for (const topic of Object.values(topics)) pubsub.createTopic(topic);

  const storage = await ports.start(
    'storage',
    (port) =>
      startStorage(context, {
        port,
        verifySignature: (email, bytes, signature) => identity.verifySignature(email, bytes, signature),
      }),
    portOf,
  );
  stopList.add(() => storage.stop());
  for (const bucket of Object.values(installation.buckets)) storage.createBucket(bucket, { versioning: true });

  const logs = createLogSink(context, {
    pubsub,
    progressTopic: topics.progress,
    completedTopic: topics.completed,
    clusterLocation: (cluster) => context.books.clusters.get(cluster)?.location ?? '',
  });
  const tokenFile = createTokenFile(context, identity, stopList);
  const machines = await startMachines(context, options, { identity, logs, tokenFile });
  return {
    identity,
    storage,
    pubsub,
    logs,
    ...machines,
    tokenFile,
    urls: {
      storage: storage.url,
      container: machines.gke.url,
      compute: machines.compute.url,
      serviceUsage: serviceUsage.url,
      metadataHost: identity.host,
      pubsubHost: pubsub.host,
    },
  };
}

async function startMachines(
  context: LocalContext,
  options: ServicesOptions,
  parts: { identity: RunningIdentity; logs: LogSink; tokenFile: string },
): Promise<{ gke: RunningGke; compute: RunningCompute }> {
  const { ports, stopList, installation } = options;
  const fleet = { delays: options.delays, ...(options.quotas ? { quotas: options.quotas } : {}) };
  const gke = await ports.start(
    'container',
    (port) => startClusters(context, { ...parts, port, installation, fleet }),
    portOf,
  );
  stopList.add(() => gke.stop());
  const authenticate = (bearer: string): boolean => parts.identity.isValidToken(bearer);
  const compute = await ports.start(
    'compute',
    (port) => startCompute(context, { port, fleet: gke.fleet, authenticate }),
    portOf,
  );
  stopList.add(() => compute.stop());
  return { gke, compute };
}

function portOf({ url }: { url: string }): number {
  return Number(new URL(url).port);
}
