/**
 * The ClusterManager methods: checked request in, message out. Reads answer from records; changes are recorded, get an
 * operation and are carried out in the background by operation-work.ts.
 */
import { randomBytes } from 'node:crypto';
import { draw } from '../compute/fleet/delays.ts';
import type { Fleet } from '../compute/fleet/fleet.ts';
import { regionOf } from '../compute/zones.ts';
import type { LocalContext } from '../context.ts';
import { GoogleError } from '../identity/google-http.ts';
import { clusterSpec, poolSpec, poolSpecs, requireLabels } from './clusters/cluster-spec.ts';
import { requireQuota } from './pools/node-groups.ts';
import type { OperationWork } from './operations/operation-work.ts';
import { clusterKey, type ClusterRecord, type OperationRecord, type PoolRecord } from './records.ts';
import { serverConfig } from './clusters/server-config.ts';
import type { GkeState } from './state.ts';
import { targetOf, type Target } from './wire/target.ts';
import { labelFingerprint, Views } from './wire/views.ts';
import type { Json } from './wire/proto-schema.ts';

export interface MethodCall {
  request: Json;
  target: Target;
  /** A scripted fault of this call: its machines are refused at first. */
  shortage: 'stockout' | 'quota' | null;
}

interface Wish {
  type: OperationRecord['type'];
  rpc: string;
  cluster: ClusterRecord;
  pool?: string;
  delayMs: number;
  shortage?: MethodCall['shortage'];
}

interface Method {
  /** Name for fault rules and the books. */
  name: string;
  run(call: MethodCall): Json;
}

export class Methods {
  readonly #context: LocalContext;
  readonly #state: GkeState;
  readonly #fleet: Fleet;
  readonly #work: OperationWork;
  readonly #views: Views;
  readonly #methods: Record<string, Method>;

  constructor(parts: { context: LocalContext; state: GkeState; fleet: Fleet; work: OperationWork }) {
    this.#context = parts.context;
    this.#state = parts.state;
    this.#fleet = parts.fleet;
    this.#work = parts.work;
    this.#views = new Views(parts.state, parts.fleet);
    this.#methods = { ...this.#reads(), ...this.#changes() };
  }

