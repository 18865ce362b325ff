/** The ports of buckets and clusters of the fault world. */
import { buffer } from 'node:stream/consumers';
import type { Bucket } from '../../../functions/ports/bucket.ts';
import type { ClusterRequest, Clusters, ClusterView, PoolView } from '../../../functions/ports/clusters.ts';
import { PortError } from '../../../functions/ports/port-error.ts';
import type { At, CloudState } from './cloud-state.ts';
import type { MemoryBucket } from './memory-bucket.ts';
import { SimulatedCluster } from './simulated-cluster.ts';

export function clusterPort(world: CloudState, at: At): Clusters {
  const find = (name: string, location: string): SimulatedCluster | undefined =>
    world.clusters.get(`${name}@${location}`);
  const running = ({ name, location }: ClusterView, call: string): SimulatedCluster => {
    const cluster = find(name, location);
    if (cluster?.state !== 'running') throw failure(call);
    return cluster;
  };
  return {
    get: (name, location) => at(`clusters.get ${name}@${location}`, () => viewOf(find(name, location), world.nowMs)),
    list: () => at('clusters.list', () => [...world.clusters.values()].map((one) => viewOf(one, world.nowMs)!)),
    create: (request) =>
      at('clusters.create', () => {
        const key = `${request.name}@${request.location}`;
        if (world.clusters.has(key)) return;
        const labels = {
          'foreach-fleet-installation': world.installation,
          'foreach-fleet-job': request.job,
          'foreach-fleet-ends-by': String(Math.ceil(request.endsByMs / 1000)),
        };
        const cluster = new SimulatedCluster(request, labels, world.nowMs, world);
        world.clusters.set(key, cluster);
        world.everyCluster.push(cluster);
        world.created.push(key);
      }),
    createPool: (view, request) =>
      at('clusters.createPool', () => running(view, 'clusters.createPool').pools.create(request, world.nowMs)),
    resizePool: (view, pool, nodes) =>
      at('clusters.resizePool', () => {
        if (!running(view, 'clusters.resizePool').pools.resize(pool, nodes, world.nowMs)) throw busy(pool);
      }),
    deleteNodes: (view, nodes) =>
      at('clusters.deleteNodes', () => find(view.name, view.location)?.removeMachines(nodes)),
    releaseNodes: (view, except) =>
      at('clusters.releaseNodes', () => find(view.name, view.location)?.releaseMachines(except)),
    delete: (name, location) =>
      at('clusters.delete', () => {
        const cluster = find(name, location);
        if (cluster === undefined || cluster.state === 'stopping') return;
        if (cluster.pools.isBusy(world.nowMs)) {
          cluster.releaseMachines(null);
          throw busy(name);
        }
        cluster.state = 'stopping';
        cluster.deletedMs = world.nowMs;
      }),
    freeVcpus: () => at('clusters.freeVcpus', () => null),
    leftovers: () => at('clusters.leftovers', () => [...world.leftovers]),
    allLeftovers: () => at('clusters.allLeftovers', () => []),
    removeLeftover: (leftover) =>
      at('clusters.removeLeftover', () => {
        world.leftovers = world.leftovers.filter((other) => other.name !== leftover.name);
      }),
  };
}

export function failure(name: string): PortError {
  return new PortError('FF-TEST', `scripted failure of ${name}`, { retry: true });
}

function busy(what: string): PortError {
  return new PortError('FF-CLUSTER-BUSY', `an operation works at ${what}`, { retry: true });
}

export function bucketPort(memory: MemoryBucket, at: At, nowMs: () => number): Bucket {
  const { name } = memory;
  return {
    name,
    read: (object) => at(`${name}.read`, () => memory.read(object)),
    info: (object) => at(`${name}.info`, () => memory.info(object)),
    // With what was asked for: an old answer is one to the same question.
    list: (prefix, options = {}) =>
      at(`${name}.list ${prefix}${options.glob ?? ''}`, () => memory.list(prefix, options.glob)),
    bytesBelow: (prefix) =>
      at(`${name}.bytesBelow`, () => memory.list(prefix).reduce((sum, { bytes }) => sum + bytes, 0)),
    listFolders: (prefix) => at(`${name}.listFolders`, () => memory.folders(prefix)),
    write: (object, bytes, options) =>
      at(`${name}.write`, () => memory.write(object, bytes, nowMs(), options.ifGeneration)),
    writeChunks: async (object, chunks) => {
      const bytes = await buffer(chunks);
      return at(`${name}.write`, () => memory.write(object, bytes, nowMs()));
    },
    remove: (object, options = {}) => at(`${name}.remove`, () => memory.remove(object, options.ifGeneration)),
    signedUrl: async (object) => `memory://${name}/${object}`,
    signedUpload: async (prefix) => ({ url: `memory://${name}`, fields: { prefix } }),
  };
}

function viewOf(cluster: SimulatedCluster | undefined, nowMs: number): ClusterView | null {
  if (cluster === undefined) return null;
  const { request } = cluster;
  return {
    name: request.name,
    location: request.location,
    state: cluster.state,
    message: `${cluster.state} for ${Math.round((nowMs - cluster.createdMs) / 1000)} s`,
    ours: true,
    labels: { ...cluster.labels },
    createdMs: cluster.createdMs,
    pools: [systemPool(request), ...cluster.pools.views(nowMs)],
    endpoint: cluster.state === 'provisioning' ? '' : `${request.name}@${request.location}`,
    caPem: '',
    stockout: false,
    mayBeMadeAgain: false,
    spotGraceSeconds: 15,
  };
}

function systemPool({ system: { machineType, spot }, location: zone }: ClusterRequest): PoolView {
  const name = 'system';
  return { name, nodes: 1, machineType, spot, zone, state: 'running', instanceGroups: [], refused: [], shortage: null };
}
