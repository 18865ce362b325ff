/**
 * The local cloud as one value. It starts every service of the embedded Google Cloud in order, makes what
 * terraform would make (buckets, topics, triggers), runs the functions beside it, and ends everything again.
 * All state is below `stateDir`: stop or kill, start again, and everything goes on. README.md says per service
 * what is offered and what is not imitated.
 */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startAdmin } from './admin/admin.ts';
import { adminTargets } from './composition/admin-targets.ts';
import { PortBook, type Endpoints } from './composition/endpoints.ts';
import { clientEnvironment, functionsEnvironment } from './composition/environment.ts';
import { startEventPath, type EventPath } from './composition/event-path.ts';
import { installationOf } from './composition/installation.ts';
import { startServices, type Services } from './composition/services.ts';
import { lockState } from './composition/state-lock.ts';
import { createStopList, type StopList } from './composition/stop-list.ts';
import type { Delays } from './compute/fleet/delays.ts';
import type { QuotaLimits } from './compute/fleet/quotas.ts';
import { createContext, type LocalContext } from './context.ts';

export interface LocalCloudOptions {
  stateDir: string;
  /**
   * First of the ports used, one after another; 0 (default): any that are free. Ports
   * of an earlier start on the directory win.
   */
  portBase?: number;
  /** Default 60 s, as in the cloud. */
  tickIntervalMs?: number;
  /** How long clusters and machines take; default: no time. */
  delays?: Partial<Delays>;
  /** Default: those of a new project. */
  quotas?: QuotaLimits;
  quiet?: boolean;
  /** Module that registers the functions. Default: functions/index.ts. */
  functionsSource?: string;
  /** Added to the functions' environment. */
  functionsEnvironment?: Record<string, string>;
  /** First back-off of events that a function refused. Default 10 s, as in the cloud. */
  retryBaseMs?: number;
  /** Where clusters may be, in order of preference. */
  locations?: string[];
}

export interface RunningLocalCloud extends Services, EventPath {
  context: LocalContext;
  endpoints: Endpoints;
  /** What the functions run with. */
  environment: Record<string, string>;
  /** What makes gcloud, kubectl and our own command work here. */
  clientEnvironment: Record<string, string>;
  adminUrl: string;
  /** Resolves when somebody asked over the admin API that it ends, and it has. */
  stopped: Promise<void>;
  stop(): Promise<void>;
}

const defaultSource = fileURLToPath(new URL('../functions/index.ts', import.meta.url));
const defaultLocations = ['us-central1-a', 'us-central1-b', 'us-central1-c', 'us-central1-f'];

/** @throws StateInUse when another local cloud runs on the directory. */
export async function startLocalCloud(options: LocalCloudOptions): Promise<RunningLocalCloud> {
  const stateDir = resolve(options.stateDir);
  const stopList = createStopList();
  stopList.add(lockState(stateDir));
  try {
    return await start({ ...options, stateDir }, stopList);
  } catch (error) {
    await stopList.stop();
    throw error;
  }
}

async function start(options: LocalCloudOptions, stopList: StopList): Promise<RunningLocalCloud> {
  const context = createContext({ stateDir: options.stateDir, quiet: options.quiet ?? false });
  const installation = installationOf(context.projectId);
  const ports = new PortBook(context, options.portBase ?? 0);
  const services = await startServices(context, {
    ports,
    installation,
    stopList,
    delays: options.delays ?? {},
    quotas: options.quotas,
  });
  const input = {
    projectId: context.projectId,
    stateDir: options.stateDir,
    installation,
    urls: services.urls,
    serviceAccount: services.identity.email,
    locations: options.locations ?? defaultLocations,
  };
  const environment = { ...functionsEnvironment(input), ...options.functionsEnvironment };
  const eventPath = startEventPath(context, {
    services,
    installation,
    ports,
    stopList,
    source: options.functionsSource ?? defaultSource,
    environment,
    tickIntervalMs: options.tickIntervalMs ?? 60_000,
    retryBaseMs: options.retryBaseMs ?? 10_000,
  });
  const ending = Promise.withResolvers<void>();
  const stop = async (): Promise<void> => stopList.stop().finally(() => ending.resolve());
  const { endpoints } = ports;
  const targets = adminTargets({ context, services, eventPath, endpoints, stop });
  const { token } = endpoints.admin;
  const admin = await ports.start(
    'admin',
    (port) => startAdmin({ port, token, targets }),
    ({ port }) => port,
  );
  stopList.add(() => admin.stop());
  endpoints.admin.url = admin.url;
  endpoints.environment = environment;
  endpoints.clientEnvironment = clientEnvironment({ ...input, tokenFile: services.tokenFile, adminUrl: admin.url });
  ports.save();
  return {
    ...services,
    ...eventPath,
    context,
    endpoints,
    environment,
    clientEnvironment: endpoints.clientEnvironment,
    adminUrl: admin.url,
    stopped: ending.promise,
    stop,
  };
}
