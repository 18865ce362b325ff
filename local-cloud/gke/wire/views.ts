/**
 * Records -> the Cluster, NodePool and Operation messages that callers read. Unset
 * fields are left out, as the JSON API does.
 */
import { createHash } from 'node:crypto';
import type { Fleet } from '../../compute/fleet/fleet.ts';
import type { GroupRecord } from '../../compute/fleet/fleet-records.ts';
import { isZone } from '../../compute/zones.ts';
import { groupsOf } from '../pools/node-groups.ts';
import type { ClusterRecord, OperationRecord, PoolRecord, ResourceStatus } from '../records.ts';
import type { GkeState } from '../state.ts';
import type { Json } from './proto-schema.ts';

export class Views {
  readonly #state: GkeState;
  readonly #fleet: Fleet;

  constructor(state: GkeState, fleet: Fleet) {
    this.#state = state;
    this.#fleet = fleet;
  }

  cluster(cluster: ClusterRecord): Json {
    const pools = cluster.pools.map((pool) => this.pool(cluster, pool));
    const groups = groupsOf(this.#fleet, cluster.pools);
    return {
      ...cluster.spec,
      id: cluster.id,
      selfLink: this.#link(cluster.location, `clusters/${cluster.name}`),
      zone: cluster.location,
      location: cluster.location,
      ...(cluster.port === null ? {} : { endpoint: `127.0.0.1:${cluster.port}` }),
      masterAuth: cluster.caPem ? { clusterCaCertificate: Buffer.from(cluster.caPem).toString('base64') } : {},
      currentMasterVersion: cluster.spec.initialClusterVersion,
      currentNodeVersion: cluster.spec.initialClusterVersion,
      currentNodeCount: groups.flatMap((group) => group.machines).filter((machine) => machine.billed).length,
      createTime: new Date(cluster.createMs).toISOString(),
      status: this.#status(cluster.status, cluster, null),
      ...(cluster.statusMessage ? { statusMessage: cluster.statusMessage } : {}),
      ...(cluster.conditions.length > 0 ? { conditions: cluster.conditions } : {}),
      labelFingerprint: labelFingerprint(cluster.spec.resourceLabels),
      nodePools: pools,
      instanceGroupUrls: groups.map((group) => this.#groupUrl(group)),
    };
  }

  pool(cluster: ClusterRecord, pool: PoolRecord): Json {
    const groups = groupsOf(this.#fleet, [pool]);
    return {
      ...pool.spec,
      selfLink: this.#link(cluster.location, `clusters/${cluster.name}/nodePools/${pool.name}`),
      status: this.#status(pool.status, cluster, pool.name),
      ...(pool.statusMessage ? { statusMessage: pool.statusMessage } : {}),
      ...(pool.conditions.length > 0 ? { conditions: pool.conditions } : {}),
      instanceGroupUrls: groups.map((group) => this.#groupUrl(group)),
      etag: pool.etag,
    };
  }

  operation(operation: OperationRecord): Json {
    const { location, cluster, pool } = operation;
    const target = pool === null ? `clusters/${cluster}` : `clusters/${cluster}/nodePools/${pool}`;
    return {
      name: operation.name,
      zone: location,
      location,
      operationType: operation.type,
      status: operation.status,
      selfLink: this.#link(location, `operations/${operation.name}`),
      targetLink: this.#link(location, target),
      startTime: new Date(operation.startMs).toISOString(),
      ...(operation.endMs === null ? {} : { endTime: new Date(operation.endMs).toISOString() }),
      ...(operation.detail ? { detail: operation.detail, statusMessage: operation.detail } : {}),
      ...(operation.error ? { error: operation.error } : {}),
      ...(operation.conditions.length > 0
        ? { [pool === null ? 'clusterConditions' : 'nodepoolConditions']: operation.conditions }
        : {}),
    };
  }

  /** RUNNING reads RECONCILING while an operation works on it: a pool's on the pool and on its cluster. */
  #status(status: ResourceStatus, cluster: ClusterRecord, pool: string | null): string {
    if (status !== 'RUNNING') return status;
    const busy = this.#state
      .running(cluster.location, cluster.name)
      .some((operation) => pool === null || operation.pool === pool);
    return busy ? 'RECONCILING' : status;
  }

  /** Links carry the project's number and, for a zone, the older path, as GKE's do. */
  #link(location: string, rest: string): string {
    const kind = isZone(location) ? 'zones' : 'locations';
    const { projectNumber } = this.#state.context;
    return `https://container.googleapis.com/v1/projects/${projectNumber}/${kind}/${location}/${rest}`;
  }

  #groupUrl({ zone, name }: GroupRecord): string {
    const root = `https://www.googleapis.com/compute/v1/projects/${this.#state.context.projectId}`;
    return `${root}/zones/${zone}/instanceGroupManagers/${name}`;
  }
}

export function labelFingerprint(labels: Record<string, string>): string {
  const text = JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
