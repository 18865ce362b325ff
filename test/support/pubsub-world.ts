/** A local Pub/Sub alone, on a directory of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createContext, type LocalContext } from '../../local-cloud/context.ts';
import type { Clock } from '../../local-cloud/clock.ts';
import { startPubsub, type RunningPubsub } from '../../local-cloud/pubsub/pubsub.ts';
import { waitFor } from '../../testing/wait-for.ts';

export interface PubsubWorld {
  context: LocalContext;
  pubsub: RunningPubsub;
  /** Resolves when everything in the subscription is acknowledged. */
  settled(subscription: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startPubsubWorld(options: { clock?: Clock } = {}): Promise<PubsubWorld> {
  const stateDir = await mkdtemp(join(tmpdir(), 'ff-pubsub-'));
  const context = createContext({ stateDir, quiet: true, ...options });
  const pubsub = await startPubsub(context, { port: 0 });
  return {
    context,
    pubsub,
    settled: async (subscription) => {
      await waitFor(`an empty ${subscription}`, () => pubsub.backlog(subscription) === 0);
    },
    stop: async () => {
      await pubsub.stop();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}
