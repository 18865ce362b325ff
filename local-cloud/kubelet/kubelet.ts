/**
 * The life of one simulated machine: registers a Node, runs the pods bound to it as local processes, and goes away in
 * order, at once, or by preemption. Speaks Kubernetes REST only, so any API server will do.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sleep, systemClock } from '../clock.ts';
import { AddressPool } from './node/addresses.ts';
import { KubeApi } from './api.ts';
import { EventRecorder } from './events.ts';
import { ImagePuller } from './node/images.ts';
import type { KubeletContext } from './kubelet-context.ts';
import { ObjectCache } from './object-cache.ts';
import { recoverLeftovers } from './node/leftovers.ts';
import { startLogServer, type LogServer } from './logs/log-server.ts';
import { MemoryWatch } from './node/memory-watch.ts';
import type { NodeFacts, NodeHealth } from './node/node-object.ts';
import { NodeReporter } from './node/node-reporter.ts';
import type { PodVerdict } from './pod/pod-record.ts';
import { PodManager } from './pod/pod-manager.ts';
import { PodSource } from './pod/pod-source.ts';
import { realTiming } from './timing.ts';
import { kubeletCertificate } from './node/tls.ts';
import type { KubeletOptions, RunningKubelet } from './types.ts';

/** Of a Spot machine's notice the last 15 s are for critical pods; of a short one ordinary pods get half. */
const CRITICAL_PODS_SECONDS = 15;

const SHUTTING_DOWN: NodeHealth = { ready: false, reason: 'KubeletNotReady', message: 'node is shutting down' };
const PREEMPTED: PodVerdict = {
  reason: 'Terminated',
  message: 'Pod was terminated in response to imminent node shutdown.',
  disruption: true,
};

export async function startKubelet(options: KubeletOptions): Promise<RunningKubelet> {
  const context = createContext(options);
  const records = await recoverLeftovers(context.podsDir, context.clock);
  const pods = new PodManager(context, records);
  const tls = options.tls ?? (await kubeletCertificate(options.dir, options.node.name, context.hostIp));
  const server = await startLogServer(context.hostIp, tls, pods);
  const log = options.log ?? (() => undefined);
  const facts = nodeFacts(context, server.port);
  const reporter = new NodeReporter({ ...context, facts, log });
  const source = new PodSource({ ...context, nodeName: options.node.name, listener: pods, log });
  await reporter.begin();
  const watching = source.run();
  const memory = new MemoryWatch(context, () => pods.list());
  return new Machine({ context, pods, server, reporter, source, watching, memory });
}

function createContext(options: KubeletOptions): KubeletContext {
  const timing = { ...realTiming, ...options.timing };
  const clock = options.clock ?? systemClock;
  const nowMs = () => clock.nowMs();
  const limits = { initialMs: timing.backOffInitialMs, maxMs: timing.backOffMaxMs };
  const podsDir = join(options.dir, 'pods');
  mkdirSync(podsDir, { recursive: true });
  const api = new KubeApi(options.connect, timing.requestTimeoutMs);
  return {
    options,
    clock,
    timing,
    limits,
    api,
    podsDir,
    cache: new ObjectCache(api, nowMs),
    events: new EventRecorder(api, options.node.name, nowMs),
    images: new ImagePuller(options.images, join(options.dir, 'images.json'), nowMs, limits),
    addresses: new AddressPool(options.node.addressPrefix),
    hostIp: `${options.node.addressPrefix}.1`,
  };
}

function nodeFacts(context: KubeletContext, port: number): () => NodeFacts {
  const file = join(context.options.dir, 'machine-id');
  if (!existsSync(file)) writeFileSync(file, randomUUID().replaceAll('-', ''));
  const machineId = readFileSync(file, 'utf8');
  const bootId = randomUUID();
  return () => ({ spec: context.options.node, port, machineId, bootId, images: context.images.list() });
}

interface MachineParts {
  context: KubeletContext;
  pods: PodManager;
  server: LogServer;
  reporter: NodeReporter;
  source: PodSource;
  watching: Promise<void>;
  memory: MemoryWatch;
}

class Machine implements RunningKubelet {
  readonly nodeName: string;
  readonly endpoint: { address: string; port: number };
  readonly #parts: MachineParts;
  #ending: Promise<void> | undefined;

  constructor(parts: MachineParts) {
    this.#parts = parts;
    this.nodeName = parts.context.options.node.name;
    this.endpoint = { address: parts.context.hostIp, port: parts.server.port };
  }

  stop(): Promise<void> {
    this.#ending ??= this.#switchOff();
    return this.#ending;
  }

  async kill(): Promise<void> {
    const { pods, reporter, source } = this.#parts;
    reporter.stop();
    source.stop();
    await pods.kill();
    this.#ending ??= Promise.resolve();
    await this.#release();
  }

  preempt(noticeSeconds: number): Promise<void> {
    this.#ending ??= this.#takeAway(noticeSeconds);
    return this.#ending;
  }

  async #switchOff(): Promise<void> {
    const { context, pods, reporter, source } = this.#parts;
    reporter.stop();
    source.stop();
    await Promise.all([reporter.say(SHUTTING_DOWN), pods.shutdown(context.timing.shutdownGraceSeconds)]);
    await this.#release();
  }

  async #takeAway(noticeSeconds: number): Promise<void> {
    const { context, pods, reporter, source } = this.#parts;
    const { clock } = context;
    const goneAtMs = clock.nowMs() + noticeSeconds * 1000;
    reporter.stop();
    pods.refuse();
    const taint = { key: 'cloud.google.com/impending-node-termination', effect: 'NoSchedule' };
    const graceSeconds = Math.max(noticeSeconds / 2, noticeSeconds - CRITICAL_PODS_SECONDS);
    const orderly = Promise.all([reporter.say(SHUTTING_DOWN, taint), pods.shutdown(graceSeconds, PREEMPTED)]);
    await Promise.race([orderly, sleep(clock, Math.max(0, goneAtMs - clock.nowMs()))]);
    source.stop();
    await pods.kill();
    await this.#release();
  }

  async #release(): Promise<void> {
    const { context, server, watching, memory } = this.#parts;
    memory.stop();
    await server.stop();
    await context.events.close();
    await context.api.close();
    await watching;
  }
}
