/**
 * In-memory ports with memory: a small world in which passes can be driven step by step. Stateful, not mocks: buckets honour generations,
 * clusters take their time, the queue holds what a test puts there. What they leave out: signatures, quotas, pagination.
 */
import { createHash } from 'node:crypto';
import type { Bucket, Buckets, ObjectInfo } from '../../functions/ports/bucket.ts';
import type { Clusters, ClusterView, Leftover } from '../../functions/ports/clusters.ts';
import type { Notice } from '../../functions/ports/notices.ts';
import { PortError, PreconditionError } from '../../functions/ports/port-error.ts';
import type { Ports } from '../../functions/ports/ports.ts';
import type { JournalEntry, TaskQueue } from '../../functions/ports/task-queue.ts';
import type { Workload, WorkloadRequest, WorkloadView } from '../../functions/ports/workloads.ts';
import { summarize, type DriverState, type LoopProgress, type WorkerProgress } from '../../functions/job/progress.ts';
import { clusterLabels } from '../../functions/job/names.ts';

export class VirtualBucket implements Bucket {
  readonly objects = new Map<string, { bytes: Buffer; generation: number; updatedMs: number }>();
  readonly name: string;
  readonly #world: VirtualWorld;

  constructor(name: string, world: VirtualWorld) {
    this.name = name;
    this.#world = world;
  }

  async read(name: string): Promise<{ bytes: Buffer; generation: string } | null> {
    this.#world.check(`${this.name}.read`);
    const object = this.objects.get(name);
    return object ? { bytes: object.bytes, generation: String(object.generation) } : null;
  }

  async list(prefix: string, options: { glob?: string } = {}): Promise<ObjectInfo[]> {
    this.#world.check(`${this.name}.list`);
    const pattern =
      options.glob === undefined
        ? /^/
        : new RegExp(`^${options.glob.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`);
    const names = [...this.objects.keys()].filter((name) => name.startsWith(prefix) && pattern.test(name));
    return names.toSorted().map((name) => {
      const object = this.objects.get(name)!;
      const md5 = createHash('md5').update(object.bytes).digest('base64');
      return {
        name,
        generation: String(object.generation),
        bytes: object.bytes.length,
        md5,
        updatedMs: object.updatedMs,
      };
    });
  }

  async listFolders(prefix: string): Promise<string[]> {
    const names = [...this.objects.keys()].filter(
      (name) => name.startsWith(prefix) && name.indexOf('/', prefix.length) > 0,
    );
    return [...new Set(names.map((name) => name.slice(0, name.indexOf('/', prefix.length) + 1)))];
  }

