/** Clusters and operations on disk, and the rules about which operations may run beside each other. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { LocalContext } from '../context.ts';
import { Documents } from '../documents.ts';
import { GoogleError } from '../identity/google-http.ts';
import {
  clusterKey,
  clusterRecord,
  operationRecord,
  type ClusterRecord,
  type OperationRecord,
  type OperationType,
  type PoolRecord,
} from './records.ts';

const POOL_OPERATIONS: ReadonlySet<OperationType> = new Set<OperationType>([
  'CREATE_NODE_POOL',
  'DELETE_NODE_POOL',
  'SET_NODE_POOL_SIZE',
  'SET_NODE_POOL_MANAGEMENT',
]);
/** "hits the concurrent operations quota 5" (terraform-provider-google issues 15205, 15579). */
const CONCURRENT_POOL_OPERATIONS = 5;
/** GKE lists operations of the last days; ours keep the last few hundred. */
const OPERATIONS_KEPT = 500;

export class GkeState {
  readonly context: LocalContext;
  readonly clusters: Map<string, ClusterRecord>;
  readonly operations: Map<string, OperationRecord>;
  readonly #clusterDocuments: Documents<ClusterRecord>;
  readonly #operationDocuments: Documents<OperationRecord>;

  constructor(context: LocalContext) {
    this.context = context;
    const dir = join(context.stateDir, 'gke');
    this.#clusterDocuments = new Documents(join(dir, 'clusters'), clusterRecord);
    this.#operationDocuments = new Documents(join(dir, 'operations'), operationRecord);
    this.clusters = this.#clusterDocuments.load();
    const operations = [...this.#operationDocuments.load().values()].sort((a, b) => a.startMs - b.startMs);
    this.operations = new Map(operations.map((operation) => [operation.name, operation]));
  }

  saveCluster(cluster: ClusterRecord): void {
    const key = clusterKey(cluster.location, cluster.name);
    this.clusters.set(key, cluster);
    this.#clusterDocuments.save(key, cluster);
  }

  removeCluster(cluster: ClusterRecord): void {
    const key = clusterKey(cluster.location, cluster.name);
    this.clusters.delete(key);
    this.#clusterDocuments.remove(key);
  }

  saveOperation(operation: OperationRecord): void {
    this.operations.set(operation.name, operation);
    this.#operationDocuments.save(operation.name, operation);
    for (const old of this.operations.values()) {
      if (this.operations.size <= OPERATIONS_KEPT || old.status !== 'DONE') break;
      this.operations.delete(old.name);
      this.#operationDocuments.remove(old.name);
    }
  }

  cluster(location: string, name: string): ClusterRecord {
    const found = this.clusters.get(clusterKey(location, name));
    if (found) return found;
    throw new GoogleError(404, `Not found: projects/${this.context.projectId}/locations/${location}/clusters/${name}.`);
  }

  pool(cluster: ClusterRecord, name: string): PoolRecord {
    const found = cluster.pools.find((pool) => pool.name === name);
    if (found) return found;
    throw new GoogleError(404, `Not found: node pool "${name}" not found in cluster "${cluster.name}".`);
  }

  running(location: string, cluster: string): OperationRecord[] {
    return [...this.operations.values()].filter(
      (each) => each.status === 'RUNNING' && each.location === location && each.cluster === cluster,
    );
  }

  /** Records a new operation, or refuses it because of another that is under way. */
  begin(
    asked: Pick<OperationRecord, 'type' | 'rpc' | 'location' | 'cluster' | 'pool' | 'delayMs' | 'shortage'>,
  ): OperationRecord {
    this.requireCompatible(asked.type, asked.location, asked.cluster, asked.pool);
    const startMs = this.context.clock.nowMs();
    const operation: OperationRecord = {
      ...asked,
      name: `operation-${startMs}-${randomBytes(4).toString('hex')}-${randomBytes(4).toString('hex')}`,
      status: 'RUNNING',
      detail: '',
      startMs,
      endMs: null,
      error: null,
      conditions: [],
      reported: false,
    };
    this.saveOperation(operation);
    return operation;
  }

  /** Refuses what may not run beside an operation under way, as `begin` does. */
  requireCompatible(type: OperationType, location: string, cluster: string, pool: string | null): void {
    const others = this.running(location, cluster);
    const isPoolLevel = POOL_OPERATIONS.has(type);
    const blocker = others.find((each) => !isPoolLevel || !POOL_OPERATIONS.has(each.type) || each.pool === pool);
    if (blocker) {
      throw GoogleError.withReason(
        400,
        'FAILED_PRECONDITION',
        `Cluster is running incompatible operation ${blocker.name}.`,
        'CLUSTER_ALREADY_HAS_OPERATION',
        'container.googleapis.com',
      );
    }
    if (isPoolLevel && others.length >= CONCURRENT_POOL_OPERATIONS) {
      throw new GoogleError(
        429,
        `Too many operations: cluster "${cluster}" hits the concurrent operations quota ` +
          `${CONCURRENT_POOL_OPERATIONS}, please try again later.`,
      );
    }
  }
}
