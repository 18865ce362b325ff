/**
 * In-memory ports with memory: a small world in which passes can be driven step by step. Stateful, not mocks:
 * buckets honour generations, clusters take their time, the queue holds what a test puts there. What they
 * leave out: signatures, quotas, pagination.
 */
import type { Buckets } from '../functions/ports/bucket.ts';
import type { Clusters, ClusterView, Leftover, OwnedLeftover } from '../functions/ports/clusters.ts';
import type { Notice } from '../functions/ports/notices.ts';
import { PortError } from '../functions/ports/port-error.ts';
import type { Ports } from '../functions/ports/ports.ts';
import type { TaskQueue } from '../functions/ports/task-queue.ts';
import type { Workload, WorkloadView } from '../functions/ports/workloads.ts';
import { summarize } from '../functions/job/progress.ts';
import { clusterLabels } from '../functions/job/names.ts';
import { workerNodes } from '../functions/job/worker-nodes.ts';
import { VirtualBucket } from './virtual-bucket.ts';
import { newPool, VirtualCluster } from './virtual-cluster.ts';

export type { VirtualCluster };

export class VirtualWorld {
  nowMs = Date.parse('2026-11-23T12:00:00Z');
  generation = 1000;
  readonly clusters = new Map<string, VirtualCluster>();
  readonly notices: Notice[] = [];
  readonly calls: string[] = [];
  leftovers: Leftover[] = [];
  /** What is left of any job, for the sweep. */
  allLeftovers: OwnedLeftover[] = [];
  freeVcpus: number | null = null;
  /** Every cluster name ever created, in order: the virtual cloud's own book. */
  readonly created: string[] = [];
  readonly buckets: Buckets & { uploads: VirtualBucket; state: VirtualBucket; results: VirtualBucket };
  readonly ports: Ports;
  readonly #failures: { call: string; when: 'before' | 'after'; error: Error }[] = [];

  constructor() {
    const bucket = (name: string): VirtualBucket => new VirtualBucket(name, this);
    this.buckets = { uploads: bucket('uploads'), state: bucket('state'), results: bucket('results'), foreign: bucket };
    this.ports = {
      buckets: this.buckets,
      clusters: virtualClusters(this),
      workloads: { connect: async (view) => virtualWorkload(this, this.clusters.get(view.name)!) },
      queues: { open: async ({ host }) => virtualQueue(this, this.clusters.get(host)!) },
      notices: {
        publish: async (notice) => {
          this.check('notices.publish');
          this.notices.push(notice);
        },
      },
      clock: { nowMs: () => this.nowMs, sleep: async () => undefined },
    };
  }

  /** The next such call fails, before or after its effect. */
  failNext(
    call: string,
    when: 'before' | 'after' = 'before',
    error: Error = new PortError('FF-TEST', `scripted failure of ${call}`, { retry: true }),
  ): void {
    this.#failures.push({ call, when, error });
  }

  check(call: string): void {
    this.calls.push(call);
    this.#fail(call, 'before');
  }

  after(call: string): void {
    this.#fail(call, 'after');
  }

  #fail(call: string, when: 'before' | 'after'): void {
    const index = this.#failures.findIndex((failure) => failure.call === call && failure.when === when);
    if (index >= 0) throw this.#failures.splice(index, 1)[0]!.error;
  }
}

