/** What a ClusterManager method is, and what those that change something share. */
import type { Fleet } from '../compute/fleet/fleet.ts';
import type { LocalContext } from '../context.ts';
import { GoogleError } from '../identity/google-http.ts';
import type { OperationWork } from './operations/operation-work.ts';
import type { ClusterRecord, OperationRecord } from './records.ts';
import type { GkeState } from './state.ts';
import type { Json } from './wire/proto-schema.ts';
import type { Target } from './wire/target.ts';
import type { Views } from './wire/views.ts';

export interface MethodCall {
  request: Json;
  target: Target;
  /** A scripted fault of this call: its machines are refused at first. */
  shortage: 'stockout' | 'quota' | null;
}

export interface Method {
  /** Name for fault rules and the books. */
  name: string;
  run(call: MethodCall): Json;
}

export interface MethodParts {
  context: LocalContext;
  state: GkeState;
  fleet: Fleet;
  work: OperationWork;
  views: Views;
}

interface AskedOperation {
  type: OperationRecord['type'];
  rpc: string;
  cluster: ClusterRecord;
  pool?: string;
  delayMs: number;
  shortage?: MethodCall['shortage'];
}

/** Recording a change and its operation. */
export class Changes {
  readonly #parts: MethodParts;

  constructor(parts: MethodParts) {
    this.#parts = parts;
  }

  /**
   * The operation is on disk before the change: a crash in between leaves an operation that finds
   * nothing to do, never a cluster without one.
   */
  begin(asked: AskedOperation, change: () => void): Json {
    const { state, views, work } = this.#parts;
    const { type, rpc, cluster, delayMs } = asked;
    const operation = state.begin({
      type,
      rpc,
      location: cluster.location,
      cluster: cluster.name,
      pool: asked.pool ?? null,
      delayMs,
      shortage: asked.shortage ?? null,
    });
    change();
    state.saveCluster(cluster);
    const answer = views.operation(operation);
    work.start(operation);
    return answer;
  }

  cluster(target: Target): ClusterRecord {
    return this.#parts.state.cluster(target.location, target.cluster);
  }

  requireRunning(target: Target): ClusterRecord {
    const cluster = this.cluster(target);
    if (cluster.status === 'RUNNING') return cluster;
    // A cluster being made or deleted says which operation is in the way.
    this.#parts.state.requireCompatible('UPDATE_CLUSTER', cluster.location, cluster.name, null);
    throw new GoogleError(400, `Cluster "${cluster.name}" is not running: its status is ${cluster.status}.`, {
      canonical: 'FAILED_PRECONDITION',
    });
  }
}
