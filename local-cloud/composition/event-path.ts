/** From events to functions: the functions' process, the triggers that call it, the scheduler. */
import type { LocalContext } from '../context.ts';
import { startEventarc, type RunningEventarc } from '../eventarc/eventarc.ts';
import { startScheduler, type RunningScheduler } from '../eventarc/scheduler.ts';
import { startFunctions, type RunningFunctions } from '../functions-supervisor.ts';
import type { PortBook } from './endpoints.ts';
import { deployedFunctions, topics, type Installation } from './installation.ts';
import type { Services } from './services.ts';
import type { StopList } from './stop-list.ts';

export interface EventPath {
  functions: RunningFunctions;
  eventarc: RunningEventarc;
  scheduler: RunningScheduler;
}

export interface EventPathOptions {
  services: Services;
  installation: Installation;
  ports: PortBook;
  stopList: StopList;
  /** Module that registers the functions. */
  source: string;
  environment: Record<string, string>;
  tickIntervalMs: number;
  retryBaseMs: number;
}

export function startEventPath(context: LocalContext, options: EventPathOptions): EventPath {
  const { services, ports, stopList } = options;
  const functions = startFunctions(context, {
    source: options.source,
    functions: deployedFunctions,
    environment: options.environment,
    ports: Object.fromEntries(deployedFunctions.map((name, index) => [name, ports.functionPort(name, index)])),
    onPorts: (bound) => {
      ports.endpoints.functionPorts = bound;
      ports.save();
    },
  });
  const eventarc = startEventarc(context, {
    pubsub: services.pubsub,
    triggers: options.installation.triggers,
    functionUrl: (name) => functions.url(name),
    retryBaseMs: options.retryBaseMs,
  });
  const { pubsub } = services;
  const scheduler = startScheduler(context, { pubsub, topic: topics.tick, intervalMs: options.tickIntervalMs });
  // In reverse: first no more ticks, then no more deliveries, then the functions.
  stopList.add(() => functions.stop());
  stopList.add(() => eventarc.stop());
  stopList.add(() => scheduler.stop());
  services.storage.onFinalized((object) => eventarc.objectFinalized(object));
  return { functions, eventarc, scheduler };
}