function virtualClusters(world: VirtualWorld): Clusters {
  return {
    async get(name) {
      world.check('clusters.get');
      return structuredClone(world.clusters.get(name)?.view ?? null);
    },
    async list() {
      world.check('clusters.list');
      return [...world.clusters.values()].map((cluster) => structuredClone(cluster.view)).filter((view) => view.ours);
    },
    async create(request) {
      world.check('clusters.create');
      if (!world.clusters.has(request.name)) {
        world.created.push(request.name);
        world.clusters.set(request.name, new VirtualCluster(newView(world, request)));
      }
      world.after('clusters.create');
    },
    async createPool(cluster, { name, machines, zone, nodes }) {
      world.check('clusters.createPool');
      const { pools } = world.clusters.get(cluster.name)!.view;
      if (pools.every((pool) => pool.name !== name)) pools.push(newPool({ ...machines, name, zone, nodes }));
    },
    async resizePool(cluster, name, nodes) {
      world.check('clusters.resizePool');
      world.clusters.get(cluster.name)!.view.pools.find((pool) => pool.name === name)!.nodes = nodes;
    },
    async deleteNodes(cluster, nodes) {
      world.check('clusters.deleteNodes');
      for (const name of nodes) {
        const { pools } = world.clusters.get(cluster.name)!.view;
        const pool = pools.find(({ refused }) => refused.includes(name)) ?? pools[1]!;
        pool.nodes -= 1;
        pool.refused = pool.refused.filter((other) => other !== name);
      }
    },
    async releaseNodes(cluster, except) {
      world.check('clusters.releaseNodes');
      const [, ...workers] = world.clusters.get(cluster.name)!.view.pools;
      for (const [index, pool] of workers.entries()) pool.nodes = index === 0 && except !== null ? 1 : 0;
    },
    async delete(name) {
      world.check('clusters.delete');
      const cluster = world.clusters.get(name);
      if (cluster) cluster.view.state = 'stopping';
      world.after('clusters.delete');
    },
    async freeVcpus() {
      return world.freeVcpus;
    },
    async leftovers() {
      world.check('clusters.leftovers');
      return [...world.leftovers];
    },
    async allLeftovers() {
      world.check('clusters.allLeftovers');
      return [...world.allLeftovers];
    },
    async removeLeftover(leftover) {
      world.check('clusters.removeLeftover');
      world.allLeftovers = world.allLeftovers.filter((other) => other.name !== leftover.name);
      world.leftovers = world.leftovers.filter((other) => other.name !== leftover.name);
    },
  };
}

function newView(world: VirtualWorld, request: Parameters<Clusters['create']>[0]): ClusterView {
  return {
    name: request.name,
    location: request.location,
    state: 'provisioning',
    message: 'PROVISIONING',
    ours: true,
    labels: {
      ...clusterLabels('test', request.job),
      'foreach-fleet-ends-by': String(Math.ceil(request.endsByMs / 1000)),
    },
    createdMs: world.nowMs,
    pools: [newPool({ ...request.system, name: 'system', zone: request.location, nodes: 1 })],
    endpoint: request.name,
    caPem: '',
    stockout: false,
    mayBeMadeAgain: false,
    spotGraceSeconds: 15,
  };
}

function virtualWorkload(world: VirtualWorld, cluster: VirtualCluster): Workload {
  return {
    async observe() {
      world.check('workload.observe');
      return viewOf(world, cluster);
    },
    async apply(request) {
      world.check('workload.apply');
      if (cluster.workload === null) {
        cluster.driver = 'running';
        cluster.driverState = 'starting';
        cluster.replicas = request.workers;
      }
      cluster.workload = structuredClone(request);
    },
    async podEnds(pods) {
      world.check('workload.podEnds');
      return Object.fromEntries(pods.map((pod) => [pod, cluster.podEnds[pod] ?? null]));
    },
    async scaleWorkers(_from, replicas, idlePods, large) {
      world.check('workload.scaleWorkers');
      if (large) {
        cluster.largeReplicas = replicas;
        return;
      }
      cluster.workers = cluster.workers.filter(
        (worker) => replicas >= cluster.replicas || !idlePods.includes(worker.pod),
      );
      cluster.replicas = replicas;
    },
  };
}