  async write(name: string, bytes: Buffer | string, options: { ifGeneration?: string }): Promise<string> {
    this.#world.check(`${this.name}.write`);
    const now = this.objects.get(name)?.generation ?? 0;
    if (options.ifGeneration !== undefined && Number(options.ifGeneration) !== now) throw new PreconditionError(name);
    const generation = (this.#world.generation += 1);
    this.objects.set(name, { bytes: Buffer.from(bytes), generation, updatedMs: this.#world.nowMs });
    this.#world.after(`${this.name}.write`);
    return String(generation);
  }

  async remove(name: string, options: { ifGeneration?: string } = {}): Promise<void> {
    this.#world.check(`${this.name}.remove`);
    const object = this.objects.get(name);
    if (options.ifGeneration === undefined || String(object?.generation) === options.ifGeneration)
      this.objects.delete(name);
  }

  async signedUrl(name: string): Promise<string> {
    return `https://signed.test/${this.name}/${name}`;
  }

  async signedUpload(prefix: string): Promise<{ url: string; fields: Record<string, string> }> {
    return { url: `https://signed.test/${this.name}`, fields: { prefix } };
  }
}

/** One cluster of the virtual world, with what runs in it. */
export class VirtualCluster {
  readonly view: ClusterView;
  workload: WorkloadRequest | null = null;
  redisUp = true;
  driver: WorkloadView['driver'] = 'absent';
  driverState: DriverState | null = null;
  driverMessage = '';
  replicas = 0;
  loops: LoopProgress[] = [];
  workers: WorkerProgress[] = [];
  outbox: { entry: JournalEntry; value: Buffer }[] = [];
  errors: { id: string; json: string }[] = [];
  stopReason: string | null = null;
  gateOpen = false;

  constructor(view: ClusterView) {
    this.view = view;
  }

  journal(loop: number, iteration: number, value = `value ${loop}/${iteration}`): void {
    const bytes = Buffer.from(value);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const id = `${this.outbox.length + 1}-${iteration}`;
    const entry: JournalEntry = {
      id,
      loop,
      iteration,
      key: `k${iteration}`,
      attempt: 1,
      worker: 'w',
      node: 'n',
      seconds: 1,
      bytes: bytes.length,
      sha256,
      startedAt: 0,
      warnings: 0,
      object: null,
    };
    this.outbox.push({ entry, value: bytes });
  }
}

export class VirtualWorld {
  nowMs = Date.parse('2026-11-23T12:00:00Z');
  generation = 1000;
  readonly clusters = new Map<string, VirtualCluster>();
  readonly notices: Notice[] = [];
  readonly calls: string[] = [];
  leftovers: Leftover[] = [];
  cpuRoom: number | null = null;
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
      clock: { nowMs: () => this.nowMs },
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
    async resizePool(cluster, _pool, nodes) {
      world.check('clusters.resizePool');
      world.clusters.get(cluster.name)!.view.pools[1]!.nodes = nodes;
    },
    async deleteNodes(cluster, _pool, nodes) {
      world.check('clusters.deleteNodes');
      world.clusters.get(cluster.name)!.view.pools[1]!.nodes -= nodes.length;
    },
    async delete(name) {
      world.check('clusters.delete');
      const cluster = world.clusters.get(name);
      if (cluster) cluster.view.state = 'stopping';
      world.after('clusters.delete');
    },
    async cpuRoom() {
      return world.cpuRoom;
    },
    async leftovers() {
      world.check('clusters.leftovers');
      return [...world.leftovers];
    },
    async removeLeftover(leftover) {
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
    labels: clusterLabels('test', request.job),
    createdMs: world.nowMs,
    pools: [
      {
        name: 'system',
        nodes: 1,
        machineType: request.system.machineType,
        spot: false,
        state: 'running',
        instanceGroups: [],
      },
      {
        name: 'workers',
        nodes: request.workers.nodes,
        machineType: request.workers.machineType,
        spot: request.workers.spot,
        state: 'running',
        instanceGroups: [],
      },
    ],
    endpoint: request.name,
    caPem: '',
    stockout: false,
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
    async scaleWorkers(replicas, idlePods) {
      world.check('workload.scaleWorkers');
      cluster.workers = cluster.workers.filter(
        (worker) => replicas >= cluster.replicas || !idlePods.includes(worker.pod),
      );
      cluster.replicas = replicas;
    },
  };
}

function viewOf(world: VirtualWorld, cluster: VirtualCluster): WorkloadView {
  const pod = {
    phase: 'Running',
    ready: true,
    address: cluster.view.name,
    deleting: false,
    restarts: 0,
    createdMs: 0,
    trouble: null,
  } as const;
  const nodes = Array.from({ length: cluster.view.pools[1]!.nodes }, (_, index) => ({
    name: `node-${index}`,
    pool: 'workers' as const,
    ready: true,
    createdMs: 0,
  }));
  const pods = cluster.workers.map((worker, index) => ({
    ...pod,
    name: worker.pod,
    role: 'worker' as const,
    node: `node-${index % Math.max(1, nodes.length)}`,
  }));
  return {
    applied: cluster.workload !== null,
    attempt: cluster.workload?.attempt ?? null,
    driver: cluster.driver,
    driverMessage: cluster.driverMessage,
    workersWanted: cluster.replicas,
    pods: [{ ...pod, name: 'redis', role: 'redis', node: 'system' }, ...pods],
    nodes,
    redis: cluster.workload ? { address: cluster.view.name, password: 'secret' } : null,
    inputsSignedMs: cluster.workload ? world.nowMs : null,
  };
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
        startedSeconds: null,
        beatSeconds: null,
      };
      return {
        progress: summarize(driver, cluster.loops, cluster.workers, cluster.outbox.length),
        workers: cluster.workers,
      };
    },
    async outbox(maxEntries) {
      return cluster.outbox.slice(0, maxEntries);
    },
    async confirm(entries) {
      world.check('queue.confirm');
      const ids = new Set(entries.map((entry) => entry.id));
      cluster.outbox = cluster.outbox.filter((item) => !ids.has(item.entry.id));
    },
    async errors() {
      return cluster.errors;
    },
    async confirmErrors(ids) {
      cluster.errors = cluster.errors.filter((error) => !ids.includes(error.id));
    },
    async stop(reason) {
      cluster.stopReason = reason;
    },
    async openGate() {
      cluster.gateOpen = true;
    },
    async renewLease() {},
    async outputs() {
      return [];
    },
    close() {},
  };
}
