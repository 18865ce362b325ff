/**
 * Judges nodes by their heartbeats (Lease or status). One that has gone silent becomes Unknown and is tainted, so that
 * nothing new is placed on it and, once their tolerations run out, its pods are given up. Also turns conditions and
 * cordons into taints, as the scheduler reads them.
 */
import { isDeepStrictEqual } from 'node:util';
import { timestamp } from '../store/metadata.ts';
import type { Condition, Node, Taint } from '../objects.ts';
import { conditionsOf, findCondition, withCondition } from './conditions.ts';
import { byKey, keyOf, keysOfAll, type Controller, type ControllerContext } from './controller.ts';
import type { EventRecorder } from './event-recorder.ts';
import { newTaint } from './taint-eviction.ts';
import { NOT_READY, taintsOf, UNREACHABLE, UNSCHEDULABLE } from './taints.ts';

const GRACE_MS = 40_000;
/** A node that has just been made gets longer until its first heartbeat. */
const STARTUP_GRACE_MS = 60_000;
/** Heartbeats are looked for this often: so much later than real a node may be found lost. */
const LOOK_EVERY_MS = 5000;
const LEASE_NAMESPACE = 'kube-node-lease';
const HEARTBEAT_CONDITIONS = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];
const PRESSURE_TAINTS: Record<string, string> = {
  MemoryPressure: 'node.kubernetes.io/memory-pressure',
  DiskPressure: 'node.kubernetes.io/disk-pressure',
  PIDPressure: 'node.kubernetes.io/pid-pressure',
  NetworkUnavailable: 'node.kubernetes.io/network-unavailable',
};

export interface NodeLifecycleOptions {
  /** A node without a heartbeat for this long counts as lost. */
  nodeGraceMs?: number;
}

interface Heartbeat {
  seenMs: number;
  renewTime: string | undefined;
  heartbeats: string;
}

export function nodeLifecycleController(context: ControllerContext, options: NodeLifecycleOptions): Controller {
  const lifecycle = new NodeLifecycle(context, options.nodeGraceMs ?? GRACE_MS);
  return {
    name: 'node-lifecycle',
    *keysFor({ type, resource, object }) {
      if (resource === 'nodes') yield keyOf(object);
      if (resource === 'leases' && object.metadata.namespace === LEASE_NAMESPACE) {
        if (type !== 'DELETED' && lifecycle.isSilent(object.metadata.name)) yield `/${object.metadata.name}`;
      }
    },
    allKeys: () => keysOfAll(context.index, 'nodes'),
    sync: (key) => lifecycle.sync(key),
  };
}

class NodeLifecycle {
  readonly #context: ControllerContext;
  readonly #recorder: EventRecorder;
  readonly #graceMs: number;
  /** When each node was last seen to have said something new, by this process's own clock. */
  readonly #heartbeats = new Map<string, Heartbeat>();

  constructor(context: ControllerContext, graceMs: number) {
    this.#context = context;
    this.#recorder = context.recorder('node-controller');
    this.#graceMs = graceMs;
  }

  /** Whether the node counts as lost, so that a Lease renewed is news. */
  isSilent(name: string): boolean {
    const node = this.#context.store.get('nodes', undefined, name);
    return node !== undefined && readyOf(node)?.status === 'Unknown';
  }

  sync(key: string): number | undefined {
    const node = byKey(this.#context.store, 'nodes', key);
    if (!node) {
      if (this.#heartbeats.delete(key)) this.#announceRemoval(key);
      return undefined;
    }
    const now = this.#context.clock.nowMs();
    const known = this.#heartbeats.has(key);
    const heartbeat = this.#hear(key, node, now);
    if (!known)
      this.#note(
        node,
        'RegisteredNode',
        `Node ${node.metadata.name} event: Registered Node ${node.metadata.name} in Controller`,
      );
    const silentAt = heartbeat.seenMs + (readyOf(node) ? this.#graceMs : Math.max(this.#graceMs, STARTUP_GRACE_MS));
    const judged = now >= silentAt ? this.#giveUp(node, now) : node;
    this.#taint(judged, now);
    this.#markPods(judged, now);
    return now >= silentAt ? undefined : Math.min(silentAt - now, LOOK_EVERY_MS);
  }

  #hear(key: string, node: Node, now: number): Heartbeat {
    const lease = this.#context.store.get('leases', LEASE_NAMESPACE, node.metadata.name);
    const renewTime = lease?.spec?.renewTime;
    const heartbeats = conditionsOf(node)
      .map((condition) => condition.lastHeartbeatTime ?? '')
      .join();
    const before = this.#heartbeats.get(key);
    const fresh = before?.renewTime !== renewTime || before?.heartbeats !== heartbeats;
    // What this controller writes itself when it gives a node up is no sign of life.
    const heard = fresh && !(before && readyOf(node)?.status === 'Unknown' && before.renewTime === renewTime);
    const heartbeat = { seenMs: heard || !before ? now : before.seenMs, renewTime, heartbeats };
    this.#heartbeats.set(key, heartbeat);
    return heartbeat;
  }

  /** Turns what a silent node last said of itself into Unknown. */
  #giveUp(node: Node, now: number): Node {
    let conditions = conditionsOf(node);
    for (const type of HEARTBEAT_CONDITIONS) conditions = withUnknown(conditions, type, node, now);
    if (isDeepStrictEqual(conditions, conditionsOf(node))) return node;
    if (readyOf(node)?.status !== 'Unknown') {
      this.#note(node, 'NodeNotReady', `Node ${node.metadata.name} status is now: NodeNotReady`);
    }
    return this.#context.store.updateStatus('nodes', { ...node, status: { ...node.status, conditions } });
  }