function viewOf(world: VirtualWorld, cluster: VirtualCluster): WorkloadView {
  const pod = { ready: true, ended: false, trouble: null } as const;
  const wanted = workerNodes(cluster.view);
  const nodes = Array.from({ length: Math.min(cluster.nodesReady, wanted) }, (_, index) => ({
    name: `node-${index}`,
    ready: true,
  }));
  const pods = cluster.workers.map((worker, index) => ({
    ...pod,
    name: worker.pod,
    role: 'worker' as const,
    node: nodes.length === 0 ? 'system' : `node-${index % nodes.length}`,
  }));
  return {
    applied: cluster.workload !== null,
    attempt: cluster.workload?.attempt ?? null,
    driver: cluster.driver,
    driverMessage: cluster.driverMessage,
    workersWanted: cluster.replicas,
    largeWanted: cluster.largeReplicas,
    pods: [{ ...pod, name: 'redis', role: 'redis', node: 'system' }, ...pods],
    nodes,
    redis: cluster.workload ? { host: cluster.view.name, password: 'secret' } : null,
    inputsSignedMs: cluster.workload ? world.nowMs : null,
  };
}

function unsaved(cluster: VirtualCluster): number {
  return cluster.outbox.length + cluster.errors.length + cluster.described.length;
}

function virtualQueue(world: VirtualWorld, cluster: VirtualCluster): TaskQueue {
  world.check('queue.open');
  if (!cluster.redisUp) throw new PortError('FF-QUEUE-UNREACHABLE', 'scripted', { retry: true });
  return {
    async view() {
      world.check('queue.view');
      const driver = {
        state: cluster.driverState,
        message: cluster.driverMessage,
        reason: cluster.driverReason,
        startedSeconds: null,
        beatSeconds: null,
      };
      const { workers, gate, urlRequests, largeWaiting, deaths, refused } = cluster;
      const progress = summarize(driver, cluster.loops, workers, unsaved(cluster));
      return { progress, workers, gate, urlRequests, largeWaiting, deaths, refused };
    },
    async outbox(maxEntries) {
      return { items: cluster.outbox.slice(0, maxEntries), refused: [...cluster.outboxRefused] };
    },
    async confirm(entries) {
      world.check('queue.confirm');
      const ids = new Set(entries.map((entry) => entry.id));
      cluster.outbox = cluster.outbox.filter((item) => !ids.has(item.entry.id));
    },
    async reject(entries) {
      cluster.rejected.push(...entries);
      cluster.outbox = cluster.outbox.filter((item) => !entries.includes(item.entry));
    },
    async forget(ids) {
      cluster.outbox = cluster.outbox.filter((item) => !ids.includes(item.entry.id));
      cluster.outboxRefused = cluster.outboxRefused.filter((id) => !ids.includes(id));
    },
    async reports(kind, maxEntries) {
      world.check('queue.reports');
      return (kind === 'errors' ? cluster.errors : cluster.described).slice(0, maxEntries);
    },
    async confirmReports(kind, ids) {
      world.check('queue.confirmReports');
      const rest = (all: { id: string; json: string }[]): typeof all => all.filter(({ id }) => !ids.includes(id));
      if (kind === 'errors') cluster.errors = rest(cluster.errors);
      else cluster.described = rest(cluster.described);
    },
    async stop(reason) {
      world.check('queue.stop');
      cluster.stopReason = reason;
    },
    async setGate(tasks) {
      world.check('queue.setGate');
      cluster.gate = { ...cluster.gate, tasks };
    },
    renewLease: async () => world.check('queue.renewLease'),
    async explainDeaths(deaths) {
      world.check('queue.explainDeaths');
      cluster.explained.push(...deaths);
      cluster.deaths = cluster.deaths.filter(({ id }) => !deaths.some((death) => death.id === id));
    },
    async answerUrlRequests(answers) {
      cluster.signedUrls = { ...cluster.signedUrls, ...answers };
      cluster.urlRequests = cluster.urlRequests.filter((name) => !(name in answers));
    },
    async outputs() {
      world.check('queue.outputs');
      return { items: cluster.outputs, refused: 0 };
    },
    close() {},
  };
}
