/**
 * What each operation does, step by step. Every step may be taken again: after a restart an operation begins
 * anew with what is on disk, so it asks for what should be and waits until it is. Ends with the operation
 * DONE, with or without an error, as GKE's do.
 */
import { draw } from '../../compute/fleet/delays.ts';
import { FleetStopped } from '../../compute/fleet/changes.ts';
import type { Fleet } from '../../compute/fleet/fleet.ts';
import { regionOf } from '../../compute/zones.ts';
import { InjectedFault } from '../../faults.ts';
import type { GroupRecord } from '../../compute/fleet/fleet-records.ts';
import type { LocalContext } from '../../context.ts';
import type { ApiServers } from '../clusters/api-servers.ts';
import { addressSpaceProblem } from '../clusters/address-space.ts';
import { ensureGroups, groupsOf, hasStockout, nodeShortage } from '../pools/node-groups.ts';
import { clusterKey, type ClusterRecord, type Condition, type OperationRecord, type PoolRecord } from '../records.ts';
import type { GkeState } from '../state.ts';

/** google.rpc.Code */
const RESOURCE_EXHAUSTED = 8;
const INTERNAL = 13;

class OperationFailed extends Error {
  readonly code: number;
  readonly conditions: Condition[];
  constructor(code: number, message: string, conditions: Condition[] = []) {
    super(message);
    this.code = code;
    this.conditions = conditions;
  }
}

export class OperationWork {
  readonly #context: LocalContext;
  readonly #state: GkeState;
  readonly #fleet: Fleet;
  readonly #apiServers: ApiServers;
  readonly #onDone: (operation: OperationRecord) => void;
  readonly #running = new Set<Promise<void>>();

  constructor(
    parts: { context: LocalContext; state: GkeState; fleet: Fleet; apiServers: ApiServers },
    onDone: (operation: OperationRecord) => void,
  ) {
    this.#context = parts.context;
    this.#state = parts.state;
    this.#fleet = parts.fleet;
    this.#apiServers = parts.apiServers;
    this.#onDone = onDone;
  }

  /** Carries the operation out in the background. */
  start(operation: OperationRecord): void {
    const work = this.#run(operation).finally(() => this.#running.delete(work));
    this.#running.add(work);
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  async #run(operation: OperationRecord): Promise<void> {
    try {
      const cluster = this.#state.clusters.get(clusterKey(operation.location, operation.cluster));
      // A deletion may have been cut off between its last step and its record.
      if (cluster) await this.#carryOut(operation, cluster);
      this.#finish(operation);
    } catch (error) {
      if (error instanceof FleetStopped) return;
      if (!(error instanceof OperationFailed)) this.#context.log('gke', `${operation.name}: ${String(error)}`);
      const failed =
        error instanceof OperationFailed ? error : new OperationFailed(INTERNAL, `Internal error: ${String(error)}`);
      this.#markFailed(operation, failed);
      this.#finish(operation, failed);
    }
  }

