/** What the admin API acts on, put together from the running services. */
import { AdminError, type AdminTargets } from '../admin/routes.ts';
import type { LocalContext } from '../context.ts';
import type { RunningGke } from '../gke/gke.ts';
import type { Endpoints } from './endpoints.ts';
import type { EventPath } from './event-path.ts';
import { podProcesses } from './pod-processes.ts';
import type { Services } from './services.ts';

export interface AdminInput {
  context: LocalContext;
  services: Services;
  eventPath: EventPath;
  endpoints: Endpoints;
  stop(): Promise<void>;
}

export function adminTargets(input: AdminInput): AdminTargets {
  const { context, services, endpoints } = input;
  const { functions, eventarc, scheduler } = input.eventPath;
  return {
    faults: context.faults,
    books: context.books,
    health: () => ({
      ready: true,
      pid: process.pid,
      functionsPid: functions.pid() ?? null,
      backlog: eventarc.backlog(),
    }),
    endpoints: () => endpoints,
    tick: () => scheduler.runNow(),
    logs: (query, from) => services.logs.entries(query, from),
    preempt: (node) => {
      requireMachine(services.gke, node);
      services.gke.preemptNode(node);
    },
    kill: (node) => {
      requireMachine(services.gke, node);
      services.gke.killNode(node);
    },
    delays: () => services.gke.fleet.delays,
    setDelays: (delays) => services.gke.setDelays(delays),
    quotas: () => services.gke.fleet.quotas,
    setQuotas: (quotas) => {
      services.gke.fleet.quotas = { ...services.gke.fleet.quotas, ...quotas };
    },
    plantLeftover: (leftover) => services.compute.plantLeftover(leftover),
    processes: () => podProcesses(context.stateDir),
    stop: () => {
      // After this call is answered.
      setImmediate(() => {
        input.stop().catch((error: unknown) => context.log('local-cloud', String(error)));
      });
    },
  };
}

function requireMachine(gke: RunningGke, node: string): void {
  if (!gke.fleet.find(node)) throw new AdminError(404, `there is no machine ${node}`);
}
