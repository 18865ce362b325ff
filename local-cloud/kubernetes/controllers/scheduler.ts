/**
 * The scheduler: gives each pod without a node the best one that can take it, or says why none can and
 * tries again when something changes. Pods of lower priority go for it. No topology spread constraints
 * beyond the default spreading, no volumes.
 */
import type { StoreEvent } from '../object-store.ts';
import { isOf } from '../is-of.ts';
import { timestamp } from '../store/metadata.ts';
import type { Pod } from '../objects.ts';
import { conditionsOf, findCondition, withCondition } from './conditions.ts';
import { byKey, keyOf, type Controller, type ControllerContext } from './controller.ts';
import type { EventRecorder } from './event-recorder.ts';
import { ClusterState, type NodeState } from './node-state.ts';
import { isFinished, resourceRequests, type Resources } from './pod-state.ts';
import { markDisrupted } from './disruption-target.ts';
import { added, findPreemption, priorityOf } from './scheduler-preemption.ts';
import { refusal, whyUnschedulable, type PodToPlace, type Refusal } from './scheduler-filters.ts';
import { bestNode } from './scheduler-scores.ts';

const DEFAULT_SCHEDULER = 'default-scheduler';
/** A pod that cannot be placed says so at most this often, however often the cluster changes meanwhile. */
const REPORT_FIRST_MS = 5000;
const REPORT_MOST_MS = 30_000;

interface Waiting {
  /** Pods of the same make fail together; see #sameFailure. */
  make: string;
  reports: number;
  nextReportMs: number;
  reportedGeneration: number;
}

export function schedulerController(context: ControllerContext): Controller {
  const scheduler = new Scheduler(context);
  return {
    name: 'scheduler',
    *keysFor(event) {
      // The picture of the nodes is kept from the changes themselves, not per key.
      const helps = scheduler.state.apply(event);
      if (isOf(event, 'pods')) {
        const key = keyOf(event.object);
        if (event.type === 'DELETED') scheduler.forget(key);
        else if (isToPlace(event.object)) yield key;
      }
      if (helps || (isOf(event, 'pods') && isBinding(event))) yield* scheduler.firstOfEachMake();
    },
    *allKeys() {
      for (const pod of context.index.all('pods')) if (isToPlace(pod)) yield keyOf(pod);
    },
    sync: (key) => scheduler.sync(key),
  };
}

/** Where one pod has found a place, the next of its make may as well. */
function isBinding({ object, previous }: StoreEvent<'pods'>): boolean {
  return Boolean(object.spec?.nodeName) && previous !== undefined && !previous.spec?.nodeName;
}

function isToPlace(pod: Pod): boolean {
  return (
    !pod.spec?.nodeName &&
    (pod.spec?.schedulerName ?? DEFAULT_SCHEDULER) === DEFAULT_SCHEDULER &&
    pod.metadata.deletionTimestamp === undefined &&
    !isFinished(pod)
  );
}