  #carryOut(operation: OperationRecord, cluster: ClusterRecord): Promise<void> {
    switch (operation.type) {
      case 'CREATE_CLUSTER':
        return this.#createCluster(operation, cluster);
      case 'DELETE_CLUSTER':
        return this.#deleteCluster(operation, cluster);
      case 'CREATE_NODE_POOL':
        return this.#createPool(operation, cluster);
      case 'DELETE_NODE_POOL':
        return this.#deletePool(operation, cluster);
      case 'SET_NODE_POOL_SIZE':
        return this.#resizePool(operation, cluster);
      case 'UPDATE_CLUSTER':
      case 'SET_LABELS':
      case 'SET_MAINTENANCE_POLICY':
      case 'SET_NODE_POOL_MANAGEMENT':
        // The change itself was recorded with the call; only the time it takes is left.
        return this.#fleet.waitUntil(operation.startMs + operation.delayMs);
    }
  }

  async #createCluster(operation: OperationRecord, cluster: ClusterRecord): Promise<void> {
    await this.#fleet.waitUntil(operation.startMs + operation.delayMs);
    await this.#takeRanges(cluster);
    const problem = addressSpaceProblem(cluster, this.#state.clusters.values());
    if (problem !== undefined) throw new OperationFailed(RESOURCE_EXHAUSTED, problem);
    await this.#apiServers.ensure(cluster);
    const groups = cluster.pools.flatMap((pool) => this.#populate(operation, cluster, pool));
    await this.#awaitMachines(operation, groups);
    for (const pool of cluster.pools) pool.status = 'RUNNING';
    cluster.status = 'RUNNING';
    this.#state.saveCluster(cluster);
  }

  /** Two clusters that take ranges of one subnetwork at once: one of them is told so, in these words. */
  async #takeRanges({ spec, location }: ClusterRecord): Promise<void> {
    try {
      await this.#context.faults.check('compute', 'subnetworks.use', 'before');
    } catch (error) {
      if (!(error instanceof InjectedFault)) throw error;
      const { projectId } = this.#context;
      const subnetwork = `projects/${projectId}/regions/${regionOf(location)}/subnetworks/${spec.subnetwork}`;
      throw new OperationFailed(INTERNAL, `Google Compute Engine: The resource '${subnetwork}' is not ready.`);
    }
  }

  async #createPool(operation: OperationRecord, cluster: ClusterRecord): Promise<void> {
    const pool = this.#state.pool(cluster, operation.pool ?? '');
    await this.#fleet.waitUntil(operation.startMs + operation.delayMs);
    await this.#awaitMachines(operation, this.#populate(operation, cluster, pool));
    pool.status = 'RUNNING';
    this.#state.saveCluster(cluster);
  }

  async #resizePool(operation: OperationRecord, cluster: ClusterRecord): Promise<void> {
    const pool = this.#state.pool(cluster, operation.pool ?? '');
    const groups = this.#populate(operation, cluster, pool);
    await this.#fleet.waitUntil(operation.startMs + operation.delayMs);
    await this.#awaitMachines(operation, groups);
    pool.conditions = [];
    pool.statusMessage = '';
    pool.status = 'RUNNING';
    this.#state.saveCluster(cluster);
  }

  async #deletePool(operation: OperationRecord, cluster: ClusterRecord): Promise<void> {
    const pool = cluster.pools.find((each) => each.name === operation.pool);
    if (!pool) return;
    await this.#deleteGroups([pool], false);
    await this.#fleet.waitUntil(this.#context.clock.nowMs() + operation.delayMs);
    cluster.pools = cluster.pools.filter((each) => each !== pool);
    this.#state.saveCluster(cluster);
  }

  async #deleteCluster(operation: OperationRecord, cluster: ClusterRecord): Promise<void> {
    cluster.status = 'STOPPING';
    this.#state.saveCluster(cluster);
    await this.#deleteGroups(cluster.pools, true);
    await this.#fleet.waitUntil(this.#context.clock.nowMs() + operation.delayMs);
    await this.#apiServers.remove(cluster);
    this.#context.books.clusterEnded(cluster.name);
    this.#state.removeCluster(cluster);
  }

  /** Deleting a cluster deletes its VMs; pods are not drained first, as they are from single nodes that are stopped. */
  async #deleteGroups(pools: PoolRecord[], atOnce: boolean): Promise<void> {
    await Promise.all(groupsOf(this.#fleet, pools).map((group) => this.#fleet.deleteGroup(group, atOnce)));
  }

  /** Makes the pool's groups and asks for its machines. */
  #populate(operation: OperationRecord, cluster: ClusterRecord, pool: PoolRecord): GroupRecord[] {
    const groups = ensureGroups(this.#fleet, cluster, pool);
    pool.groupNames = groups.map((group) => group.name);
    this.#state.saveCluster(cluster);
    for (const group of groups) this.#fleet.resize(group, pool.nodeCount, operation.shortage);
    return groups;
  }

  /** Until every machine is up; fails when some were refused and still are after the time that GKE hopes. */
  async #awaitMachines(operation: OperationRecord, groups: GroupRecord[]): Promise<void> {
    const settled = (): boolean => groups.every((group) => this.#fleet.isSettled(group));
    const complete = (): boolean => settled() && groups.every((group) => this.#fleet.refused(group).length === 0);
    await this.#fleet.until(settled);
    if (!complete()) {
      const { stockoutMs, quotaMs } = this.#fleet.delays;
      const hopeMs = draw(hasStockout(this.#fleet, groups) ? stockoutMs : quotaMs);
      await this.#fleet.waitUntil(operation.startMs + operation.delayMs + hopeMs, complete);
      // What was granted meanwhile boots: neither refused nor up.
      await this.#fleet.until(settled);
    }
    const shortage = nodeShortage(this.#fleet, groups, operation.startMs);
    if (shortage) throw new OperationFailed(RESOURCE_EXHAUSTED, shortage.message, shortage.conditions);
  }

  /** GKE leaves what a failed operation made: an ERROR cluster or pool that bills until somebody deletes it. */
  #markFailed(operation: OperationRecord, failed: OperationFailed): void {
    const cluster = this.#state.clusters.get(clusterKey(operation.location, operation.cluster));
    if (!cluster) return;
    const pool = cluster.pools.find((each) => each.name === operation.pool);
    if (operation.type === 'CREATE_CLUSTER' || operation.type === 'DELETE_CLUSTER') {
      cluster.status = 'ERROR';
      cluster.statusMessage = failed.message;
      cluster.conditions = failed.conditions;
      for (const each of cluster.pools) each.status = this.#poolStatusAfterFailure(each);
    } else if (pool) {
      pool.conditions = failed.conditions;
      pool.statusMessage = failed.message;
      if (operation.type !== 'SET_NODE_POOL_SIZE') pool.status = this.#poolStatusAfterFailure(pool);
    }
    this.#state.saveCluster(cluster);
  }

  #poolStatusAfterFailure(pool: PoolRecord): 'RUNNING' | 'RUNNING_WITH_ERROR' | 'ERROR' {
    const groups = groupsOf(this.#fleet, [pool]);
    const machines = groups.flatMap((group) => group.machines);
    if (groups.length > 0 && machines.every((machine) => machine.phase === 'up')) return 'RUNNING';
    return machines.some((machine) => machine.phase === 'up') ? 'RUNNING_WITH_ERROR' : 'ERROR';
  }

  #finish(operation: OperationRecord, failed?: OperationFailed): void {
    operation.status = 'DONE';
    operation.endMs = this.#context.clock.nowMs();
    operation.detail = failed?.message ?? '';
    operation.error = failed ? { code: failed.code, message: failed.message } : null;
    operation.conditions = failed?.conditions ?? [];
    this.#state.saveOperation(operation);
    this.#onDone(operation);
  }
}