  /** The method of that RPC, or undefined when it is not offered. */
  find(rpc: string): { name: string; run(request: Json, shortage: MethodCall['shortage']): Json } | undefined {
    const method = this.#methods[rpc];
    if (!method) return undefined;
    return {
      name: method.name,
      run: (request, shortage) => method.run({ request, shortage, target: targetOf(request, this.#context) }),
    };
  }

  #reads(): Record<string, Method> {
    return {
      ListClusters: {
        name: 'clusters.list',
        run: ({ target }) => ({ clusters: this.#inLocation(target.location).map((each) => this.#views.cluster(each)) }),
      },
      GetCluster: { name: 'clusters.get', run: ({ target }) => this.#views.cluster(this.#cluster(target)) },
      ListNodePools: {
        name: 'nodePools.list',
        run: ({ target }) => {
          const cluster = this.#cluster(target);
          return { nodePools: cluster.pools.map((pool) => this.#views.pool(cluster, pool)) };
        },
      },
      GetNodePool: {
        name: 'nodePools.get',
        run: ({ target }) => {
          const cluster = this.#cluster(target);
          return this.#views.pool(cluster, this.#state.pool(cluster, target.pool));
        },
      },
      ListOperations: { name: 'operations.list', run: ({ target }) => this.#listOperations(target.location) },
      GetOperation: { name: 'operations.get', run: ({ target }) => this.#views.operation(this.#operation(target)) },
      CancelOperation: { name: 'operations.cancel', run: ({ target }) => this.#cancelOperation(target) },
      GetServerConfig: { name: 'serverConfig.get', run: () => serverConfig() },
    };
  }

  #changes(): Record<string, Method> {
    return {
      CreateCluster: { name: 'clusters.create', run: (call) => this.#createCluster(call) },
      UpdateCluster: { name: 'clusters.update', run: (call) => this.#updateCluster(call) },
      SetLabels: { name: 'clusters.setResourceLabels', run: (call) => this.#setLabels(call) },
      SetMaintenancePolicy: { name: 'clusters.setMaintenancePolicy', run: (call) => this.#setMaintenancePolicy(call) },
      DeleteCluster: { name: 'clusters.delete', run: (call) => this.#deleteCluster(call) },
      CreateNodePool: { name: 'nodePools.create', run: (call) => this.#createNodePool(call) },
      DeleteNodePool: { name: 'nodePools.delete', run: (call) => this.#deleteNodePool(call) },
      SetNodePoolSize: { name: 'nodePools.setSize', run: (call) => this.#setNodePoolSize(call) },
      SetNodePoolAutoscaling: { name: 'nodePools.setAutoscaling', run: (call) => this.#setAutoscaling(call) },
    };
  }

  #createCluster({ request, target, shortage }: MethodCall): Json {
    const asked: Json = request['cluster'] ?? {};
    const location = target.location;
    const spec = clusterSpec(asked, location);
    const pools = poolSpecs(asked, spec['locations'], regionOf(location));
    const cluster: ClusterRecord = {
      name: spec['name'],
      location,
      id: randomBytes(32).toString('hex'),
      spec,
      status: 'PROVISIONING',
      statusMessage: '',
      conditions: [],
      createMs: this.#context.clock.nowMs(),
      port: null,
      caPem: null,
      pools: pools.map(newPool),
    };
    if (this.#state.clusters.has(clusterKey(location, cluster.name))) {
      const name = `projects/${this.#context.projectId}/locations/${location}/clusters/${cluster.name}`;
      throw new GoogleError(409, `Already exists: ${name}.`);
    }
    requireQuota(this.#fleet, cluster, pools);
    const delayMs = draw(this.#fleet.delays.createClusterMs);
    return this.#begin({ type: 'CREATE_CLUSTER', rpc: 'CreateCluster', cluster, delayMs, shortage }, () => {
      this.#context.books.clusterStarted({ name: cluster.name, location, labels: spec['resourceLabels'] });
    });
  }

  #updateCluster({ request, target }: MethodCall): Json {
    const cluster = this.#requireRunning(target);
    const delayMs = draw(this.#fleet.delays.resizeMs);
    return this.#begin({ type: 'UPDATE_CLUSTER', rpc: 'UpdateCluster', cluster, delayMs }, () => {
      // desiredFoo becomes foo where the cluster has such a field; other updates only take their time.
      for (const [desired, value] of Object.entries((request['update'] ?? {}) as Json)) {
        const name = desired.replace(/^desired(.)/, (_all, letter: string) => letter.toLowerCase());
        if (UPDATABLE.has(name)) cluster.spec[name] = value;
      }
    });
  }

  #setLabels({ request, target }: MethodCall): Json {
    const cluster = this.#cluster(target);
    const labels: Record<string, string> = request['resourceLabels'] ?? {};
    requireLabels(labels);
    if (request['labelFingerprint'] !== labelFingerprint(cluster.spec['resourceLabels'])) {
      throw new GoogleError(412, 'Labels could not be set due to fingerprint mismatch.');
    }
    const delayMs = draw(this.#fleet.delays.resizeMs);
    return this.#begin({ type: 'UPDATE_CLUSTER', rpc: 'SetLabels', cluster, delayMs }, () => {
      cluster.spec['resourceLabels'] = labels;
    });
  }

  #setMaintenancePolicy({ request, target }: MethodCall): Json {
    const cluster = this.#cluster(target);
    return this.#begin({ type: 'UPDATE_CLUSTER', rpc: 'SetMaintenancePolicy', cluster, delayMs: 0 }, () => {
      cluster.spec['maintenancePolicy'] = request['maintenancePolicy'] ?? {};
    });
  }

  #deleteCluster({ target }: MethodCall): Json {
    const cluster = this.#cluster(target);
    const delayMs = draw(this.#fleet.delays.deleteMs);
    return this.#begin({ type: 'DELETE_CLUSTER', rpc: 'DeleteCluster', cluster, delayMs }, () => {
      cluster.status = 'STOPPING';
    });
  }

  #createNodePool({ request, target, shortage }: MethodCall): Json {
    const cluster = this.#requireRunning(target);
    const spec = poolSpec(request['nodePool'] ?? {}, cluster.spec['locations'], regionOf(cluster.location));
    const name: string = spec['name'];
    if (cluster.pools.some((pool) => pool.name === name)) {
      throw new GoogleError(409, `Already exists: node pool "${name}" already exists in cluster "${cluster.name}".`);
    }
    requireQuota(this.#fleet, cluster, [spec]);
    const delayMs = draw(this.#fleet.delays.createNodePoolMs);
    return this.#begin(
      { type: 'CREATE_NODE_POOL', rpc: 'CreateNodePool', cluster, pool: name, delayMs, shortage },
      () => {
        cluster.pools.push(newPool(spec));
      },
    );
  }

  #deleteNodePool({ target }: MethodCall): Json {
    const cluster = this.#requireRunning(target);
    const pool = this.#state.pool(cluster, target.pool);
    const delayMs = draw(this.#fleet.delays.deleteMs);
    return this.#begin({ type: 'DELETE_NODE_POOL', rpc: 'DeleteNodePool', cluster, pool: pool.name, delayMs }, () => {
      pool.status = 'STOPPING';
    });
  }

  #setNodePoolSize({ request, target, shortage }: MethodCall): Json {
    const cluster = this.#requireRunning(target);
    const pool = this.#state.pool(cluster, target.pool);
    const nodeCount: number = request['nodeCount'] ?? 0;
    if (nodeCount < 0 || nodeCount > 1000) throw new GoogleError(400, 'Node count must be between 0 and 1000.');
    const delayMs = draw(this.#fleet.delays.resizeMs);
    const wish = {
      type: 'SET_NODE_POOL_SIZE',
      rpc: 'SetNodePoolSize',
      cluster,
      pool: pool.name,
      delayMs,
      shortage,
    } as const;
    return this.#begin(wish, () => {
      pool.nodeCount = nodeCount;
    });
  }

  /** Accepted and shown; nothing scales by itself here. */
  #setAutoscaling({ request, target }: MethodCall): Json {
    const cluster = this.#requireRunning(target);
    const pool = this.#state.pool(cluster, target.pool);
    const rpc = 'SetNodePoolAutoscaling';
    return this.#begin({ type: 'SET_NODE_POOL_MANAGEMENT', rpc, cluster, pool: pool.name, delayMs: 0 }, () => {
      pool.spec['autoscaling'] = request['autoscaling'] ?? {};
    });
  }

  /** Only node-pool upgrades can be cancelled, and there are none here. */
  #cancelOperation(target: Target): Json {
    const operation = this.#operation(target);
    throw new GoogleError(400, `Operation ${operation.name} of type ${operation.type} cannot be cancelled.`, {
      canonical: 'FAILED_PRECONDITION',
    });
  }

