/**
 * A running job of any size. Its record and cloud are in memory (the tests' virtual world), its queue is in a real
 * Redis. Where wanted, its pods are in a Kubernetes API. The real adapters reach both.
 */
import type { KubeConfig } from '@kubernetes/client-node';
import { redisKeys } from '../functions/adapters/redis-keys.ts';
import { workloadOf } from '../functions/adapters/kubernetes-workloads.ts';
import { redisTaskQueues } from '../functions/adapters/redis-task-queue.ts';
import { paths } from '../functions/job/names.ts';
import { parseRecord } from '../functions/job/record-text.ts';
import { summarize, type LoopProgress, type WorkerProgress } from '../functions/job/progress.ts';
import type { PassSettings } from '../functions/job/settings.ts';
import type { Ports } from '../functions/ports/ports.ts';
import { reconcileJob } from '../functions/reconcile/reconcile-job.ts';
import { VirtualWorld, type VirtualCluster } from '../testing/virtual-ports.ts';
import { fillJob, podNames, type JobShape } from './fill-redis.ts';
import { startRedis, type RunningRedis } from '../testing/redis-server.ts';

const JOB = 'bench';
const WORKERS_PER_MACHINE = 3;
const digest = `@sha256:${'a'.repeat(64)}`;
const jobFile = 'script: run.R\nworker: { max: 1000 }\nlimits: { usd: 1000000, time: 31d }\n';
const settings: PassSettings = {
  installation: 'bench',
  workerImage: `worker${digest}`,
  redisImage: `redis${digest}`,
  locations: ['zone-a'],
  maxClusters: 10,
  allowedBuckets: [],
  allowedRegistries: [],
};

export class LargeJob {
  readonly redis: RunningRedis;
  readonly #world: VirtualWorld;
  readonly #ports: Ports;
  readonly #cluster: VirtualCluster;
  readonly #shape: JobShape;

  private constructor(redis: RunningRedis, world: VirtualWorld, cluster: VirtualCluster, shape: JobShape) {
    this.redis = redis;
    this.#world = world;
    this.#cluster = cluster;
    this.#shape = shape;
    const { port, password } = redis;
    const queues = { open: () => redisTaskQueues.open({ host: '127.0.0.1', port, password }) };
    this.#ports = { ...world.ports, queues };
  }

  /** Drives a small job to the phase `running`, then lets it be as large as `shape` says. */
  static async start(shape: JobShape): Promise<LargeJob> {
    const redis = await startRedis();
    const world = new VirtualWorld();
    await fillJob(redis.client, shape, world.nowMs / 1000);
    const cluster = await driveToRunning(world);
    const job = new LargeJob(redis, world, cluster, shape);
    job.#restore();
    return job;
  }

  /**
   * One pass, as an event in the cloud would start it; pods and machines are in
   * memory, or in the Kubernetes that is given.
   * @throws when it did not do what is to be measured.
   */
  async pass(kubernetes?: KubeConfig): Promise<void> {
    const ports = kubernetes
      ? { ...this.#ports, workloads: { connect: async () => workloadOf(kubernetes) } }
      : this.#ports;
    const result = await reconcileJob(ports, settings, JOB);
    if (result.did !== 'acted' || result.phase !== 'running')
      throw new Error(`the pass was to act on a running job: ${JSON.stringify(result)}`);
  }

  /** Undoes what a pass did to the fleet, so that the next one finds the same work; then it is the next second. */
  prepare(): void {
    this.#restore();
    this.#world.nowMs += 1000;
  }

  async recordBytes(): Promise<number> {
    return (await this.#world.buckets.state.read(paths.record(JOB)))?.bytes.length ?? 0;
  }

  /** What the last pass decided, to see that it measured what it says. */
  async lastDecision(): Promise<string> {
    const object = await this.#world.buckets.state.read(paths.record(JOB));
    const { decisions } = parseRecord(object?.bytes.toString('utf8') ?? '', JOB);
    const decision = decisions.at(-1);
    return `${decision?.what} (${decision?.code}): ${decision?.text}`;
  }

  #restore(): void {
    const pods = podNames(this.#shape);
    this.#cluster.replicas = pods.length;
    this.#cluster.workers = pods.map((pod) => worker(pod));
    this.#cluster.view.pools[1]!.nodes = Math.ceil(pods.length / WORKERS_PER_MACHINE);
  }
}

const worker = (pod: string): WorkerProgress => ({
  ...{ pod, state: 'busy', loop: 1, iterations: 1, sinceSeconds: 0, beatSeconds: 0 },
});

const smallLoop = (done: number): LoopProgress => ({
  ...{ loop: 1, label: 'i', total: 100, done, failed: 0, reused: 0, seconds: done * 60, maxSeconds: 60 },
  ...{ waiting: 97 - done, ended: false },
});

async function driveToRunning(world: VirtualWorld): Promise<VirtualCluster> {
  const pass = async (): Promise<VirtualCluster> => {
    world.nowMs += 1000;
    await reconcileJob(world.ports, settings, JOB);
    return [...world.clusters.values()][0]!;
  };
  await world.buckets.uploads.write(`jobs/${JOB}/run.R`, 'x <- 1\n', {});
  await world.buckets.uploads.write(`jobs/${JOB}/job.yaml`, jobFile, {});
  // The first pass takes a place among the clusters, the second makes one.
  await reconcileJob(world.ports, settings, JOB);
  const cluster = await pass();
  cluster.view.state = 'running';
  await pass();
  cluster.driverState = 'running';
  cluster.loops = [smallLoop(0)];
  cluster.workers = ['w1', 'w2', 'w3'].map(worker);
  await pass();
  cluster.loops = [smallLoop(4)];
  return pass();
}

/**
 * The least that a pass could do: read the same keys over a connection of its own and turn them
 * into the same numbers and back into JSON.
 */
export async function readOnly(redis: RunningRedis, loops: number): Promise<number> {
  const { Redis } = await import('ioredis');
  const { port, password } = redis;
  const client = new Redis({ host: '127.0.0.1', port, password, lazyConnect: true });
  await client.connect();
  const answers = await client
    .pipeline([
      ['hgetall', redisKeys.driver],
      ['lrange', redisKeys.loops, '0', '-1'],
      ['hgetall', redisKeys.waiting],
      ['hgetall', redisKeys.workers],
      ['xlen', redisKeys.outbox],
    ])
    .exec();
  const numbers = Array.from({ length: loops }, (_, index) => String(index + 1));
  const hashes = await client.pipeline(numbers.map((number) => ['hgetall', redisKeys.loop(number)])).exec();
  client.disconnect();
  const workers = Object.keys(answers![3]![1] as Record<string, string>).map(worker);
  const progress = summarize(
    { state: 'running', message: '', startedSeconds: null, beatSeconds: null },
    [],
    workers,
    0,
  );
  return JSON.stringify({ progress, loops: hashes!.map(([, hash]) => hash) }).length;
}
