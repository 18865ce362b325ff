/** The methods of node pools. */
import { randomBytes } from 'node:crypto';
import { draw } from '../../compute/fleet/delays.ts';
import { regionOf } from '../../compute/zones.ts';
import { GoogleError } from '../../identity/google-http.ts';
import { poolSpec } from '../clusters/cluster-spec.ts';
import { askedCount, askedPool, type PoolMessage } from '../messages.ts';
import { Changes, type Method, type MethodCall, type MethodParts } from '../method.ts';
import type { PoolRecord } from '../records.ts';
import type { Json } from '../wire/proto-schema.ts';
import { requireQuota } from './node-groups.ts';

export class PoolMethods {
  readonly #parts: MethodParts;
  readonly #changes: Changes;

  constructor(parts: MethodParts) {
    this.#parts = parts;
    this.#changes = new Changes(parts);
  }

  table(): Record<string, Method> {
    const { state, views } = this.#parts;
    return {
      ListNodePools: {
        name: 'nodePools.list',
        run: ({ target }) => {
          const cluster = this.#changes.cluster(target);
          return { nodePools: cluster.pools.map((pool) => views.pool(cluster, pool)) };
        },
      },
      GetNodePool: {
        name: 'nodePools.get',
        run: ({ target }) => {
          const cluster = this.#changes.cluster(target);
          return views.pool(cluster, state.pool(cluster, target.pool));
        },
      },
      CreateNodePool: { name: 'nodePools.create', run: (call) => this.#createNodePool(call) },
      DeleteNodePool: { name: 'nodePools.delete', run: (call) => this.#deleteNodePool(call) },
      SetNodePoolSize: { name: 'nodePools.setSize', run: (call) => this.#setNodePoolSize(call) },
      SetNodePoolAutoscaling: { name: 'nodePools.setAutoscaling', run: (call) => this.#setAutoscaling(call) },
    };
  }

  #createNodePool({ request, target, shortage }: MethodCall): Json {
    const cluster = this.#changes.requireRunning(target);
    const asked = askedPool.parse(request['nodePool'] ?? {});
    const spec = poolSpec(asked, cluster.spec.locations, regionOf(cluster.location));
    const { name } = spec;
    if (cluster.pools.some((pool) => pool.name === name)) {
      throw new GoogleError(409, `Already exists: node pool "${name}" already exists in cluster "${cluster.name}".`);
    }
    requireQuota(this.#parts.fleet, cluster, [spec]);
    const delayMs = draw(this.#parts.fleet.delays.createNodePoolMs);
    return this.#changes.begin(
      { type: 'CREATE_NODE_POOL', rpc: 'CreateNodePool', cluster, pool: name, delayMs, shortage },
      () => {
        cluster.pools.push(newPool(spec));
      },
    );
  }

  #deleteNodePool({ target }: MethodCall): Json {
    const cluster = this.#changes.requireRunning(target);
    const pool = this.#parts.state.pool(cluster, target.pool);
    const delayMs = draw(this.#parts.fleet.delays.deleteMs);
    return this.#changes.begin(
      { type: 'DELETE_NODE_POOL', rpc: 'DeleteNodePool', cluster, pool: pool.name, delayMs },
      () => {
        pool.status = 'STOPPING';
      },
    );
  }

  #setNodePoolSize({ request, target, shortage }: MethodCall): Json {
    const cluster = this.#changes.requireRunning(target);
    const pool = this.#parts.state.pool(cluster, target.pool);
    const nodeCount = askedCount.parse(request['nodeCount']);
    if (nodeCount < 0 || nodeCount > 1000) throw new GoogleError(400, 'Node count must be between 0 and 1000.');
    const delayMs = draw(this.#parts.fleet.delays.resizeMs);
    const asked = {
      type: 'SET_NODE_POOL_SIZE',
      rpc: 'SetNodePoolSize',
      cluster,
      pool: pool.name,
      delayMs,
      shortage,
    } as const;
    return this.#changes.begin(asked, () => {
      pool.nodeCount = nodeCount;
    });
  }

  /** Accepted and shown; nothing scales by itself here. */
  #setAutoscaling({ request, target }: MethodCall): Json {
    const cluster = this.#changes.requireRunning(target);
    const pool = this.#parts.state.pool(cluster, target.pool);
    const rpc = 'SetNodePoolAutoscaling';
    return this.#changes.begin({ type: 'SET_NODE_POOL_MANAGEMENT', rpc, cluster, pool: pool.name, delayMs: 0 }, () => {
      pool.spec['autoscaling'] = request['autoscaling'] ?? {};
    });
  }
}

/** A pool as it begins. */
export function newPool(spec: PoolMessage): PoolRecord {
  return {
    name: spec.name,
    spec,
    status: 'PROVISIONING',
    conditions: [],
    statusMessage: '',
    groupNames: [],
    nodeCount: spec.initialNodeCount,
    etag: randomBytes(16).toString('hex'),
  };
}
