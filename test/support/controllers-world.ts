/**
 * The controllers on a store of their own, with time that a test moves and a stand-in for the kubelets. It starts what
 * is bound to a node and confirms what is deleted, at once or when told.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startControllers, type ControllerOptions } from '../../local-cloud/kubernetes/controllers/controllers.ts';
import { timestamp } from '../../local-cloud/kubernetes/store/metadata.ts';
import { createStore } from '../../local-cloud/kubernetes/store/store.ts';
import { isOf } from '../../local-cloud/kubernetes/is-of.ts';
import type { Draft } from '../../local-cloud/kubernetes/object.ts';
import type { ObjectStore } from '../../local-cloud/kubernetes/object-store.ts';
import type {
  Container,
  Deployment,
  Job,
  JobSpec,
  Node,
  Pod,
  PodSpec,
  PodTemplate,
  Stored,
  Taint,
} from '../../local-cloud/kubernetes/objects.ts';
import { ManualClock } from './manual-clock.ts';

export interface ControllersWorld {
  store: ObjectStore;
  clock: ManualClock;
  log: string[];
  /** Nodes whose pods nobody starts or ends, as if their machines were gone. */
  dead: Set<string>;
  /** Whether pods are started by themselves (default), or only with `start`. */
  starts: (pod: Pod) => boolean;
  addNode(name: string, options?: NodeOptions): Node;
  /** Status of a pod as a kubelet reports it. */
  start(pod: Pod, ready?: boolean): void;
  end(pod: Pod, exitCode: number): void;
  pods(labels?: Record<string, string>): Pod[];
  get<R extends string>(resource: R, name: string): Stored<R>;
  settle(): void;
  /** Stops the controllers and starts new ones on the same store. */
  restart(): void;
  stop(): void;
}

export interface NodeOptions {
  cpu?: string;
  memory?: string;
  pods?: string;
  labels?: Record<string, string>;
  taints?: Taint[];
  ready?: boolean;
}

export const NAMESPACE = 'default';
/** Longer than any back-off of the queues and the time that changes are gathered. */
const SETTLE_MS = 500;

/** Nodes here send no heartbeats: only a test that is about them sets a limit for their absence. */
const NEVER_MS = 1e12;