class Scheduler {
  readonly state = new ClusterState();
  readonly #context: ControllerContext;
  readonly #recorder: EventRecorder;
  readonly #waiting = new Map<string, Waiting>();
  readonly #waitingByMake = new Map<string, Set<string>>();
  /** Make of pod -> the failure and the generation of the cluster it is true for. */
  readonly #failures = new Map<string, { generation: number; message: string }>();
  /** Pods that wait on a node for others to go, and what is kept for them there. */
  readonly #nominated = new Map<string, { node: string; priority: number; requests: Resources }>();
  #turn = 0;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#recorder = context.recorder(DEFAULT_SCHEDULER);
    for (const resource of ['nodes', 'pods']) {
      for (const object of context.index.all(resource)) this.state.apply({ type: 'ADDED', resource, object });
    }
  }

  /**
   * One waiting pod for each make: when it still does not fit, neither do the others, and when it does, its binding
   * brings up the next. The others' messages follow at the resync.
   */
  *firstOfEachMake(): Iterable<string> {
    for (const keys of this.#waitingByMake.values()) {
      for (const key of keys) {
        yield key;
        break;
      }
    }
  }

  forget(key: string): void {
    this.#nominated.delete(key);
    const waiting = this.#waiting.get(key);
    if (!waiting) return;
    this.#waiting.delete(key);
    const keys = this.#waitingByMake.get(waiting.make);
    keys?.delete(key);
    if (keys?.size !== 0) return;
    this.#waitingByMake.delete(waiting.make);
    this.#failures.delete(waiting.make);
  }

  sync(key: string): number | undefined {
    const pod = byKey(this.#context.store, 'pods', key);
    if (!pod || !isToPlace(pod)) {
      this.forget(key);
      return undefined;
    }
    if ((pod.spec?.schedulingGates ?? []).length > 0) {
      this.#setUnscheduled(pod, 'SchedulingGated', 'Scheduling is blocked due to non-empty scheduling gates');
      return undefined;
    }
    const make = this.#waiting.get(key)?.make ?? makeOf(pod);
    const message = this.#sameFailure(make) ?? this.#place(pod, make);
    return message === undefined ? undefined : this.#report(key, pod, make, message);
  }

  /** What the last pod of the same make failed with, if nothing that could help has happened since. */
  #sameFailure(make: string): string | undefined {
    const known = this.#failures.get(make);
    return known?.generation === this.state.generation ? known.message : undefined;
  }

  /** Binds the pod; answers why it could not be. */
  #place(pod: Pod, make: string): string | undefined {
    const key = keyOf(pod);
    const target: PodToPlace = {
      pod,
      requests: resourceRequests(pod),
      heldOn: (node) => this.#heldOn(node, key, priorityOf(pod)),
    };
    const fitting: NodeState[] = [];
    const refusals: Refusal[] = [];
    for (const node of this.state.nodes.values()) {
      const refused = refusal(target, node);
      if (refused) refusals.push(refused);
      else fitting.push(node);
    }
    const node = bestNode(target, fitting, this.#turn);
    if (node) {
      this.#turn += 1;
      this.forget(key);
      this.#bind(pod, node.name);
      return undefined;
    }
    this.#preempt(target, key);
    const message = whyUnschedulable(refusals, pod);
    this.#failures.set(make, { generation: this.state.generation, message });
    return message;
  }

  #heldOn(node: string, key: string, priority: number): Resources {
    let held: Resources = {};
    for (const [other, waiting] of this.#nominated)
      if (other !== key && waiting.node === node && waiting.priority >= priority) held = added(held, waiting.requests);
    return held;
  }

  /** Pods of lower priority are told to go; the place is kept. Those on their way out are waited for. */
  #preempt({ pod, requests, heldOn }: PodToPlace, key: string): void {
    const goes = ({ pod: other }: { pod: Pod }): boolean => other.metadata.deletionTimestamp !== undefined;
    const before = this.state.nodes.get(this.#nominated.get(key)?.node ?? '');
    if (before !== undefined && [...before.pods.values()].some(goes)) return;
    const found = findPreemption({ pod, requests, heldOn }, this.state.nodes.values());
    if (found === undefined) return;
    this.#nominated.set(key, { node: found.node, priority: priorityOf(pod), requests });
    for (const victim of found.victims) {
      const text = `${DEFAULT_SCHEDULER}: preempting to accommodate a higher priority pod`;
      markDisrupted(this.#context, victim, 'PreemptionByScheduler', text);
      const { namespace, name, uid } = victim.metadata;
      this.#context.store.delete('pods', namespace, name, { uid });
      this.#recorder.record(
        victim,
        'Normal',
        'Preempted',
        `Preempted by pod ${pod.metadata.uid} on node ${found.node}`,
      );
    }
  }

  #bind(pod: Pod, nodeName: string): void {
    const { store, clock } = this.#context;
    const bound = store.update('pods', { ...pod, spec: { ...pod.spec, nodeName } });
    const conditions = withCondition(conditionsOf(bound), {
      type: 'PodScheduled',
      status: 'True',
      lastProbeTime: null,
      lastTransitionTime: timestamp(clock.nowMs()),
    });
    store.updateStatus('pods', { ...bound, status: { ...bound.status, conditions } });
    const { namespace, name } = pod.metadata;
    this.#recorder.record(
      pod,
      'Normal',
      'Scheduled',
      `Successfully assigned ${namespace ?? ''}/${name} to ${nodeName}`,
    );
  }

  #report(key: string, pod: Pod, make: string, message: string): number | undefined {
    const now = this.#context.clock.nowMs();
    const { generation } = this.state;
    const waiting = this.#waiting.get(key) ?? { make, reports: 0, nextReportMs: 0, reportedGeneration: -1 };
    this.#waiting.set(key, waiting);
    const like = this.#waitingByMake.get(make);
    if (like) like.add(key);
    else this.#waitingByMake.set(make, new Set([key]));
    if (waiting.reportedGeneration === generation) return undefined;
    if (now < waiting.nextReportMs) return waiting.nextReportMs - now;
    waiting.reportedGeneration = generation;
    waiting.nextReportMs = now + Math.min(REPORT_MOST_MS, REPORT_FIRST_MS * 2 ** waiting.reports);
    waiting.reports += 1;
    this.#setUnscheduled(pod, 'Unschedulable', message);
    this.#recorder.record(pod, 'Warning', 'FailedScheduling', message);
    return undefined;
  }

  #setUnscheduled(pod: Pod, reason: string, message: string): void {
    const { store, clock } = this.#context;
    const conditions = conditionsOf(pod);
    const current = findCondition(conditions, 'PodScheduled');
    if (current?.reason === reason && current.message === message) return;
    const next = withCondition(conditions, {
      type: 'PodScheduled',
      status: 'False',
      reason,
      message,
      lastProbeTime: null,
      lastTransitionTime: timestamp(clock.nowMs()),
    });
    store.updateStatus('pods', { ...pod, status: { ...pod.status, conditions: next } });
  }
}

/** Pods with the same text here are the same to the scheduler. */
function makeOf(pod: Pod): string {
  return JSON.stringify([pod.metadata.namespace, pod.metadata.labels, pod.spec]);
}
