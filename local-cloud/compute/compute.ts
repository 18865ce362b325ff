/**
 * Compute Engine in the local cloud: the few calls that the control plane makes and what gcloud shows of machines and
 * disks, over the fleet that GKE's node pools use. Machines cannot be created here directly.
 */
import type { LocalContext } from '../context.ts';
import { startGoogleHttp } from '../identity/google-http.ts';
import type { Fleet } from './fleet/fleet.ts';
import { Leftovers, type Leftover } from './leftovers.ts';
import { ComputeOperations } from './wire/operations.ts';
import { ComputeRoutes } from './wire/routes.ts';

export interface ComputeOptions {
  port: number;
  /** The machines of the GKE service. */
  fleet: Fleet;
  /** Absent: every caller is let in. */
  authenticate?: (bearer: string) => boolean;
}

export interface RunningCompute {
  url: string;
  /** Leaves something behind that bills and that nothing owns. */
  plantLeftover(asked: Parameters<Leftovers['plant']>[0]): Leftover;
  stop(): Promise<void>;
}

export async function startCompute(context: LocalContext, options: ComputeOptions): Promise<RunningCompute> {
  const leftovers = new Leftovers(context);
  const routes = new ComputeRoutes(options.fleet, leftovers, new ComputeOperations(context));
  const http = await startGoogleHttp(context, {
    service: 'compute',
    port: options.port,
    route: (call) => routes.route(call),
    ...(options.authenticate ? { authenticate: options.authenticate } : {}),
  });
  return { url: http.url, plantLeftover: (asked) => leftovers.plant(asked), stop: http.stop };
}