export function controllersWorld(given: ControllerOptions = {}): ControllersWorld {
  const options = { nodeGraceMs: NEVER_MS, ...given };
  const dir = mkdtempSync(join(tmpdir(), 'controllers-'));
  const clock = new ManualClock();
  const store = createStore(dir, { clock });
  const log: string[] = [];
  const context = { clock, log: (_service: string, message: string) => void log.push(message) };
  if (!store.get('namespaces', undefined, NAMESPACE)) store.create('namespaces', { metadata: { name: NAMESPACE } });
  let controllers = startControllers(store, context, options);
  const world: ControllersWorld = {
    store,
    clock,
    log,
    dead: new Set(),
    starts: () => true,
    addNode: (name, nodeOptions = {}) => addNode(store, clock, name, nodeOptions),
    start: (pod, ready = true) => setRunning(store, clock, pod, ready),
    end: (pod, exitCode) => setEnded(store, clock, pod, exitCode),
    pods: (labels = {}) => store.list('pods', { namespace: NAMESPACE, labelSelector: labels }),
    get(resource, name) {
      const found = store.get(resource, NAMESPACE, name) ?? store.get(resource, undefined, name);
      if (!found) throw new Error(`no ${resource} ${name}`);
      return found;
    },
    settle: () => clock.advance(SETTLE_MS),
    restart() {
      controllers.stop();
      controllers = startControllers(store, context, options);
    },
    stop() {
      controllers.stop();
      store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  playKubelets(world);
  return world;
}

function playKubelets(world: ControllersWorld): void {
  const { store, clock } = world;
  store.subscribe((event) => {
    if (!isOf(event, 'pods') || event.type === 'DELETED') return;
    const { object: pod } = event;
    if (!pod.spec?.nodeName || world.dead.has(pod.spec.nodeName)) return;
    clock.after(1, () => {
      const current = store.get('pods', pod.metadata.namespace, pod.metadata.name);
      if (!current || current.metadata.uid !== pod.metadata.uid) return;
      if (current.metadata.deletionTimestamp !== undefined) confirm(store, clock, current);
      else if ((current.status?.phase ?? 'Pending') === 'Pending' && world.starts(current)) world.start(current);
    });
  });
}

/** Ends the containers and lets the pod go; one with a finalizer stays as ended. */
function confirm(store: ObjectStore, clock: ManualClock, pod: Pod): void {
  const { namespace, name, uid, deletionGracePeriodSeconds } = pod.metadata;
  if (pod.status?.phase === 'Running') {
    setEnded(store, clock, pod, 143);
  } else if (deletionGracePeriodSeconds !== 0) {
    store.delete('pods', namespace, name, { gracePeriodSeconds: 0, uid });
  }
}

function setRunning(store: ObjectStore, clock: ManualClock, pod: Pod, ready: boolean): void {
  const time = timestamp(clock.nowMs());
  const status = ready ? 'True' : 'False';
  const others = (pod.status?.conditions ?? []).filter(({ type = '' }) => !/Ready$/.test(type));
  const was = (pod.status?.conditions ?? []).find(({ type }) => type === 'Ready');
  const since = was?.status === status ? was.lastTransitionTime : time;
  store.updateStatus('pods', {
    ...pod,
    status: {
      ...pod.status,
      phase: 'Running',
      startTime: pod.status?.startTime ?? time,
      podIP: pod.status?.podIP ?? `127.1.${Math.floor(Math.random() * 250)}.${1 + Math.floor(Math.random() * 250)}`,
      conditions: [
        ...others,
        { type: 'Ready', status, lastTransitionTime: since },
        { type: 'ContainersReady', status, lastTransitionTime: since },
      ],
      containerStatuses: containersOf(pod).map((name) => ({ name, ready, restartCount: 0, state: { running: {} } })),
    },
  });
}

function setEnded(store: ObjectStore, clock: ManualClock, pod: Pod, exitCode: number): void {
  const current = store.get('pods', pod.metadata.namespace, pod.metadata.name) ?? pod;
  const finishedAt = timestamp(clock.nowMs());
  const others = (current.status?.conditions ?? []).filter(({ type = '' }) => !/Ready$/.test(type));
  store.updateStatus('pods', {
    ...current,
    status: {
      ...current.status,
      phase: exitCode === 0 ? 'Succeeded' : 'Failed',
      conditions: [...others, { type: 'Ready', status: 'False', lastTransitionTime: finishedAt }],
      containerStatuses: containersOf(pod).map((name) => ({
        name,
        ready: false,
        restartCount: 0,
        state: { terminated: { exitCode, finishedAt } },
      })),
    },
  });
}

function containersOf(pod: Pod): string[] {
  return (pod.spec?.containers ?? []).map(({ name = '' }) => name);
}

function addNode(store: ObjectStore, clock: ManualClock, name: string, options: NodeOptions): Node {
  const { cpu = '4', memory = '16Gi', pods = '110', labels = {}, taints, ready = true } = options;
  const time = timestamp(clock.nowMs());
  const resources = { cpu, memory, pods };
  const created = store.create('nodes', {
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec: taints ? { taints } : {},
  });
  const condition = {
    type: 'Ready',
    status: ready ? 'True' : 'False',
    lastHeartbeatTime: time,
    lastTransitionTime: time,
  };
  return store.updateStatus('nodes', {
    ...created,
    status: {
      capacity: resources,
      allocatable: resources,
      conditions: [condition],
      daemonEndpoints: { kubeletEndpoint: { Port: 0 } },
      nodeInfo: { kubeletVersion: 'v1.33.0' },
    },
  });
}

/** A container that asks for `cpu` cores. */
export function container(cpu = '100m', more: Container = {}): Container {
  return { name: 'main', image: 'worker', resources: { requests: { cpu, memory: '100Mi' } }, ...more };
}

function podTemplate(labels: Record<string, string>, spec: PodSpec = {}): PodTemplate {
  return { metadata: { labels }, spec: { containers: [container()], ...spec } };
}

export function deployment(name: string, replicas: number, spec: Deployment['spec'] = {}): Draft<Deployment> {
  return {
    metadata: { name, namespace: NAMESPACE },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      progressDeadlineSeconds: 600,
      template: podTemplate({ app: name }),
      ...spec,
    },
  };
}

export function job(name: string, spec: JobSpec = {}, podSpec: PodSpec = {}): Draft<Job> {
  return {
    metadata: { name, namespace: NAMESPACE },
    spec: {
      parallelism: 1,
      completions: 1,
      backoffLimit: 6,
      template: podTemplate({}, { restartPolicy: 'Never', ...podSpec }),
      ...spec,
    },
  };
}
