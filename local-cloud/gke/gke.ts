/**
 * Google Kubernetes Engine in the local cloud: the REST API v1 that the client library, gcloud and Terraform
 * speak, over clusters whose API servers and nodes are real processes. Wire: wire/. Methods: methods.ts.
 * What operations do: operation-work.ts. Machines belong to the fleet of ../compute. How API servers and
 * nodes are started is given from outside.
 */
import { Fleet, type FleetOptions } from '../compute/fleet/fleet.ts';
import type { Delays } from '../compute/fleet/delays.ts';
import type { LocalContext } from '../context.ts';
import { startGoogleHttp, GoogleError, type Call, type Route } from '../identity/google-http.ts';
import { ApiServers, type ClusterHandle, type StartCluster } from './clusters/api-servers.ts';
import { auditLogEntry, type AuditLogEntry } from './operations/audit.ts';
import { machineHooks, type StartNode } from './pools/machines.ts';
import { Methods } from './methods.ts';
import { OperationWork } from './operations/operation-work.ts';
import type { OperationRecord } from './records.ts';
import { GkeState } from './state.ts';
import { loadContainerSchema, type ProtoSchema } from './wire/proto-schema.ts';
import { RestRoutes, wantsEnumNumbers } from './wire/rest-routes.ts';

export interface GkeOptions extends FleetOptions {
  port: number;
  startCluster: StartCluster;
  startNode: StartNode;
  /** Absent: every caller is let in. */
  authenticate?: (bearer: string) => boolean;
}

export interface RunningCluster {
  name: string;
  location: string;
  url: string;
  caPem: string;
}

export interface RunningGke {
  url: string;
  /** The machines, for the Compute service. */
  fleet: Fleet;
  /** Clusters whose API server answers now. */
  clusters(): Promise<RunningCluster[]>;
  /** Called once for each operation that ended; entries without a listener wait for one. */
  onOperationDone(callback: (entry: AuditLogEntry) => void): void;
  preemptNode(name: string): void;
  killNode(name: string): void;
  setDelays(delays: Partial<Delays>): void;
  stop(): Promise<void>;
}

export async function startGke(context: LocalContext, options: GkeOptions): Promise<RunningGke> {
  const state = new GkeState(context);
  const fleet = new Fleet(context, options);
  const apiServers = new ApiServers(context, state, options.startCluster);
  fleet.attach(machineHooks(context, state, apiServers, options.startNode));
  const reports = new Reports(context, state);
  const work = new OperationWork({ context, state, fleet, apiServers }, (operation) => reports.add(operation));
  const methods = new Methods({ context, state, fleet, work });
  const schema = loadContainerSchema();
  const routes = new RestRoutes(schema);
  await restore(context, state, fleet, apiServers, work);
  const http = await startGoogleHttp(context, {
    service: 'gke',
    port: options.port,
    route: (call) => route(call, routes, methods, schema),
    ...(options.authenticate ? { authenticate: options.authenticate } : {}),
  });
  return {
    url: http.url,
    fleet,
    clusters: () => runningClusters(state, apiServers),
    onOperationDone: (callback) => reports.listen(callback),
    preemptNode: (name) => fleet.preempt(name),
    killNode: (name) => fleet.kill(name),
    setDelays: (delays) => {
      fleet.delays = { ...fleet.delays, ...delays };
    },
    stop: async () => {
      await http.stop();
      await fleet.stop();
      await work.stop();
      await apiServers.stop();
    },
  };
}

/**
 * Takes up what an earlier process left: API servers on their ports first, then machines, then operations under way.
 */
async function restore(
  context: LocalContext,
  state: GkeState,
  fleet: Fleet,
  apiServers: ApiServers,
  work: OperationWork,
): Promise<void> {
  const started = [...state.clusters.values()].filter((cluster) => cluster.port !== null);
  for (const result of await Promise.allSettled(started.map((cluster) => apiServers.ensure(cluster)))) {
    if (result.status === 'rejected') context.log('gke', `an API server did not start again: ${String(result.reason)}`);
  }
  fleet.restore();
  for (const operation of state.operations.values()) if (operation.status === 'RUNNING') work.start(operation);
}

function route(call: Call, routes: RestRoutes, methods: Methods, schema: ProtoSchema): Route | undefined {
  const matched = routes.match(call);
  if (!matched) return undefined;
  const method = methods.find(matched.rpc);
  return {
    name: method?.name ?? matched.rpc,
    run: () => {
      if (!method) throw new GoogleError(501, `${matched.rpc} is not offered by the local cloud.`);
      const answer = method.run(matched.request(), call.shortage ?? null);
      return { body: wantsEnumNumbers(call) ? schema.withEnumNumbers(matched.responseType, answer) : answer };
    },
  };
}

async function runningClusters(state: GkeState, apiServers: ApiServers): Promise<RunningCluster[]> {
  const found: RunningCluster[] = [];
  for (const { name, location } of state.clusters.values()) {
    const handle: ClusterHandle | undefined = await apiServers.find(location, name)?.catch(() => undefined);
    if (handle) found.push({ name, location, url: handle.url, caPem: handle.caPem });
  }
  return found;
}

/** Hands the end of each operation on, also when the process was killed before it could. */
class Reports {
  readonly #context: LocalContext;
  readonly #state: GkeState;
  #listener: ((entry: AuditLogEntry) => void) | undefined;

  constructor(context: LocalContext, state: GkeState) {
    this.#context = context;
    this.#state = state;
  }

  listen(listener: (entry: AuditLogEntry) => void): void {
    this.#listener = listener;
    for (const operation of this.#state.operations.values()) {
      if (operation.status === 'DONE' && !operation.reported) this.add(operation);
    }
  }

  add(operation: OperationRecord): void {
    if (!this.#listener) return;
    this.#listener(auditLogEntry(this.#context, operation));
    operation.reported = true;
    this.#state.saveOperation(operation);
  }
}
