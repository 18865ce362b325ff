/** Pub/Sub, Eventarc and the fixture functions, without the rest of the local cloud. */
import { readFileSync, existsSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createContext, type LocalContext } from '../../local-cloud/context.ts';
import { startEventarc, type RunningEventarc, type Trigger } from '../../local-cloud/eventarc/eventarc.ts';
import { startFunctions, type RunningFunctions } from '../../local-cloud/functions-supervisor.ts';
import { startPubsub, type RunningPubsub } from '../../local-cloud/pubsub/pubsub.ts';
import { waitFor } from '../../testing/wait-for.ts';
import type { FixtureCall } from './fixture-functions.ts';

const fixtureSource = fileURLToPath(new URL('fixture-functions.ts', import.meta.url));

const functions = ['jobSubmitted', 'progressReported', 'jobCompleted', 'tick', 'budgetAlert', 'status'];
const triggers: Trigger[] = [
  {
    name: 'job-submitted',
    function: 'jobSubmitted',
    source: { type: 'google.cloud.storage.object.v1.finalized', bucket: 'local-uploads' },
  },
  {
    name: 'progress',
    function: 'progressReported',
    source: { type: 'google.cloud.pubsub.topic.v1.messagePublished', topic: 'ff-progress' },
  },
  {
    name: 'tick',
    function: 'tick',
    source: { type: 'google.cloud.pubsub.topic.v1.messagePublished', topic: 'ff-tick' },
  },
];

export interface EventarcWorld {
  context: LocalContext;
  stateDir: string;
  pubsub: RunningPubsub;
  eventarc: RunningEventarc;
  functions: RunningFunctions;
  calls(name: string): FixtureCall[];
  /** Resolves with the calls when there are at least `count`. */
  called(name: string, count: number): Promise<FixtureCall[]>;
  /** What the function does on its first calls. */
  script(behaviours: Record<string, string[]>): void;
  /** Ends the services and keeps the state, as before a restart. */
  close(): Promise<void>;
  /** Ends everything and removes the state. */
  stop(): Promise<void>;
}

export async function startEventarcWorld(
  options: { stateDir?: string; retryBaseMs?: number } = {},
): Promise<EventarcWorld> {
  const stateDir = options.stateDir ?? (await mkdtemp(join(tmpdir(), 'ff-eventarc-')));
  const callsFile = join(stateDir, 'calls.jsonl');
  const scriptFile = join(stateDir, 'script.json');
  const context = createContext({ stateDir, quiet: true });
  const pubsub = await startPubsub(context, { port: 0 });
  for (const topic of ['ff-progress', 'ff-tick']) pubsub.createTopic(topic);
  const running = startFunctions(context, {
    source: fixtureSource,
    functions,
    environment: { PATH: process.env['PATH'] ?? '', FIXTURE_CALLS: callsFile, FIXTURE_SCRIPT: scriptFile },
    ports: {},
    onPorts: () => {},
  });
  const eventarc = startEventarc(context, {
    pubsub,
    triggers,
    functionUrl: (name) => running.url(name),
    retryBaseMs: options.retryBaseMs ?? 20,
  });
  const calls = (name: string): FixtureCall[] => readCalls(callsFile).filter((call) => call.function === name);
  const close = async (): Promise<void> => {
    await eventarc.stop();
    await running.stop();
    await pubsub.stop();
  };
  return {
    context,
    stateDir,
    pubsub,
    eventarc,
    functions: running,
    calls,
    called: (name, count) =>
      waitFor(`${count} calls of ${name}`, () => {
        const seen = calls(name);
        return seen.length >= count && seen;
      }),
    script: (behaviours) => writeFileSync(scriptFile, JSON.stringify(behaviours)),
    close,
    stop: async () => {
      await close();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

function readCalls(file: string): FixtureCall[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as FixtureCall);
}