  #listOperations(location: string): Json {
    const found = [...this.#state.operations.values()].filter((each) => location === '-' || each.location === location);
    return { operations: found.map((each) => this.#views.operation(each)) };
  }

  /**
   * The operation is on disk before the change: a crash in between leaves an operation that finds
   * nothing to do, never a cluster without one.
   */
  #begin(wish: Wish, change: () => void): Json {
    const { type, rpc, cluster, delayMs } = wish;
    const operation = this.#state.begin({
      type,
      rpc,
      location: cluster.location,
      cluster: cluster.name,
      pool: wish.pool ?? null,
      delayMs,
      shortage: wish.shortage ?? null,
    });
    change();
    this.#state.saveCluster(cluster);
    const answer = this.#views.operation(operation);
    this.#work.start(operation);
    return answer;
  }

  #cluster(target: Target): ClusterRecord {
    return this.#state.cluster(target.location, target.cluster);
  }

  #requireRunning(target: Target): ClusterRecord {
    const cluster = this.#cluster(target);
    if (cluster.status === 'RUNNING') return cluster;
    // A cluster being made or deleted says which operation is in the way.
    this.#state.requireCompatible('UPDATE_CLUSTER', cluster.location, cluster.name, null);
    throw new GoogleError(400, `Cluster "${cluster.name}" is not running: its status is ${cluster.status}.`, {
      canonical: 'FAILED_PRECONDITION',
    });
  }

  #operation(target: Target): OperationRecord {
    const found = this.#state.operations.get(target.operation);
    if (found && (found.location === target.location || target.location === '-')) return found;
    throw new GoogleError(404, `Not found: operation "${target.operation}".`);
  }

  #inLocation(location: string): ClusterRecord[] {
    return [...this.#state.clusters.values()].filter((each) => location === '-' || each.location === location);
  }
}

const UPDATABLE = new Set([
  'locations',
  'loggingService',
  'monitoringService',
  'addonsConfig',
  'masterAuthorizedNetworksConfig',
  'releaseChannel',
  'verticalPodAutoscaling',
  'shieldedNodes',
  'notificationConfig',
  'workloadIdentityConfig',
]);

function newPool(spec: Json): PoolRecord {
  return {
    name: spec['name'],
    spec,
    status: 'PROVISIONING',
    conditions: [],
    groupNames: [],
    nodeCount: spec['initialNodeCount'],
    etag: randomBytes(16).toString('hex'),
  };
}