  #taint(node: Node, now: number): void {
    const current = taintsOf(node);
    const wanted = wantedTaints(node);
    const kept = current.filter((taint) => !isManaged(taint) || wanted.some((each) => isSame(each, taint)));
    const missing = wanted.filter((each) => !current.some((taint) => isSame(each, taint)));
    if (kept.length === current.length && missing.length === 0) return;
    const taints = [...kept, ...missing.map(({ key, effect }) => newTaint(key, effect, now))];
    const spec: NonNullable<Node['spec']> = { ...node.spec, taints };
    if (taints.length === 0) delete spec.taints;
    this.#context.store.update('nodes', { ...node, spec });
  }

  /** Pods of a node that is not ready are not ready either, whatever they said last. */
  #markPods(node: Node, now: number): void {
    if (readyOf(node)?.status === 'True' || readyOf(node) === undefined) return;
    const { store, index } = this.#context;
    for (const pod of [...index.podsOnNode(node.metadata.name)]) {
      const ready = findCondition(conditionsOf(pod), 'Ready');
      if (ready?.status !== 'True') continue;
      const time = timestamp(now);
      const conditions = withCondition(conditionsOf(pod), { ...ready, status: 'False', lastTransitionTime: time });
      store.updateStatus('pods', { ...pod, status: { ...pod.status, conditions } });
      this.#recorder.record(pod, 'Warning', 'NodeNotReady', 'Node is not ready');
    }
  }

  #note(node: Node, reason: string, message: string): void {
    this.#recorder.record(node, 'Normal', reason, message);
  }

  #announceRemoval(key: string): void {
    const name = key.slice(1);
    const gone = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, uid: name, resourceVersion: '', creationTimestamp: '' },
    };
    this.#note(gone, 'RemovingNode', `Node ${name} event: Removing Node ${name} from Controller`);
  }
}

function readyOf(node: Node): Condition | undefined {
  return findCondition(conditionsOf(node), 'Ready');
}

function withUnknown(conditions: Condition[], type: string, node: Node, now: number): Condition[] {
  const current = findCondition(conditions, type);
  if (current?.status === 'Unknown') return conditions;
  const never = current === undefined;
  return withCondition(conditions, {
    type,
    status: 'Unknown',
    lastHeartbeatTime: current?.lastHeartbeatTime ?? node.metadata.creationTimestamp,
    lastTransitionTime: timestamp(now),
    reason: never ? 'NodeStatusNeverUpdated' : 'NodeStatusUnknown',
    message: never ? 'Kubelet never posted node status.' : 'Kubelet stopped posting node status.',
  });
}

/** A taint without the time since when it holds. */
interface TaintKey {
  key: string;
  effect: string;
}

function wantedTaints(node: Node): TaintKey[] {
  const wanted: TaintKey[] = [];
  const ready = readyOf(node)?.status ?? 'False';
  if (ready !== 'True') {
    const key = ready === 'Unknown' ? UNREACHABLE : NOT_READY;
    wanted.push({ key, effect: 'NoSchedule' }, { key, effect: 'NoExecute' });
  }
  for (const [type, key] of Object.entries(PRESSURE_TAINTS)) {
    if (findCondition(conditionsOf(node), type)?.status === 'True') wanted.push({ key, effect: 'NoSchedule' });
  }
  if (node.spec?.unschedulable === true) wanted.push({ key: UNSCHEDULABLE, effect: 'NoSchedule' });
  return wanted;
}

function isSame(a: TaintKey, b: Taint): boolean {
  return a.key === b.key && a.effect === b.effect;
}

const managedKeys = new Set([NOT_READY, UNREACHABLE, UNSCHEDULABLE, ...Object.values(PRESSURE_TAINTS)]);

function isManaged({ key, effect }: Taint): boolean {
  return key !== undefined && managedKeys.has(key) && effect !== 'PreferNoSchedule';
}
